"""What goes on beside planning: packed pieces roll up, gauges are set, silence is noticed."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog

from batcher.domain.states import LIVE_TICKET, OrderState, StationState, TicketState
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor
from batcher.services.doubt import refresh_doubt
from batcher.services.erasure import forget_old
from batcher.services.expected import OrderOutlook, order_outlooks
from batcher.services.quarantine import QUARANTINED
from batcher.store import batches, kept_answers, news, orders, stations
from batcher.store.batches import LiveBatch

log = structlog.get_logger()

#: How long what was answered to an Idempotency-Key is kept.
KEPT_ANSWERS = timedelta(days=1)


def housekeep(floor: Floor) -> None:
    """Roll up what is packed and refresh every gauge."""
    now, rules = floor.now(), floor.rules.current
    with floor.store.write() as session:
        completed = orders.pack_items(session, now, rules.site.pack_s)
        kept_answers.forget_answers(session, now - KEPT_ANSWERS)
    for key in completed:
        log.info("order_complete", order_key=key)
    forget_old(floor)
    refresh_gauges(floor, now)


def refresh_gauges(floor: Floor, now: datetime) -> None:
    """Set the gauges from one read of the store."""
    metrics, rules = floor.metrics, floor.rules.current
    with floor.store.read() as session:
        by_state = orders.orders_by_state(session)
        outlooks = order_outlooks(session, rules, now)
        work = orders.open_work(session)
        live = batches.live_batches(session)
        rows = stations.all_stations(session)
        oldest = orders.oldest_waiting_at(session)
        quarantined = orders.count_held(session, QUARANTINED)
    for state in OrderState:
        metrics.orders.labels(state=state.value).set(by_state.get(state, 0))
    metrics.orders_quarantined.set(quarantined)
    metrics.oldest_waiting.set(0 if oldest is None else (now - oldest).total_seconds())
    waiting = Counter(entry.job.process for entry in work)
    for process in rules.processes:
        metrics.jobs_waiting.labels(process=process).set(waiting.get(process, 0))
    _risk(floor, outlooks, now)
    _tell_outlooks(floor, outlooks, now)
    _tickets(floor, rules, live, now)
    for sid in rules.stations:
        down = sid in rows and rows[sid].state is StationState.DOWN
        metrics.station_up.labels(station=sid).set(0 if down else 1)
    refresh_doubt(floor)


def _risk(floor: Floor, outlooks: list[OrderOutlook], now: datetime) -> None:
    """Tell how much time open orders have left, as far as they are planned."""
    slacks = [slack for outlook in outlooks if (slack := outlook.slack_s()) is not None]
    floor.metrics.slack.observe_all(slacks)
    floor.metrics.orders_at_risk.set(sum(slack < 0 for slack in slacks))
    floor.metrics.orders_late.set(sum(outlook.order.leave_by_at < now for outlook in outlooks))


def _tell_outlooks(floor: Floor, outlooks: list[OrderOutlook], now: datetime) -> None:
    """Record which open orders have begun, or ceased, to be at risk or late."""
    told = {outlook.order.key: "late" for outlook in outlooks if outlook.order.leave_by_at < now}
    told |= {o.order.key: "at_risk" for o in outlooks if o.order.key not in told and (o.slack_s() or 0) < 0}
    with floor.store.read() as session:
        same = news.outlooks_told(session) == told
    if not same:
        with floor.store.write() as session:
            news.note_outlooks(session, told, now)


def _tickets(floor: Floor, rules: RuleSet, live: Iterable[LiveBatch], now: datetime) -> None:
    counts = Counter((entry.batch.station, entry.state) for entry in live)
    overdue = Counter(entry.batch.station for entry in live if is_overdue(rules, entry, now))
    for sid in rules.stations:
        for state in LIVE_TICKET:
            floor.metrics.tickets_live.labels(station=sid, state=state.value).set(counts.get((sid, state), 0))
        floor.metrics.tickets_overdue.labels(station=sid).set(overdue.get(sid, 0))


def is_overdue(rules: RuleSet, entry: LiveBatch, now: datetime) -> bool:
    """Tell whether a ticket that was sent has brought no report for longer than its station is given."""
    station = rules.stations.get(entry.batch.station)
    if station is None or entry.state is TicketState.RELEASED:
        return False
    return now > entry.batch.end_at + timedelta(seconds=station.silent_after_s)
