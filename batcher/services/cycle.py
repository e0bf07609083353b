"""
One planning cycle: read the queue, solve, keep the plan.

Planning never blocks anything: whatever the solver does, a verified plan comes back or the last one stands.
What is released from the plan is `releasing`'s work.
"""

import hashlib
import json
import time
from datetime import datetime, timedelta

import structlog

from batcher.domain.ids import new_id
from batcher.domain.states import StationState
from batcher.planning.documents import write_problem
from batcher.planning.latest_starts import latest_begins
from batcher.planning.plan import PlanResult
from batcher.planning.solve import solve
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor
from batcher.services.forecast import StationOutlook, station_outlook
from batcher.services.plan_document import plan_document
from batcher.services.plan_in_force import PlanInForce
from batcher.services.snapshot import Snapshot, build_snapshot
from batcher.store import batches, orders, stations
from batcher.store.batches import LiveBatch, StoredPlan
from batcher.store.session import Session

log = structlog.get_logger()

#: How far back a station may have begun to use the magazine of the unattended gap it is in.
_MAGAZINE_LOOK_BACK = timedelta(days=7)


def read_snapshot(floor: Floor, rules: RuleSet) -> Snapshot:
    """Return the planning problem of this moment under some rules."""
    now = floor.now()
    with floor.store.read() as session:
        work = orders.open_work(session)
        outlooks = read_outlooks(session, rules, now)
        running = _running_jobs(session, outlooks)
    return build_snapshot(rules, work, outlooks, running, now)


def read_outlooks(
    session: Session, rules: RuleSet, now: datetime, *, only: str | None = None
) -> dict[str, StationOutlook]:
    """Return the outlook of each station that is up, or of one of them."""
    rows = stations.all_stations(session)
    live: dict[str, list[LiveBatch]] = {}
    for entry in batches.live_batches(session, station=only):
        live.setdefault(entry.batch.station, []).append(entry)
    begins = batches.begins_since(session, now - _MAGAZINE_LOOK_BACK, station=only)
    outlooks = {}
    for station in rules.stations.values() if only is None else (rules.stations[only],):
        row = rows.get(station.id)
        if row is not None and row.state is StationState.DOWN:
            continue
        known = row.setup_state if row else None
        outlooks[station.id] = station_outlook(
            station, live.get(station.id, ()), known, begins.get(station.id, ()), now
        )
    return outlooks


def _running_jobs(session: Session, outlooks: dict[str, StationOutlook]) -> dict[str, datetime]:
    """Return when each job on a live ticket is expected to end."""
    ends = {tid: end for outlook in outlooks.values() for tid, end in outlook.ticket_ends.items()}
    return {job.job_id: ends.get(job.ticket_id, job.end_at) for job in batches.live_jobs(session)}


def solve_snapshot(floor: Floor, rules: RuleSet, snapshot: Snapshot) -> PlanResult:
    """Solve a snapshot within the budget of its rules."""
    return solve(
        snapshot.problem,
        budget_s=rules.planning.budget_s,
        workers=floor.settings.solver_workers,
        seed=floor.settings.seed,
        memory_mb=floor.settings.solver_memory_mb,
    )


def plan_cycle(floor: Floor) -> PlanInForce:
    """
    Plan what waits now and put the plan in force.

    Raises
    ------
    PlanningError
        When not even the greedy plan holds; the last plan stands.
    """
    began = time.perf_counter()
    floor.replan.clear()
    rules = floor.rules.current
    snapshot = read_snapshot(floor, rules)
    result = solve_snapshot(floor, rules, snapshot)
    plan = make_plan(rules, snapshot, result)
    with floor.store.write() as session:
        batches.save_plan(session, _stored(rules, plan))
    floor.plans.current = plan
    _tell(floor, plan, time.perf_counter() - began)
    return plan


def make_plan(rules: RuleSet, snapshot: Snapshot, result: PlanResult) -> PlanInForce:
    """Return a solved snapshot as a plan that release can work from."""
    margins = {family: rule.release.margin_s for family, rule in snapshot.rules_of.items()}
    return PlanInForce(
        id=new_id(),
        rules_hash=rules.hash,
        snapshot=snapshot,
        result=result,
        latest_begin=latest_begins(snapshot.problem, result.plan, margins),
        jobs={job.id: job for job in snapshot.problem.jobs},
    )


def _stored(rules: RuleSet, plan: PlanInForce) -> StoredPlan:
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
        document=plan_document(plan),
        problem_hash=hashlib.sha256(problem).hexdigest(),
    )


def _tell(floor: Floor, plan: PlanInForce, seconds: float) -> None:
    result, metrics = plan.result, floor.metrics
    gap = result.gap
    metrics.plan_seconds.observe(seconds)
    metrics.plan_cost.set(result.verdict.cost)
    metrics.plan_gap.set(float("nan") if gap is None else gap)
    metrics.plans.labels(status=result.plan.status.value).inc()
    log.info(
        "plan_made",
        plan_id=plan.id,
        rules_hash=plan.rules_hash,
        status=result.plan.status.value,
        jobs=result.verdict.jobs,
        batches=result.verdict.batches,
        unplanned=result.verdict.unplanned,
        left_out=len(plan.snapshot.left_out),
        late_orders=result.verdict.late_orders,
        cost=round(result.verdict.cost),
        greedy_cost=round(result.greedy_cost),
        bound=None if result.plan.bound is None else round(result.plan.bound),
        seconds=round(seconds, 2),
        note=result.note or None,
    )


def instant(plan: PlanInForce, seconds: int) -> datetime:
    """Return the instant of a second of a plan."""
    return plan.snapshot.at + timedelta(seconds=seconds)
