"""
Earliest due date: the plan a floor gets today, and the `edd` column of the example problems.

One pass. The family whose most urgent job is due first goes next, filled in order of due with what is there by the time
the station could start it, on the station that ends it first. A job that others wait for is due before them. Ties go by
name.
"""

from bisect import insort
from collections import defaultdict

from batcher.planning.index import Instance, ModeView, Unit
from batcher.planning.loads import Loader
from batcher.planning.plan import Plan
from benchmarks.planner.peers.desks import Arrivals, Desks, Slot, chain_dues
from benchmarks.planner.peers.filling import filled


def edd(instance: Instance) -> Plan:
    """Return the plan; what no station has a window for stays unplanned."""
    problem, dues, loader = instance.problem, chain_dues(instance), Loader(instance)
    desks, arrivals = Desks(instance), Arrivals(instance)

    def urgency(unit: Unit) -> tuple[int, str]:
        return dues[unit.place], problem.jobs[unit.jobs[0]].id

    pools: defaultdict[int, list[Unit]] = defaultdict(list)
    for unit in sorted(arrivals.first, key=urgency):
        pools[unit.family].append(unit)
    while pools:
        family = min(pools, key=lambda place: (dues[pools[place][0].place], problem.families[place].id))
        pool = pools.pop(family)
        slots = [_slot(desks, loader, mode, pool, arrivals) for mode in instance.families[family].modes.values()]
        best = min([slot for slot in slots if slot], key=lambda slot: (slot.end, slot.mode.station), default=None)
        taken = {pool[0].place} if best is None else set(best.filling.load.units)
        left = [unit for unit in pool if unit.place not in taken]
        if left:
            pools[family] = left
        if best is not None:
            desks.take(best)
            for unit in arrivals.after(best):
                insort(pools[unit.family], unit, key=urgency)
    return desks.plan()


def _slot(desks: Desks, loader: Loader, mode: ModeView, pool: list[Unit], arrivals: Arrivals) -> Slot | None:
    """Return the batch a station would run of a pool; of its most urgent unit alone where no window takes more."""
    first = next((unit for unit in pool if unit.stations >> mode.station & 1), None)
    if first is None:
        return None
    ready = arrivals.ready
    opens = max(desks.free(mode.station) + desks.changeover_s(mode), ready[first.place])
    for units in ((unit for unit in pool if ready[unit.place] <= opens), (first,)):
        filling = filled(loader, mode, units)
        if filling is not None:
            slot = desks.slot(mode, filling, max([ready[unit] for unit in filling.load.units]))
            if slot is not None:
                return slot
    return None
