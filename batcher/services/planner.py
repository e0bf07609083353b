"""
From what waits to a plan: the queue read, made a problem, and what `planning` makes of it made a plan to release from.

Whatever breaks on the way is raised to `cycle`, which knows what to do about it. Where the work is done, here or in a
process of its own (`planner_process`), is whoever's who makes a planner.
"""

import time
from collections.abc import Collection
from typing import Protocol

import structlog

from batcher.domain.ids import new_id
from batcher.errors import SolverError
from batcher.planning.brief import Brief, Planned, Plans, planned
from batcher.planning.latest_starts import latest_begins
from batcher.planning.plan import PlanResult, PlanStatus
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor
from batcher.services.plan_in_force import PlanInForce
from batcher.services.plan_record import stored_plan
from batcher.services.queue import Queue, read_queue
from batcher.services.snapshot import Snapshot
from batcher.store.batches import StoredPlan

log = structlog.get_logger()


class Planner(Protocol):
    """Plans what waits on a floor, again and again."""

    def plan(
        self, rules: RuleSet, budget_s: float, only: Collection[str] | None = None
    ) -> tuple[PlanInForce, StoredPlan]:
        """
        Return a verified plan of what waits now, and its form for the store.

        Parameters
        ----------
        only
            The keys of orders of the queue that was read last, to be planned from scratch; none: all that waits.

        Raises
        ------
        PlanRejectedError
            When the greedy plan breaks a rule, and there is no other.
        """

    def orders(self, rules: RuleSet) -> list[str]:
        """Return the keys of the orders of the queue that was read last, the oldest first."""


class PlannerHere:
    """Plans in this process; `plans` does it."""

    def __init__(self, floor: Floor, plans: Plans = planned) -> None:
        self._floor, self._plans = floor, plans
        self._last: Queue | None = None

    def plan(
        self, rules: RuleSet, budget_s: float, only: Collection[str] | None = None
    ) -> tuple[PlanInForce, StoredPlan]:
        """Plan what waits now, or some orders of what was read last."""
        if only is None:
            self._last = None
        queue = self._queue(rules)
        deadline = time.monotonic() + budget_s
        queue = queue if only is None else queue.only(only)
        snapshot, settings = queue.snapshot(rules), self._floor.settings
        made = self._plans(
            Brief(
                snapshot.problem,
                deadline,
                queue.last,
                slack_floors(snapshot),
                snapshot.open_until,
                snapshot.coming,
                workers=settings.solver_workers,
                seed=settings.seed,
                memory_mb=settings.solver_memory_mb,
            )
        )
        if made.not_carried_over:
            log.error("warm_start_broke", why=made.not_carried_over)
        plan = put_in_force(rules, snapshot, made)
        return plan, stored_plan(rules, plan)

    def orders(self, rules: RuleSet) -> list[str]:
        """Return whose work was read last."""
        return self._queue(rules).orders()

    def _queue(self, rules: RuleSet) -> Queue:
        self._last = self._last or read_queue(self._floor, rules)
        return self._last


def see_search(planner: Planner, rules: RuleSet, budget_s: float, only: Collection[str]) -> None:
    """
    Plan some orders only to see whether the search survives them.

    Raises
    ------
    SolverError
        When no search gave a usable answer.
    """
    result = planner.plan(rules, budget_s, only)[0].result
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
