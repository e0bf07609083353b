"""What goes on beside planning: packed pieces roll up, what is old is forgotten, gauges are set."""

from datetime import timedelta

import structlog

from batcher.services.context import Floor
from batcher.services.erasure import forget_old
from batcher.services.gauges import refresh_gauges
from batcher.store import kept_answers, orders, reservations

log = structlog.get_logger()

#: How long what was answered to an Idempotency-Key is kept.
KEPT_ANSWERS = timedelta(days=1)
#: How long it can be looked up what became of a reservation.
KEPT_RESERVATIONS = timedelta(days=14)


def housekeep(floor: Floor) -> None:
    """Roll up what is packed, forget what is old, and refresh the gauges."""
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
    refresh_gauges(floor, now)


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
