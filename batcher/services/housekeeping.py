"""What goes on beside planning: packed pieces roll up, what is old is forgotten, risks are told, gauges are set."""

from datetime import datetime, timedelta

import structlog

from batcher.services.context import Floor
from batcher.services.erasure import forget_old
from batcher.services.expected import OrderOutlook, outlooks_in_passing
from batcher.services.gauges import refresh_gauges
from batcher.services.giving_way import giving_way
from batcher.store import kept_answers, news, orders, reservations
from batcher.store.rows import chunks

log = structlog.get_logger()

#: How long what was answered to an Idempotency-Key is kept.
KEPT_ANSWERS = timedelta(days=1)
#: How long it can be looked up what became of a reservation.
KEPT_RESERVATIONS = timedelta(days=14)
#: Orders of which it is recorded in one commit that they are at risk, or no more: who writes too waits for each.
_TOLD_AT_ONCE = 100


def housekeep(floor: Floor) -> None:
    """Roll up what is packed, tell what is at risk, and refresh every gauge."""
    now, rules = floor.now(), floor.rules.current
    with floor.store.write() as session:
        completed = orders.pack_items(session, now, rules.site.pack_s)
        kept_answers.forget_answers(session, now - KEPT_ANSWERS)
        expired = reservations.expire_reservations(session, now)
        reservations.forget_reservations(session, now - KEPT_RESERVATIONS)
    for ident in expired:
        log.info("reservation_expired", reservation=ident)
    _tell_completed(floor, completed)
    forget_old(floor)
    outlooks = outlooks_in_passing(floor.store, rules, now)
    _tell_outlooks(floor, outlooks, now)
    refresh_gauges(floor, outlooks, now)


def _tell_completed(floor: Floor, keys: list[str]) -> None:
    """Count and log orders that are complete, by whether they kept their time."""
    with floor.store.read() as session:
        completed = [orders.get_order(session, key) for key in keys]
    for order in completed:
        packed_at = order.completed_at or floor.now()
        in_time = packed_at <= order.leave_by_at
        floor.metrics.orders_completed.labels(outcome="in_time" if in_time else "late").inc()
        floor.metrics.order_lead.observe(max(0.0, (packed_at - order.received_at).total_seconds()))
        log.info("order_complete", order_key=order.key, in_time=in_time)


def _tell_outlooks(floor: Floor, outlooks: list[OrderOutlook], now: datetime) -> None:
    """Record which open orders have begun, or ceased, to be at risk or late."""
    told = {outlook.key: "late" for outlook in outlooks if outlook.leave_by_at < now}
    told |= {o.key: "at_risk" for o in outlooks if o.key not in told and (o.slack_s() or 0) < 0}
    with floor.store.read() as session:
        before = news.outlooks_told(session)
    words = dict.fromkeys(before, news.ON_COURSE) | told
    changed = [(key, word) for key, word in words.items() if before.get(key) != word]
    for part in giving_way(chunks(changed, _TOLD_AT_ONCE)):  # a new plan may change that of thousands
        with floor.store.write() as session:
            news.note_outlooks(session, dict(part), now)
