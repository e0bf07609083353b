"""The units of one family that a dispatch may begin next: in order of due, and of when they become ready."""

from bisect import bisect, insort
from collections.abc import Iterable, Sequence

from batcher.planning.index import Unit


class Pool:
    """
    Units of a family that wait for none but time.

    Parameters
    ----------
    due
        When each unit of the problem must be done.
    """

    def __init__(self, due: Sequence[int]) -> None:
        self.due = due
        self.units: list[Unit] = []  #: by due
        self.version = 0  #: counts changes
        self._readies: list[tuple[int, int]] = []  #: (when, unit), also of units that have gone
        self._there: set[int] = set()

    def fill(self, units: Iterable[Unit]) -> None:
        """Begin with units that become ready when they are released."""
        self.units = sorted(units, key=lambda unit: (self.due[unit.place], unit.place))
        self._readies = sorted((unit.release, unit.place) for unit in self.units)
        self._there = {unit.place for unit in self.units}

    def admit(self, unit: Unit, ready: int) -> None:
        """Take in a unit."""
        insort(self.units, unit, key=lambda other: self.due[other.place])
        insort(self._readies, (ready, unit.place))
        self._there.add(unit.place)
        self.version += 1

    def take(self, places: Iterable[int]) -> None:
        """Let units go that have been planned."""
        gone = set(places)
        at = 0
        while gone:  # most urgent first: they are near the front
            if self.units[at].place in gone:
                gone.discard(self.units.pop(at).place)
            else:
                at += 1
        self._there.difference_update(places)
        self.version += 1

    def keep(self, units: list[Unit]) -> None:
        """Let all others go."""
        self.units = units
        self._there = {unit.place for unit in units}
        self.version += 1

    def next_ready(self, now: int) -> int | None:
        """Return when the next unit becomes ready; none: all of them are."""
        readies = self._readies
        for at in range(bisect(readies, (now + 1,)), len(readies)):
            ready, place = readies[at]
            if place in self._there:
                return ready
        return None
