"""
One planning cycle: read the queue, plan it, keep the plan.

Planning never blocks anything: whatever happens, a verified plan comes out or the last one stands. Orders that break
planning are found and held, and the others are planned without them. How a plan is made is `planner`'s work, what is
released from it `releasing`'s.
"""

import time
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

import structlog

from batcher.domain.states import StationState
from batcher.errors import PlanningError
from batcher.planning.brief import Plans, planned
from batcher.planning.plan import Batch, PlanStatus
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor
from batcher.services.families import FamilyBook
from batcher.services.forecast import StationOutlook, station_outlook, unattended_since
from batcher.services.plan_in_force import PlanInForce
from batcher.services.plan_record import tell_plan
from batcher.services.plan_view import plan_view
from batcher.services.planner import Planner, Queue
from batcher.services.quarantine import find_culprits, find_deadly, quarantine
from batcher.services.quoted_work import reserved_work
from batcher.services.snapshot import Snapshot
from batcher.store import batches, orders, reservations, stations
from batcher.store.batches import LiveBatch, StoredPlan
from batcher.store.session import Session

log = structlog.get_logger()

#: So long the orders that break planning are looked for, while the last plan stands: not so long that the loop seems
#: stuck, which would have the watchdog start the daemon anew.
_BLAMING_S = 20.0
#: After so many fallback plans in a row an order is looked for that ends every search; then after twice as many.
_PATIENCE = 3


def read_snapshot(floor: Floor, rules: RuleSet) -> Snapshot:
    """Return the planning problem of this moment under some rules."""
    return read_queue(floor, rules).snapshot(rules)


def read_queue(floor: Floor, rules: RuleSet) -> Queue:
    """Return what there is to plan at this moment, and how it was planned last."""
    now = floor.now()
    with floor.store.read() as session:
        work = [*orders.open_work(session), *reserved_work(rules, reservations.standing(session, now))]
        outlooks = read_outlooks(session, rules, now)
        running = _running_jobs(session, outlooks)
        last = batches.latest_plan(session)
        expected = floor.arrivals.now(session, rules, now)
    batches_before = () if last is None else _batches_of(last)
    book = floor.families if rules is floor.rules.current else FamilyBook()
    return Queue(now, work, outlooks, running, batches_before, book, expected)


def _batches_of(stored: StoredPlan) -> tuple[Batch, ...]:
    """Return a stored plan's batches, their times on the one clock that all plans share."""
    return tuple(
        Batch(batch.id, batch.station, "", int(batch.start_at.timestamp()), int(batch.end_at.timestamp()), batch.jobs)
        for batch in plan_view(stored).batches
    )


def read_outlooks(
    session: Session, rules: RuleSet, now: datetime, *, only: Collection[str] | None = None
) -> dict[str, StationOutlook]:
    """Return the outlook of each station that is up, or of some of them."""
    wanted = [station for station in rules.stations.values() if only is None or station.id in only]
    single = wanted[0].id if len(wanted) == 1 else None
    rows = stations.all_stations(session)
    live: dict[str, list[LiveBatch]] = {}
    for entry in batches.live_batches(session, station=single):
        live.setdefault(entry.batch.station, []).append(entry)
    gaps = [begun for station in wanted if (begun := unattended_since(station, now)) is not None]
    begins = batches.begins_since(session, min(gaps), station=single) if gaps else {}
    outlooks = {}
    for station in wanted:
        row = rows.get(station.id)
        if row is not None and row.state is StationState.DOWN:
            continue
        known = row.setup_state if row else None
        outlook = station_outlook(station, live.get(station.id, ()), known, begins.get(station.id, ()), now)
        outlooks[station.id] = replace(outlook, on_probation=row is not None and row.quarantine is not None)
    return outlooks


def _running_jobs(session: Session, outlooks: dict[str, StationOutlook]) -> dict[str, datetime]:
    """Return when each job on a live ticket is expected to end."""
    ends = {tid: end for outlook in outlooks.values() for tid, end in outlook.ticket_ends.items()}
    return {job.job_id: ends.get(job.ticket_id, job.end_at) for job in batches.live_jobs(session)}


def plan_cycle(floor: Floor, *, plans: Plans = planned) -> PlanInForce:
    """
    Plan what waits now and put the plan in force.

    Parameters
    ----------
    plans
        Makes the plan: here, unless it is a process of its own.

    Raises
    ------
    PlanningError
        When planning breaks and no order is to blame; the last plan stands.
    """
    began = time.perf_counter()
    floor.replan.clear()
    rules = floor.rules.current
    planner = Planner(rules, floor.settings, plans)
    queue = read_queue(floor, rules)
    try:
        plan, stored = _made(floor, planner, queue)
    except PlanningError as error:
        floor.metrics.plan_failures.labels(code=error.code).inc()
        raise
    with floor.store.write() as session:
        batches.save_plan(session, stored)
    floor.plans.current = plan
    tell_plan(floor, plan, time.perf_counter() - began)
    _watch_fallbacks(floor, planner, queue, plan)
    return plan


def plan_now(floor: Floor) -> PlanInForce:
    """Return the plan that a cycle would make now; nothing is kept."""
    rules = floor.rules.current
    planner = Planner(rules, floor.settings)
    return planner.made(read_queue(floor, rules), rules.planning.budget_s)[0]


def _made(floor: Floor, planner: Planner, queue: Queue) -> tuple[PlanInForce, StoredPlan]:
    """Return a plan of the queue; if that breaks, one without the orders that are to blame, or a quick one."""
    budget_s = planner.rules.planning.budget_s
    try:
        return planner.made(queue, budget_s)
    except Exception as error:
        log.exception("planning_broke", error=type(error).__name__)
    culprits = find_culprits(queue.orders(), lambda keys: planner.made(queue.only(keys), 0), budget_s=_BLAMING_S)
    quarantine(floor, culprits)
    try:
        if culprits:
            return planner.made(read_queue(floor, planner.rules), budget_s)
        return planner.made(queue.only(queue.orders()), 0)  # what broke may have passed, or lie in the search
    except PlanningError:
        raise
    except Exception as error:
        raise PlanningError(f"planning breaks, and no order is to blame: {type(error).__name__}: {error}") from error


def _watch_fallbacks(floor: Floor, planner: Planner, queue: Queue, plan: PlanInForce) -> None:
    """Look for an order that ends every search, when no search has come to an answer for some plans in a row."""
    plans = floor.plans
    plans.fallbacks = plans.fallbacks + 1 if plan.result.plan.status is PlanStatus.FALLBACK else 0
    times, rest = divmod(plans.fallbacks, _PATIENCE)
    if rest or times.bit_count() != 1:
        return
    whole, quick = planner.rules.planning.budget_s, planner.made(queue.only(queue.orders()), 0)[0].result.seconds
    if 2 * quick > whole:
        return  # there was hardly time to search
    budget_s = min(whole, 2 * quick + 1)
    deadly = find_deadly(queue.orders(), lambda keys: planner.searched(queue.only(keys), budget_s), budget_s=_BLAMING_S)
    quarantine(floor, deadly)
