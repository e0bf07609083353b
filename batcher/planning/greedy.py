"""
A good plan at once: dispatch under several rules, keep the cheapest, then find room for what was left over.

Everything that can be placed is placed; what cannot (no window, no mode, waits for such a job) stays unplanned.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from batcher.planning.conversion import scheduled
from batcher.planning.dispatching import Dispatch, Rule
from batcher.planning.dispatching_room import backlog
from batcher.planning.index import Instance, ModeView
from batcher.planning.loads import Load, Loader
from batcher.planning.schedule import Run, Schedule

#: In the order of how often they win: far reach where slack is long, short where most is late anyway.
SWEEP = (
    Rule(40.0, 0.8),
    Rule(16.0, 0.5),
    Rule(4.0, 0.8),
    Rule(0.5, 0.0),
    Rule(1.0, 0.5),
    Rule(8.0, 0.5),
    Rule(100.0, 0.8),
    Rule(2.0, 0.5),
    Rule(0.25, 0.0),
    Rule(2.0, 0.0),
    Rule(4.0, 0.0),
    Rule(1.0, 0.0),
)


def greedy(
    instance: Instance,
    loader: Loader,
    *,
    budget_s: float,
    enough: Callable[[], bool] = lambda: False,
    on_better: Callable[[Schedule], object] = lambda _: None,
) -> Schedule:
    """
    Return the cheapest schedule of a sweep over rules: at least one, and as many as the budget allows, or enough.

    Each that is cheaper than those before it is told as it comes.
    """
    rules = (Rule(max(0.5, 0.75 * backlog(instance)), 0.8), *SWEEP)
    deadline = time.monotonic() + budget_s
    best = Schedule(instance, loader)
    for rule in rules:
        began = time.monotonic()
        found = scheduled(instance, loader, Dispatch(instance, loader, rule).sequences())
        if found is not None and (found.unplanned, found.cost) < (best.unplanned, best.cost):
            best = found
            on_better(best)
        now = time.monotonic()
        if now + (now - began) > deadline or enough():
            break
    place_leftovers(best, deadline=max(deadline, time.monotonic() + 0.2))
    return best


def place_leftovers(schedule: Schedule, *, deadline: float) -> None:
    """Place unplanned units wherever they add least, those others wait for first; stops at the deadline."""
    units = schedule.instance.units
    left = [unit.place for unit in units if unit.modes and schedule.run_of[unit.place] is None]
    placed = True
    while left and placed:
        placed, rest = False, []
        for unit in left:
            free = all(schedule.run_of[before] is not None for before, _ in units[unit].before)
            if time.monotonic() > deadline or not free or not _place(schedule, unit):
                rest.append(unit)
            else:
                placed = True
        left = rest


@dataclass(frozen=True, slots=True)
class _Room:
    """Where a unit could go: into a batch, reloaded, or as a batch of its own at a position of the mode's station."""

    run: Run
    load: Load
    mode: ModeView
    at: int | None = None

    def try_in(self, schedule: Schedule, unit: int) -> int | None:
        """Put the unit there as a trial; return what it adds."""
        if self.at is None:
            schedule.reload(self.run, self.load, (unit,))
        else:
            schedule.insert(self.run, self.mode, self.at)
        return schedule.settle()


def _rooms(schedule: Schedule, unit: int) -> Iterator[_Room]:
    loader, view = schedule.loader, schedule.instance.units[unit]
    for run in list(schedule.of_family[view.family]):
        if loader.may_join(run.mode, run.load, unit):
            load = loader.load((*run.load.units, unit))
            if loader.fits(run.mode, load):
                yield _Room(run, load, run.mode)
    alone = loader.load((unit,))
    for mode in view.modes:
        for at in range(len(schedule.sequences[mode.station]) + 1):
            yield _Room(schedule.new_run(mode, alone), alone, mode, at)


def _place(schedule: Schedule, unit: int) -> bool:
    """Place one unit where it adds least, even where that costs more than leaving it out; false: there is no room."""
    best: tuple[int, _Room] | None = None
    for room in _rooms(schedule, unit):
        delta = room.try_in(schedule, unit)
        schedule.rollback()
        if delta is not None and (best is None or delta < best[0]):
            best = (delta, room)
    if best is None:
        return False
    delta = best[1].try_in(schedule, unit)
    assert delta is not None, "a trial repeated gives the same"
    schedule.commit(delta)
    return True
