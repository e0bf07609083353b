"""
The last plan carried over to the problem of now, for the search to start from.

Between two plans time passes, jobs are released, cancelled and ordered, stations go down and rules change. What of the
last plan still holds is kept: its batches, on their stations, in their sequence, timed anew. What came in since, or
lost its place, is put where it adds least.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator

from batcher.planning.conversion import Bundle, to_plan
from batcher.planning.greedy import place_leftovers
from batcher.planning.index import Instance, ModeView, index
from batcher.planning.loads import Loader
from batcher.planning.plan import Batch, Plan
from batcher.planning.problem import Problem
from batcher.planning.schedule import Schedule
from batcher.planning.warm_rooms import place_quickly


def warm_start(problem: Problem, last: Iterable[Batch], *, budget_s: float) -> Plan:
    """
    Return a plan for a problem that keeps what it can of a last plan's batches.

    Parameters
    ----------
    last
        Batches of the last plan; only their stations, jobs and sequence count: times are told from another time 0.
    budget_s
        Wall seconds for what has no place yet; what is left over then stays unplanned.
    """
    instance = index(problem)
    return to_plan(warm_schedule(instance, Loader(instance), last, budget_s=budget_s))


def warm_schedule(instance: Instance, loader: Loader, last: Iterable[Batch], *, budget_s: float) -> Schedule:
    """Return what `warm_start` does as a schedule; an endless budget gives the same one every time."""
    schedule = Schedule(instance, loader)
    for batch in sorted(last, key=lambda batch: (batch.start, batch.end, batch.id)):
        for bundle in _bundles(schedule, batch):
            _append(schedule, bundle)
    deadline = time.monotonic() + budget_s
    place_quickly(schedule, deadline=deadline)
    place_leftovers(schedule, deadline=deadline)
    return schedule


def _bundles(schedule: Schedule, batch: Batch) -> Iterator[Bundle]:
    """Yield what of a batch may still run on its station: one bundle, unless its jobs are of several families now."""
    instance = schedule.instance
    station = next((k for k, station in enumerate(instance.problem.stations) if station.id == batch.station), None)
    if station is None:
        return
    by_family: defaultdict[int, list[int]] = defaultdict(list)
    for place in _units(schedule, batch):
        by_family[instance.units[place].family].append(place)
    for family, places in by_family.items():
        mode = instance.families[family].modes.get(station)
        held = [] if mode is None else _fitting(schedule.loader, mode, places)
        if mode is not None and held:
            yield mode, schedule.loader.load(held)


def _fitting(loader: Loader, mode: ModeView, places: list[int]) -> list[int]:
    """Return the units that still fit together, in their order."""
    if loader.fits(mode, loader.load(places)):
        return places
    held: list[int] = []
    for place in places:
        if loader.fits(mode, loader.load([*held, place])):
            held.append(place)
    return held


def _units(schedule: Schedule, batch: Batch) -> list[int]:
    """Return the units that lie whole in a batch, have no place yet, and wait for nothing that has none."""
    units, unit_of, run_of = schedule.instance.units, schedule.instance.unit_of, schedule.run_of
    counts: defaultdict[int, int] = defaultdict(int)
    for job in dict.fromkeys(batch.jobs):
        if job in unit_of:
            counts[unit_of[job]] += 1
    return [
        place
        for place, count in counts.items()
        if count == len(units[place].jobs)
        and run_of[place] is None
        and all(run_of[before] is not None for before, _ in units[place].before)
    ]


def _append(schedule: Schedule, bundle: Bundle) -> None:
    """Have a batch follow all others of its station, if there is a window for it."""
    mode, load = bundle
    schedule.insert(schedule.new_run(mode, load), mode, len(schedule.sequences[mode.station]))
    delta = schedule.settle()
    if delta is None:
        schedule.rollback()
    else:
        schedule.commit(delta)
