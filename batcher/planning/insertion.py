"""
What a plan has room for: one order more put into it, priced, and taken out again.

A `Room` is a plan made ready to be asked many times; building it takes as long as carrying the plan over, asking it
milliseconds. It is not safe for threads: whoever shares one locks it.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from batcher.planning.growing import Growing, Mark
from batcher.planning.index import index
from batcher.planning.inner_dues import inner_dues
from batcher.planning.loads import Loader
from batcher.planning.plan import Batch
from batcher.planning.problem import Problem
from batcher.planning.schedule import Pencilled, Schedule
from batcher.planning.warm import warm_schedule
from batcher.planning.warm_rooms import Room as Place
from batcher.planning.warm_rooms import rooms, tried


@dataclass(frozen=True)
class Stay:
    """
    Where one unit of the order would be made; seconds from the problem's time 0.

    Parameters
    ----------
    ready
        When it could have started.
    idle
        Whether the station does nothing right before it begins: it is closed, and not taken.
    """

    station: str
    ready: int
    start: int
    end: int
    idle: bool


@dataclass(frozen=True)
class Insertion:
    """
    One order more in a plan.

    Parameters
    ----------
    stays
        Of each of its units, in the order in which they were placed; empty when one has no place in time.
    cost_minor
        What everything else costs more for it: batches, changeovers, and lateness of others.
    """

    stays: tuple[Stay, ...]
    cost_minor: float

    @property
    def end(self) -> int | None:
        """When its last unit ends; none when it has no place."""
        return max((stay.end for stay in self.stays), default=None)


class Room:
    """A plan that can be asked what it has room for."""

    def __init__(self, problem: Problem, batches: Iterable[Batch], *, budget_s: float) -> None:
        self._growing = Growing(index(problem))
        instance = self._growing.instance
        self._schedule = warm_schedule(instance, Loader(instance), batches, budget_s=budget_s)
        self._schedule.lazy = True  # an insertion moves what it must

    def ask(self, more: Problem, *, hurry: bool, not_before: int, deadline: float) -> Insertion:
        """
        Return where an order would be made; the room is afterwards as before.

        Parameters
        ----------
        more
            One order on the same stations and from the same moment.
        hurry
            Others may be made late for it; else it takes what room they leave.
        not_before
            Batches that begin earlier are left as they are, in seconds from time 0.
        deadline
            Monotonic moment at which to give up.
        """
        asked = self._opened(more, not_before, hurry=hurry)
        try:
            return asked.put_all(deadline)
        finally:
            self._close(asked)

    def keep(self, more: Problem, *, not_before: int, deadline: float) -> bool:
        """Put in an order that stays, also where others become late for it; false when it has no place in time."""
        asked = self._opened(more, not_before, hurry=True)
        placed = False
        try:
            placed = asked.put_all(deadline).end is not None
        finally:
            if not placed:
                self._close(asked)
        return placed

    def _opened(self, more: Problem, not_before: int, *, hurry: bool) -> "_Asked":
        extra = index(more, stations=self._growing.instance.stations)
        asked = _Asked(self._schedule, self._growing.mark, inner_dues(extra), not_before, hurry)
        self._growing.grow(extra)
        self._schedule.resize(self._growing.instance)
        return asked

    def _close(self, asked: "_Asked") -> None:
        """Have everything as it was, also when a trial broke."""
        asked.take_out()
        self._growing.shrink(asked.mark)
        self._schedule.resize(self._growing.instance)


class _Asked:
    """
    One order being put in, unit by unit.

    Parameters
    ----------
    mark
        What the instance holds without it.
    dues
        When each of its units must be done.
    """

    def __init__(self, schedule: Schedule, mark: Mark, dues: Sequence[int], not_before: int, hurry: bool) -> None:
        self.mark = mark
        self._schedule, self._dues = schedule, dues
        self._not_before, self._hurry = not_before, hurry
        self._pencilled: list[Pencilled] = []
        self._cost = 0  # beyond what the order itself loses by being late, times 3600

    def put_all(self, deadline: float) -> Insertion:
        """Put in all its units, those first that must be done first."""
        for unit, due in sorted(enumerate(self._dues, start=self.mark.units), key=lambda entry: (entry[1], entry[0])):
            if time.monotonic() > deadline or not self._put(unit, due):
                return Insertion((), 0.0)
        stays = tuple(self._stay(unit) for unit in range(self.mark.units, len(self._schedule.run_of)))
        return Insertion(stays, self._cost / 3600)

    def take_out(self) -> None:
        """Have the schedule as it was, also when a trial broke."""
        self._schedule.rollback()
        while self._pencilled:
            self._schedule.rub_out(self._pencilled.pop())

    def _put(self, unit: int, due: int) -> bool:
        """Put a unit where it is least late, and there where it costs least; false when there is no such place."""
        schedule = self._schedule
        best: tuple[tuple[int, int, int], Place] | None = None
        for place in rooms(schedule, unit, self._ready(unit), due, not_before=self._not_before):
            own = _own_price(place)
            price = self._price(place, unit)
            late, end = max(0, place.run.end - due), place.run.end
            schedule.rollback()
            if price is None:
                continue
            if best is None or (late, price, end) < best[0]:
                best = (late, price, end), place
            if late == 0 and price <= own:
                break  # nobody else pays for it, and joining comes before a batch of its own: no place is much better
        if best is None:
            return False
        (_, price, _), place = best
        delta = tried(schedule, place, unit)
        assert delta is not None, "a trial repeated gives the same"
        self._pencilled.append(schedule.pencil(delta))
        self._cost += price
        return True

    def _price(self, place: Place, unit: int) -> int | None:
        """Try a place; return what others pay for it, none when it is impossible or they may not."""
        schedule, own = self._schedule, self.mark.orders
        was, others_were = schedule.lateness[own], schedule.late_money - schedule.lateness[own]
        delta = tried(schedule, place, unit)
        if delta is None or (not self._hurry and schedule.late_money - schedule.lateness[own] > others_were):
            return None
        return delta - (schedule.lateness[own] - was)

    def _ready(self, unit: int) -> int:
        view = self._schedule.instance.units[unit]
        ready = max(view.release, self._not_before)
        for before, lag in view.before:
            run = self._schedule.run_of[before]
            assert run is not None, "units are put in by their inner dues"
            ready = max(ready, run.end + lag)
        return ready

    def _stay(self, unit: int) -> Stay:
        schedule = self._schedule
        run = schedule.run_of[unit]
        assert run is not None, "asked of an order that has a place"
        sequence = schedule.sequences[run.station]
        at = sequence.index(run)
        station = schedule.instance.problem.stations[run.station].id
        idle = at == 0 or sequence[at - 1].end < run.begin
        return Stay(station, self._ready(unit), run.start, run.end, idle)


def _own_price(place: Place) -> int:
    """Return what a place costs whatever stands around it: running time, and the batch where it is a new one."""
    run = place.run
    if place.at is not None:
        return run.money
    return run.mode.rate * (place.load.serial + place.load.parallel - run.load.serial - run.load.parallel)
