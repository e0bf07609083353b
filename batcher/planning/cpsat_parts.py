"""
A floor taken apart: stations that share no work, each with its own jobs, as problems of their own.

Printers, presses and lasers have only orders and rests in common. Each part is relaxed so that no plan escapes it: what
waits for another part is released when that part could be ready at the earliest, and an order's lateness is charged to
the part that ends it alone. What the parts cost at least, added up, no plan that leaves nothing out can be under.
"""

from collections.abc import Collection
from dataclasses import replace

from batcher.planning.bounds_lateness import earliest_ends
from batcher.planning.index import Instance, Unit
from batcher.planning.plan import Plan
from batcher.planning.problem import Problem


def apart(instance: Instance) -> list[list[int]]:
    """Return the places of units that share no station with others, directly or by way of others."""
    sets: list[tuple[int, list[int]]] = []  #: stations as bits, units
    for unit in instance.units:
        met = [entry for entry in sets if entry[0] & unit.stations]
        sets = [entry for entry in sets if not entry[0] & unit.stations]
        stations, places = unit.stations, [unit.place]
        for there, others in met:
            stations |= there
            places += others
        sets.append((stations, places))
    return [sorted(places) for _, places in sets]


def parts(instance: Instance) -> list[Problem]:
    """Return the parts, those of fewest jobs first; every unit must have a mode."""
    ends = earliest_ends(instance)
    owners = _owners(instance, ends)
    split = sorted(apart(instance), key=len)
    return [_part(instance, frozenset(units), ends, owners) for units in split]


def restricted(plan: Plan, part: Problem) -> Plan:
    """Return what a plan does with the jobs of a part."""
    names = {job.id for job in part.jobs}
    return Plan(tuple(batch for batch in plan.batches if not names.isdisjoint(batch.jobs)))


def _owners(instance: Instance, ends: list[int]) -> dict[str, int]:
    """Return for each order's id the unit that likely ends it: nothing of the order waits for it."""

    def last(unit: Unit, others: Collection[int]) -> tuple[bool, int]:
        return not any(after in others for after in unit.after), ends[unit.place]

    return {
        order.id: max(view.units, key=lambda place: last(instance.units[place], view.units))
        for order, view in zip(instance.problem.orders, instance.orders, strict=True)
        if view.units
    }


def _part(instance: Instance, units: frozenset[int], ends: list[int], owners: dict[str, int]) -> Problem:
    problem, jobs = instance.problem, []
    for place in sorted(units):
        for number in instance.units[place].jobs:
            job = problem.jobs[number]
            outside = [link for link in job.after if instance.unit_of[link.job] not in units]
            ready = max([job.release, *(ends[instance.unit_of[link.job]] + link.lag for link in outside)])
            inside = tuple(link for link in job.after if link not in outside)
            jobs.append(replace(job, release=ready, after=inside))
    orders = {job.order for job in jobs}
    return replace(
        problem,
        jobs=tuple(jobs),
        orders=tuple(
            order if owners[order.id] in units else replace(order, late_cost=0, late_cost_per_hour=0)
            for order in problem.orders
            if order.id in orders
        ),
    )
