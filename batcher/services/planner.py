"""
From the queue to a plan: problem, last plan carried over, search, and the answer looked at once more.

Whatever breaks on the way is raised to `cycle`, which knows what to do about it.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import structlog

from batcher.domain.ids import new_id
from batcher.domain.orders import OpenWork
from batcher.errors import PlanRejectedError, SolverError
from batcher.planning.conversion import to_plan
from batcher.planning.first_due_first import first_due_first
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.latest_starts import latest_begins
from batcher.planning.loads import Loader
from batcher.planning.plan import Batch, Plan, PlanResult, PlanStatus
from batcher.planning.problem import Problem
from batcher.planning.stability import batches_kept, remaining
from batcher.planning.verify import judge
from batcher.planning.warm import warm_start
from batcher.rules.ruleset import RuleSet
from batcher.services.arrivals import Expected
from batcher.services.families import FamilyBook
from batcher.services.forecast import StationOutlook
from batcher.services.plan_in_force import PlanInForce
from batcher.services.plan_record import stored_plan
from batcher.services.snapshot import Snapshot, build_snapshot
from batcher.settings import Settings
from batcher.store.batches import StoredPlan

log = structlog.get_logger()

#: Share of the budget in which jobs that the last plan did not have find a place in it.
_CARRYING_SHARE = 0.1


class Solver(Protocol):
    """What makes plans: `planning.solve.solve`, unless a test plants a fault."""

    def __call__(
        self, problem: Problem, *, budget_s: float, workers: int, seed: int, start: Plan | None, memory_mb: int
    ) -> PlanResult:
        """Return a verified plan within the budget."""


@dataclass(frozen=True)
class Queue:
    """
    What there is to plan, as read in one moment.

    Parameters
    ----------
    last
        The batches of the plan before.
    book
        Its families.
    expected
        What is to come; none: nothing is known.
    """

    at: datetime
    work: Sequence[OpenWork]
    stations: Mapping[str, StationOutlook]
    running: Mapping[str, datetime]
    last: tuple[Batch, ...] = ()
    book: FamilyBook = field(default_factory=FamilyBook)
    expected: Expected | None = None

    def orders(self) -> list[str]:
        """Return the keys of its orders, the oldest first."""
        return sorted({entry.order.key for entry in self.work})

    def only(self, keys: Collection[str]) -> "Queue":
        """Return the part of it that belongs to these orders, to be planned from scratch."""
        return replace(self, work=[entry for entry in self.work if entry.order.key in keys], last=(), book=FamilyBook())

    def snapshot(self, rules: RuleSet) -> Snapshot:
        """Return it as a planning problem."""
        return build_snapshot(rules, self.work, self.stations, self.running, self.at, self.book, self.expected)


@dataclass(frozen=True)
class Planner:
    """Makes plans under some rules."""

    rules: RuleSet
    settings: Settings
    solver: Solver

    def made(self, queue: Queue, budget_s: float) -> tuple[PlanInForce, StoredPlan]:
        """
        Return a verified plan, and its form for the store.

        Raises
        ------
        PlanRejectedError
            When the greedy plan breaks a rule, and there is no other.
        """
        began = time.monotonic()
        snapshot = queue.snapshot(self.rules)
        last = remaining(queue.last, {job.id for job in snapshot.problem.jobs})
        start = _carried_over(snapshot.problem, last, budget_s * _CARRYING_SHARE) if last else None
        result = self.solver(
            snapshot.problem,
            budget_s=max(0.0, budget_s - (time.monotonic() - began)),
            workers=self.settings.solver_workers,
            seed=self.settings.seed,
            start=start,
            memory_mb=self.settings.solver_memory_mb,
        )
        if snapshot.problem.jobs and not result.verdict.batches:
            _check_greedy(snapshot.problem)
        result = first_due_first(snapshot.problem, result)
        plan = make_plan(self.rules, snapshot, result, kept=batches_kept(last, result.plan))
        return plan, stored_plan(self.rules, plan)

    def searched(self, queue: Queue, budget_s: float) -> None:
        """
        Plan only to see whether the search survives it.

        Raises
        ------
        SolverError
            When no search gave a usable answer.
        """
        result = self.made(queue, budget_s)[0].result
        if result.plan.status is PlanStatus.FALLBACK:
            raise SolverError(result.note)


def make_plan(rules: RuleSet, snapshot: Snapshot, result: PlanResult, *, kept: float | None = None) -> PlanInForce:
    """Return a solved snapshot as a plan that release can work from."""
    floors = {job: bounds.slack_floor_s for job, bounds in snapshot.bounds_of.items()}
    return PlanInForce(
        id=new_id(),
        rules_hash=rules.hash,
        snapshot=snapshot,
        result=result,
        latest_begin=latest_begins(snapshot.problem, result.plan, floors, snapshot.open_until, snapshot.coming),
        jobs={job.id: job for job in snapshot.problem.jobs},
        kept=kept,
    )


def _carried_over(problem: Problem, last: Sequence[Batch], budget_s: float) -> Plan | None:
    """Return the last plan for this problem; none when that breaks: it is a help, and never needed."""
    try:
        return warm_start(problem, last, budget_s=budget_s)
    except Exception as error:
        log.exception("warm_start_broke", error=type(error).__name__)
        return None


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
