"""
What dispatch rules share: stations handed one batch after another, each begun as early as windows, operators and
magazines allow, and the jobs that are there to be dispatched.

Which batch comes next, and where, is each rule's own; how one is filled, `filling`'s.
"""

from dataclasses import dataclass

from batcher.planning.index import Instance, ModeView, Unit
from batcher.planning.plan import Batch, Plan
from benchmarks.planner.peers.filling import Filling


@dataclass(frozen=True, slots=True)
class Slot:
    """When a batch could run on a station; it begins with its changeover."""

    mode: ModeView
    filling: Filling
    begin: int
    start: int
    end: int
    stretch: int
    used: int


@dataclass(slots=True)
class _Desk:
    """Where a station stands after its last batch."""

    free: int
    state: int
    stretch: int = 0
    used: int = 0


class Desks:
    """The stations of a problem while a rule hands batches to them."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._desks = [_Desk(0, station.state) for station in instance.stations]
        self._batches: list[Batch] = []
        self._planned: set[int] = set()

    def free(self, station: int) -> int:
        """Return when a station's last batch ends."""
        return self._desks[station].free

    def changeover_s(self, mode: ModeView) -> int:
        """Return the seconds a station would change over for before it runs a mode's family."""
        state = self.instance.families[mode.family].state
        return self.instance.change_seconds[self._desks[mode.station].state][state]

    def slot(self, mode: ModeView, filling: Filling, ready: int) -> Slot | None:
        """Return the earliest a batch could run whose jobs are there at `ready`; none: no window is left for it."""
        station, desk = self.instance.stations[mode.station], self._desks[mode.station]
        change = self.changeover_s(mode)
        lasts = change + mode.seconds + filling.load.serial + filling.load.parallel
        alone = self.instance.families[mode.family].unattended and (not change or station.setup_unattended)
        found = station.calendar.earliest(max(desk.free, ready - change), lasts, alone, desk.stretch, desk.used)
        if found is None:
            return None
        begin, stretch, used = found
        return Slot(mode, filling, begin, begin + change, begin + lasts, stretch, used)

    def take(self, slot: Slot) -> None:
        """Run a batch."""
        problem, mode, units = self.instance.problem, slot.mode, slot.filling.load.units
        state = self.instance.families[mode.family].state
        self._desks[mode.station] = _Desk(slot.end, state, slot.stretch, slot.used)
        self._planned.update(units)
        self._batches.append(
            Batch(
                id=f"b{len(self._batches)}",
                station=problem.stations[mode.station].id,
                family=problem.families[mode.family].id,
                start=slot.start,
                end=slot.end,
                jobs=tuple(problem.jobs[job].id for unit in units for job in self.instance.units[unit].jobs),
                placements=slot.filling.placements,
            )
        )

    def plan(self) -> Plan:
        """Return all that was run; what was not is unplanned."""
        left = (unit for unit in self.instance.units if unit.place not in self._planned)
        unplanned = tuple(self.instance.problem.jobs[job].id for unit in left for job in unit.jobs)
        return Plan(tuple(self._batches), unplanned)


class Arrivals:
    """Which units may be dispatched, and from when: those whose predecessors have all been handed to a station."""

    def __init__(self, instance: Instance) -> None:
        self._units = instance.units
        self._awaits = [len(unit.before) for unit in instance.units]
        self._ends: dict[int, int] = {}
        self.first = [unit for unit in instance.units if unit.modes and not unit.before]
        self.ready = {unit.place: unit.release for unit in self.first}  #: earliest start, by unit

    def after(self, slot: Slot) -> list[Unit]:
        """Return the units that this batch was the last to keep waiting."""
        found = []
        for place in slot.filling.load.units:
            self._ends[place] = slot.end
            for after in self._units[place].after:
                self._awaits[after] -= 1
                if not self._awaits[after] and self._units[after].modes:
                    found.append(self._units[after])
        for unit in found:
            lags = [self._ends[before] + lag for before, lag in unit.before]
            self.ready[unit.place] = max([unit.release, *lags])
        return found


def chain_dues(instance: Instance) -> list[int]:
    """Return the due of each unit, no later than that of any unit that waits for it less the lag."""
    dues = [unit.due for unit in instance.units]
    awaited = [len(unit.after) for unit in instance.units]
    last = [unit for unit in instance.units if not unit.after]
    while last:
        unit = last.pop()
        for before, lag in unit.before:
            dues[before] = min(dues[before], dues[unit.place] - lag)
            awaited[before] -= 1
            if not awaited[before]:
                last.append(instance.units[before])
    return dues
