"""
Quick room for what is new: a few likely places for each job, priced exactly, and the cheapest taken.

Where `greedy.place_leftovers` tries every batch and every position, this looks at a bounded number, so that a queue of
thousands takes up an order in milliseconds. What finds no room here is left for others.
"""

import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from batcher.planning.index import ModeView
from batcher.planning.inner_dues import inner_dues, shortest
from batcher.planning.loads import Load
from batcher.planning.schedule import Run, Schedule

#: How many batches to join, and how many positions on a station, are priced for each job.
_MOST_TRIED = 8


class Room(NamedTuple):
    """A batch to join with what it then holds, or a batch of its own for a position of its mode's station."""

    run: Run
    load: Load
    at: int | None = None


def place_quickly(schedule: Schedule, *, deadline: float) -> None:
    """Place unplanned units where they add least of a few likely places, the most urgent first, until the deadline."""
    units, dues = schedule.instance.units, inner_dues(schedule.instance)
    left = [unit.place for unit in units if unit.modes and schedule.run_of[unit.place] is None]
    left.sort(key=lambda place: (dues[place], place))
    lazy, schedule.lazy = schedule.lazy, True  # an insertion moves what it must, not all that follows
    while left and time.monotonic() < deadline:
        rest = [place for place in left if not _placed(schedule, place, dues[place], deadline)]
        if len(rest) == len(left):
            break
        left = rest
    schedule.lazy = lazy
    schedule.compact()


def _placed(schedule: Schedule, unit: int, due: int, deadline: float) -> bool:
    """Place one unit; false when there is no time, no room, or it waits for one that has no place."""
    view = schedule.instance.units[unit]
    ready = view.release
    for before, lag in view.before:
        run = schedule.run_of[before]
        if run is None:
            return False
        ready = max(ready, run.end + lag)
    if time.monotonic() > deadline:
        return False
    best: tuple[int, Room] | None = None
    for room in rooms(schedule, unit, ready, due):
        delta = tried(schedule, room, unit)
        schedule.rollback()
        if delta is not None and (best is None or delta < best[0]):
            best = (delta, room)
        if best is not None and best[0] <= 0:
            break  # it costs nothing: no place is much better
    if best is None:
        return False
    delta = tried(schedule, best[1], unit)
    assert delta is not None, "a trial repeated gives the same"
    schedule.commit(delta)
    return True


def tried(schedule: Schedule, room: Room, unit: int) -> int | None:
    """Put the unit there as a trial; return what it adds."""
    if room.at is None:
        schedule.reload(room.run, room.load, (unit,))
    else:
        schedule.insert(room.run, room.run.mode, room.at)
    return schedule.settle()


def rooms(schedule: Schedule, unit: int, ready: int, due: int, *, not_before: int = 0) -> Iterator[Room]:
    """
    Yield a few likely places for a unit.

    Parameters
    ----------
    ready, due
        When it may start, and must have ended.
    not_before
        Batches that begin earlier are left as they are.
    """
    loader, view = schedule.loader, schedule.instance.units[unit]

    def misses(run: Run) -> tuple[bool, int]:
        return run.start < ready or run.end > due, run.begin

    open_runs = [run for run in schedule.of_family[view.family] if run.begin >= not_before]
    joinable = [run for run in open_runs if _may_hold(schedule, run, unit)]
    for run in sorted(joinable, key=misses)[:_MOST_TRIED]:
        load = loader.load((*run.load.units, unit))
        if loader.fits(run.mode, load):
            yield Room(run, load)
    alone = loader.load((unit,))
    for mode in view.modes:
        for at in _positions(schedule, mode, ready, due - shortest(view), not_before):
            yield Room(schedule.new_run(mode, alone), alone, at)


def _may_hold(schedule: Schedule, run: Run, unit: int) -> bool:
    """Tell whether a batch may have room for a unit more: by size, or by the area that is left of its sheet."""
    if not schedule.loader.may_join(run.mode, run.load, unit):
        return False
    sheet = run.mode.sheet
    return sheet is None or schedule.loader.has_area(sheet, run.load, unit)


def _positions(schedule: Schedule, mode: ModeView, ready: int, latest: int, not_before: int) -> Iterable[int]:
    """Return positions between ready and the latest begin, first those beside a batch of the same setup state."""
    sequence, state = schedule.sequences[mode.station], schedule.instance.families[mode.family].state
    first = bisect_left(sequence, ready, key=lambda run: run.end)
    first = max(first, bisect_left(sequence, not_before, key=lambda run: run.begin))
    last = max(first, bisect_right(sequence, latest, key=lambda run: run.begin))
    found = range(first, last + 1)
    set_up = [at for at in found if any(run.state == state for run in sequence[max(0, at - 1) : at + 1])]
    return dict.fromkeys((*_spread(set_up), *_spread(found), len(sequence)))


def _spread(places: "range | list[int]") -> Iterable[int]:
    """Return some of the places, the first and from there evenly."""
    step = max(1, -(-2 * len(places) // _MOST_TRIED))
    return places[::step]
