"""The plan in force as it is stored, for people and other processes to see what comes next and why it waits."""

from datetime import timedelta
from typing import Any

from batcher.planning.plan import Batch
from batcher.services.plan_in_force import PlanInForce


def plan_document(plan: PlanInForce) -> dict[str, Any]:
    """Return the plan as a JSON document; instants are ISO UTC."""
    return {
        "at": plan.snapshot.at.isoformat(),
        "batches": [_batch(plan, batch) for batch in plan.result.plan.batches],
        "unplanned": list(plan.result.plan.unplanned),
        "left_out": dict(plan.snapshot.left_out),
        "batches_kept": plan.kept,
        "late_orders": plan.result.verdict.late_orders,
        "cost_parts": plan.result.verdict.breakdown,
    }


def _batch(plan: PlanInForce, batch: Batch) -> dict[str, object]:
    rule, fixture = plan.snapshot.rules_of[batch.family], plan.snapshot.fixture_of[batch.family]
    return {
        "id": batch.id,
        "station": batch.station,
        "family": batch.family,
        "rule": rule.id,
        "fixture": fixture.id,
        "setup_state": fixture.setup_state,
        "start_at": _iso(plan, batch.start),
        "end_at": _iso(plan, batch.end),
        "latest_begin_at": _iso(plan, plan.latest_begin[batch.id]),
        "fill": round(plan.fill(batch), 4),
        "capacity": fixture.capacity,
        "jobs": list(batch.jobs),
    }


def _iso(plan: PlanInForce, seconds: int) -> str:
    return (plan.snapshot.at + timedelta(seconds=seconds)).isoformat()
