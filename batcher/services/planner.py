"""
From the queue to a plan: the problem, and what `planning` made of it as a plan that release can work from.

Whatever breaks on the way is raised to `cycle`, which knows what to do about it.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from batcher.domain.ids import new_id
from batcher.domain.orders import OpenWork
from batcher.errors import SolverError
from batcher.planning.brief import Brief, Planned, Plans, planned
from batcher.planning.latest_starts import latest_begins
from batcher.planning.plan import Batch, PlanResult, PlanStatus
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
    """Makes plans under some rules; `plans` does the work, here or in another process."""

    rules: RuleSet
    settings: Settings
    plans: Plans = planned

    def made(self, queue: Queue, budget_s: float) -> tuple[PlanInForce, StoredPlan]:
        """
        Return a verified plan, and its form for the store.

        Raises
        ------
        PlanRejectedError
            When the greedy plan breaks a rule, and there is no other.
        """
        deadline = time.monotonic() + budget_s
        snapshot = queue.snapshot(self.rules)
        made = self.plans(
            Brief(
                snapshot.problem,
                deadline,
                queue.last,
                slack_floors(snapshot),
                snapshot.open_until,
                snapshot.coming,
                workers=self.settings.solver_workers,
                seed=self.settings.seed,
                memory_mb=self.settings.solver_memory_mb,
            )
        )
        if made.not_carried_over:
            log.error("warm_start_broke", why=made.not_carried_over)
        plan = put_in_force(self.rules, snapshot, made)
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
    floors = slack_floors(snapshot)
    latest = latest_begins(snapshot.problem, result.plan, floors, snapshot.open_until, snapshot.coming)
    return put_in_force(rules, snapshot, Planned(result, latest, kept))


def put_in_force(rules: RuleSet, snapshot: Snapshot, made: Planned) -> PlanInForce:
    """Return what was made of a snapshot as a plan with an id of its own."""
    return PlanInForce(
        id=new_id(),
        rules_hash=rules.hash,
        snapshot=snapshot,
        result=made.result,
        latest_begin=made.latest_begin,
        jobs={job.id: job for job in snapshot.problem.jobs},
        kept=made.kept,
    )


def slack_floors(snapshot: Snapshot) -> dict[str, int]:
    """Return the seconds kept free before each job's due."""
    return {job: bounds.slack_floor_s for job, bounds in snapshot.bounds_of.items()}
