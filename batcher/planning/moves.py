"""
The small changes local search tries: each puts one trial into a schedule, or nothing when it does not apply.

Choices are random and unpriced here; `improve` settles the trial and decides. All leave the same units planned.
"""

from collections.abc import Callable
from random import Random

from batcher.planning.index import ModeView
from batcher.planning.schedule import Run, Schedule

#: Puts a trial into the schedule; false when there was nothing to try.
Move = Callable[[], bool]


class Moves:
    """All kinds of moves on one schedule."""

    def __init__(self, schedule: Schedule, rng: Random) -> None:
        self.schedule, self.loader = schedule, schedule.loader
        self.random = rng.random
        self.planned = [unit for unit, run in enumerate(schedule.run_of) if run is not None]
        self.families = schedule.instance.families
        self.by_weight: tuple[tuple[float, Move], ...] = (
            (0.22, self.transfer),
            (0.14, self.exchange),
            (0.08, self.merge),
            (0.26, self.shift),
            (0.12, self.swap),
            (0.12, self.shift_block),
            (0.06, self.split),
        )

    def any(self) -> bool:
        """Try one move of a random kind."""
        at = self.random()
        for weight, move in self.by_weight:
            at -= weight
            if at < 0:
                return move()
        return False

    def transfer(self) -> bool:
        """Move one unit into another batch of its family."""
        unit, run = self._unit()
        other = self._sibling(run)
        if other is None or not self.loader.may_join(other.mode, other.load, unit):
            return False
        load = self.loader.load((*other.load.units, unit))
        if other.mode.sheet is not None and not self.loader.fits(other.mode, load):
            return False
        if not self._without(run, {unit}):
            return False
        self.schedule.reload(other, load, (unit,))
        return True

    def exchange(self) -> bool:
        """Swap two units between batches of their family."""
        unit, run = self._unit()
        other = self._sibling(run)
        if other is None:
            return False
        units = other.load.units
        back = units[int(self.random() * len(units))]
        there = self.loader.load((*[k for k in units if k != back], unit))
        if not self.loader.fits(other.mode, there):
            return False
        here = self.loader.load((*[k for k in run.load.units if k != unit], back))
        if not self.loader.fits(run.mode, here):
            return False
        self.schedule.reload(run, here, (back,))
        self.schedule.reload(other, there, (unit,))
        return True

    def merge(self) -> bool:
        """Move as many units as have room from one batch into another of its family."""
        run = self._run()
        other = self._sibling(run)
        if other is None:
            return False
        load, moved = other.load, []
        for unit in run.load.units:
            if self.loader.may_join(other.mode, load, unit):
                more = self.loader.load((*load.units, unit))
                if other.mode.sheet is None or self.loader.fits(other.mode, more):
                    load = more
                    moved.append(unit)
        if not moved:
            return False
        if not self._without(run, set(moved)):
            return False
        self.schedule.reload(other, load, moved)
        return True

    def split(self) -> bool:
        """Move one unit, or those due last, into a batch of their own close by."""
        _, run = self._unit()
        units = run.load.units
        if len(units) < 2:
            return False
        if self.random() < 0.5:
            moved = [units[int(self.random() * len(units))]]
        else:
            by_due = sorted(units, key=lambda unit: (self.schedule.instance.units[unit].due, unit))
            moved = by_due[1 + int(self.random() * (len(units) - 1)) :]
        load = self.loader.load(moved)
        mode = self._mode(run, load.stations)
        if mode is None or not self.loader.fits(mode, load):
            return False
        if not self._without(run, set(moved)):
            return False
        self.schedule.insert(self.schedule.new_run(mode, load), mode, self._position(run, mode))
        return True

    def shift(self) -> bool:
        """Move a batch to another place on its station, or to another station."""
        run = self._run()
        mode = self._mode(run, run.load.stations)
        if mode is None or (mode is not run.mode and not self.loader.fits(mode, run.load)):
            return False
        was = self.schedule.remove(run)
        at = self._position(run, mode)
        if mode is run.mode and at == was:
            return False
        self.schedule.insert(run, mode, at)
        return True

    def swap(self) -> bool:
        """Swap two batches of one station."""
        run = self._run()
        sequence = self.schedule.sequences[run.station]
        if len(sequence) < 2:
            return False
        at = sequence.index(run)
        other = self._near(at, len(sequence) - 1)
        if other == at:
            return False
        first, second = min(at, other), max(at, other)
        later, earlier = sequence[second], sequence[first]
        self.schedule.remove(later, second)
        self.schedule.remove(earlier, first)
        self.schedule.insert(later, later.mode, first)
        self.schedule.insert(earlier, earlier.mode, second)
        return True

    def shift_block(self) -> bool:
        """Move neighbouring batches of one setup state together, in their order."""
        run = self._run()
        sequence = self.schedule.sequences[run.station]
        low = high = sequence.index(run)
        while low and sequence[low - 1].state == run.state:
            low -= 1
        while high + 1 < len(sequence) and sequence[high + 1].state == run.state:
            high += 1
        if self.random() < 0.3:
            low = sequence.index(run)
        block = sequence[low : high + 1]
        head = self._mode(run, run.load.stations)
        if head is None:
            return False
        modes = []
        for member in block:
            mode = self.families[member.mode.family].modes.get(head.station)
            if mode is None or (mode is not member.mode and not self.loader.fits(mode, member.load)):
                return False
            modes.append(mode)
        for member in reversed(block):
            self.schedule.remove(member)
        at = self._position(run, head)
        if head is run.mode and at == low:
            return False
        for offset, (member, mode) in enumerate(zip(block, modes, strict=True)):
            self.schedule.insert(member, mode, at + offset)
        return True

    def _unit(self) -> tuple[int, Run]:
        unit = self.planned[int(self.random() * len(self.planned))]
        run = self.schedule.run_of[unit]
        assert run is not None
        return unit, run

    def _run(self) -> Run:
        """Return a batch: of a random unit, or of a random family, so that small ones are not passed over."""
        unit, run = self._unit()
        if self.random() < 0.5:
            return run
        siblings = self.schedule.of_family[self.schedule.instance.units[unit].family]
        return siblings[int(self.random() * len(siblings))]

    def _sibling(self, run: Run) -> Run | None:
        """Return another batch of the family."""
        siblings = self.schedule.of_family[run.mode.family]
        if len(siblings) < 2:
            return None
        other = siblings[int(self.random() * len(siblings))]
        return None if other is run else other

    def _mode(self, run: Run, stations: int) -> ModeView | None:
        """Return a mode of the batch's family: more often than not the one it has."""
        modes = self.families[run.mode.family].modes
        if len(modes) == 1 or self.random() < 0.5:
            return run.mode if stations >> run.station & 1 else None
        mode = list(modes.values())[int(self.random() * len(modes))]
        return mode if stations >> mode.station & 1 else None

    def _without(self, run: Run, units: set[int]) -> bool:
        """
        Take units out of a batch, and the batch off its station when none is left.

        False: no layout was found for the rest, though there was one for all.
        """
        rest = [unit for unit in run.load.units if unit not in units]
        if not rest:
            self.schedule.remove(run)
            return True
        load = self.loader.load(rest)
        if run.mode.sheet is not None and not self.loader.fits(run.mode, load):
            return False
        self.schedule.reload(run, load)
        return True

    def _position(self, run: Run, mode: ModeView) -> int:
        """Return where on a station: beside a batch of the same setup state, about the same time, or anywhere."""
        sequence = self.schedule.sequences[mode.station]
        chance = self.random()
        if chance < 0.45:
            beside = [at for at, other in enumerate(sequence) if other.state == run.state]
            if beside:
                return beside[int(self.random() * len(beside))] + (self.random() < 0.5)
        if chance < 0.8:
            at = sum(1 for other in sequence if other.begin < run.begin)
            return self._near(at, len(sequence))
        return int(self.random() * (len(sequence) + 1))

    def _near(self, at: int, last: int) -> int:
        """Return a position a few places away, within [0, last]."""
        reach = 1 + int(6 * self.random() ** 2)
        return min(last, max(0, at + (reach if self.random() < 0.5 else -reach)))
