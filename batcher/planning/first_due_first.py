"""
The same plan with the pieces of each family dealt anew: the first due into its first batch, each full before the next.

To a plan it is all one whether two batches of one family hold nine and one or five and five. To a floor it is not: what
comes later finds more room in the second, the first due are gone, and what is left may wait longer.
"""

from collections.abc import Sequence
from dataclasses import replace

from batcher.planning.conversion import Bundle, from_plan, scheduled, to_plan
from batcher.planning.index import Instance, index
from batcher.planning.inner_dues import inner_dues
from batcher.planning.loads import Load, Loader
from batcher.planning.plan import PlanResult
from batcher.planning.problem import Problem
from batcher.planning.schedule import Run, Schedule
from batcher.planning.verify import judge


def first_due_first(problem: Problem, result: PlanResult) -> PlanResult:
    """Return a result whose plan costs no more, its families dealt anew; the result itself where that cannot be."""
    instance = index(problem)
    loader = Loader(instance)
    schedule = from_plan(instance, loader, result.plan)
    dealt = None if schedule is None else _dealt(schedule, inner_dues(instance))
    if dealt is None:
        return result
    plan = replace(to_plan(dealt), bound=result.plan.bound, status=result.plan.status)
    verdict = judge(problem, plan)
    if not verdict.feasible or (verdict.unplanned, verdict.cost) > (result.verdict.unplanned, result.verdict.cost):
        return result
    return replace(result, plan=plan, verdict=verdict)


def _dealt(schedule: Schedule, dues: Sequence[int]) -> Schedule | None:
    """Return the schedule with every family dealt anew; none when it cannot be timed."""
    loads: dict[Run, Load | None] = {}
    for runs in schedule.of_family:
        loads |= _family_dealt(schedule.instance, schedule.loader, runs, dues)
    sequences: list[list[Bundle]] = []
    for sequence in schedule.sequences:
        held = [(run.mode, loads.get(run, run.load)) for run in sequence]
        sequences.append([(mode, load) for mode, load in held if load is not None])
    return scheduled(schedule.instance, schedule.loader, sequences)


def _family_dealt(
    instance: Instance, loader: Loader, runs: Sequence[Run], dues: Sequence[int]
) -> dict[Run, Load | None]:
    """Return what each batch of a family is to hold, none for one that is not needed; nothing where all is well."""
    if len(runs) < 2 or any(run.load.waiting for run in runs):
        return {}
    left = sorted((unit for run in runs for unit in run.load.units), key=lambda unit: (dues[unit], unit))
    dealt: dict[Run, Load | None] = {}
    for run in sorted(runs, key=lambda run: (run.start, run.station)):
        load: Load | None = None
        for unit in left:
            if instance.units[unit].release <= run.start and (load is None or loader.may_join(run.mode, load, unit)):
                more = loader.load((*(load.units if load else ()), unit))
                if loader.fits(run.mode, more):
                    load = more
        dealt[run] = load
        held = set(load.units if load else ())
        left = [unit for unit in left if unit not in held]
    return {} if left else dealt
