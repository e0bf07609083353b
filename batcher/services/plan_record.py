"""What is kept and told of a plan once it is made: its row in the store, its metrics, its line in the log."""

import hashlib
import json
import math
import time

import structlog

from batcher.planning.documents import write_problem
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor
from batcher.services.plan_document import plan_document
from batcher.services.plan_in_force import PlanInForce
from batcher.store.batches import StoredPlan
from batcher.store.packed import Packed

log = structlog.get_logger()


def stored_plan(rules: RuleSet, plan: PlanInForce) -> StoredPlan:
    """Return a plan as the store keeps it."""
    problem = json.dumps(write_problem(plan.snapshot.problem), sort_keys=True).encode()
    result = plan.result
    return StoredPlan(
        id=plan.id,
        created_at=plan.snapshot.at,
        rules_hash=rules.hash,
        status=result.plan.status.value,
        cost=result.verdict.cost,
        bound=result.plan.bound,
        greedy_cost=result.greedy_cost,
        seconds=result.seconds,
        jobs=result.verdict.jobs,
        document=Packed.of(plan_document(plan)),
        problem_hash=hashlib.sha256(problem).hexdigest(),
    )


def tell_plan(floor: Floor, plan: PlanInForce, seconds: float) -> None:
    """Count and log a plan that took a cycle of so many seconds."""
    result, metrics = plan.result, floor.metrics
    metrics.plan_seconds.observe(seconds)
    metrics.plan_made_at.set(time.time())
    metrics.plan_jobs.set(result.verdict.jobs)
    metrics.plan_unplanned.set(result.verdict.unplanned)
    metrics.plan_cost.set(result.verdict.cost)
    metrics.plan_greedy_cost.set(result.greedy_cost)
    metrics.plan_gap.set(_or_nan(result.gap))
    metrics.plan_kept.set(_or_nan(plan.kept))
    metrics.plans.labels(status=result.plan.status.value).inc()
    log.info(
        "plan_made",
        plan_id=plan.id,
        rules_hash=plan.rules_hash,
        status=result.plan.status.value,
        jobs=result.verdict.jobs,
        batches=result.verdict.batches,
        batches_kept=None if plan.kept is None else round(plan.kept, 3),
        unplanned=result.verdict.unplanned,
        left_out=len(plan.snapshot.left_out),
        late_orders=result.verdict.late_orders,
        cost=round(result.verdict.cost),
        greedy_cost=round(result.greedy_cost),
        bound=None if result.plan.bound is None else round(result.plan.bound),
        seconds=round(seconds, 2),
        note=result.note or None,
    )


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
