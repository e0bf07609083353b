"""
What a planning cycle asks for, and what it gets: from a problem and the last plan to a verified plan that may be kept.

Carried over, searched, looked at once more, dealt anew and shifted to the right; values in and values out, so that all
of it may be done by another process (`apart`). The search itself is `solve`'s.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from batcher.errors import PlanRejectedError
from batcher.planning.conversion import to_plan
from batcher.planning.first_due_first import first_due_first
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.latest_starts import latest_begins
from batcher.planning.loads import Loader
from batcher.planning.plan import Batch, Plan, PlanResult
from batcher.planning.problem import Problem
from batcher.planning.solve import solve
from batcher.planning.stability import batches_kept, remaining
from batcher.planning.verify import judge
from batcher.planning.visits import Coming
from batcher.planning.warm import warm_start

#: Share of the time in which jobs that the last plan did not have find a place in it.
_CARRYING_SHARE = 0.1


class Solver(Protocol):
    """What makes plans: `planning.solve.solve`, unless a test plants a fault."""

    def __call__(
        self, problem: Problem, *, budget_s: float, workers: int, seed: int, start: Plan | None, memory_mb: int
    ) -> PlanResult:
        """Return a verified plan within the budget."""


@dataclass(frozen=True)
class Brief:
    """
    What a cycle asks for.

    Parameters
    ----------
    deadline
        On the monotonic clock, which all processes of a machine share.
    last
        The batches of the plan before, times as in the problem's site.
    floors, open_until, coming
        As `latest_starts.latest_begins` takes them.
    workers, seed, memory_mb
        As `solve.solve` takes them.
    """

    problem: Problem
    deadline: float
    last: tuple[Batch, ...] = ()
    floors: Mapping[str, int] = field(default_factory=dict)
    open_until: Mapping[str, int] = field(default_factory=dict)
    coming: Coming | None = None
    workers: int = 2
    seed: int = 0
    memory_mb: int = 4096


@dataclass(frozen=True)
class Planned:
    """
    A verified plan.

    Parameters
    ----------
    latest_begin
        Latest safe begin by batch, in seconds from the problem's time 0.
    kept
        Share of the batches of the plan before, as far as they still wait, that it has too; none without such a plan.
    not_carried_over
        Why the last plan was no help, if it broke on the way.
    """

    result: PlanResult
    latest_begin: Mapping[str, int]
    kept: float | None = None
    not_carried_over: str = ""


#: Whoever does what a brief asks for.
Plans = Callable[[Brief], Planned]


def planned(brief: Brief, *, solver: Solver = solve) -> Planned:
    """
    Return a verified plan as a brief asks for it.

    Raises
    ------
    PlanRejectedError
        When the greedy plan breaks a rule, and there is no other.
    """
    began, problem = time.monotonic(), brief.problem
    last = remaining(brief.last, {job.id for job in problem.jobs})
    start, broke = _carried_over(problem, last, _CARRYING_SHARE * (brief.deadline - began))
    result = solver(
        problem,
        budget_s=max(0.0, brief.deadline - time.monotonic()),
        workers=brief.workers,
        seed=brief.seed,
        start=start,
        memory_mb=brief.memory_mb,
    )
    if problem.jobs and not result.verdict.batches:
        _check_greedy(problem)
    result = first_due_first(problem, result)
    latest = latest_begins(problem, result.plan, brief.floors, brief.open_until, brief.coming)
    return Planned(result, latest, batches_kept(last, result.plan), broke)


def _carried_over(problem: Problem, last: Sequence[Batch], budget_s: float) -> tuple[Plan | None, str]:
    """Return the last plan for this problem; none, and why, when that breaks: it is a help, and never needed."""
    try:
        return (warm_start(problem, last, budget_s=max(0.0, budget_s)) if last else None), ""
    except Exception as error:  # noqa: BLE001 - whoever asked logs it
        return None, f"{type(error).__name__}: {error}"


def _check_greedy(problem: Problem) -> None:
    """
    Tell a plan without a batch because there is nothing to be planned from one whose greedy plan was refused.

    Raises
    ------
    PlanRejectedError
        With what the judge says to the greedy plan.
    """
    instance = index(problem)
    verdict = judge(problem, to_plan(greedy(instance, Loader(instance), budget_s=0)))
    if not verdict.feasible:
        raise PlanRejectedError(verdict.violations)
