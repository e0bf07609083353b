"""
A verified plan in this process, at once: the plan before carried on, or a greedy one, and a search of so many moves.

For whoever plans a queue again and again and cannot wait for children: what one plan found the next one starts from.
The same problem, start, moves and seed give the same plan on one machine, however busy it is. `solve` is for a budget
of time.
"""

import math
import time

from batcher.errors import PlanRejectedError
from batcher.planning.conversion import scheduled, to_plan
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.local_search import search_by_moves
from batcher.planning.plan import Plan, PlanResult
from batcher.planning.problem import Problem
from batcher.planning.schedule import Schedule
from batcher.planning.verify import judge
from batcher.planning.warm import warm_schedule


def quick_plan(problem: Problem, *, start: Plan | None = None, moves: int = 0, seed: int = 0) -> PlanResult:
    """
    Return a verified plan.

    Parameters
    ----------
    start
        A plan of an earlier moment: what of it still waits stays together, what is new finds a place. None, or one
        that cannot be carried on: a greedy plan is where the search starts.
    moves
        How long to search, in moves of the compiled search; 0 takes the start as it is.
    seed
        Of the search.

    Raises
    ------
    PlanRejectedError
        When the plan breaks a rule: a bug, and nothing of it may be released.
    """
    began = time.monotonic()
    instance = index(problem)
    loader = Loader(instance)
    first = None if start is None else warm_schedule(instance, loader, start.batches, budget_s=math.inf)
    if first is None or first.unplanned:
        first = _cheaper(first, greedy(instance, loader, budget_s=0))
    start_cost = first.cost / 3600
    best = _cheaper(_searched(first, moves, seed) if moves else None, first)
    plan = to_plan(best)
    verdict = judge(problem, plan)
    if not verdict.feasible:
        raise PlanRejectedError(verdict.violations)
    return PlanResult(plan, verdict, time.monotonic() - began, start_cost)


def _cheaper(one: Schedule | None, other: Schedule) -> Schedule:
    if one is None or (other.unplanned, other.cost) < (one.unplanned, one.cost):
        return other
    return one


def _searched(schedule: Schedule, moves: int, seed: int) -> Schedule | None:
    """Return a schedule improved by so many moves; none when what was found cannot be laid out or timed after all."""
    instance, loader = schedule.instance, schedule.loader
    found = search_by_moves(schedule, moves=moves, seed=seed)
    if not all(loader.fits(mode, load) for sequence in found for mode, load in sequence):
        return None
    return scheduled(instance, loader, found)
