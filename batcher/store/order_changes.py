"""An order that its sender changes before work on it begins."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session

from batcher.domain.orders import Order
from batcher.domain.states import OrderState
from batcher.errors import TooLateError, VersionError
from batcher.store import tables
from batcher.store.events import record
from batcher.store.order_intake import Held, NewOrder, content_of, promised, put_pieces, work_begun
from batcher.store.order_queries import get_order
from batcher.store.steps import ORDER, Subject, move

#: Holds that a person, or planning, put on it: other content does not lift them.
_KEPT_HOLDS = ("by_hand", "quarantined")


def change_order(
    s: Session, key: str, new: NewOrder, now: datetime, *, version: int | None, told: Mapping[str, object]
) -> Order:
    """
    Give an order other content, pieces and promise, as judged anew; a hold of a person's stays.

    The hash of what its source sent at first is kept, so that the first document sent again is still recognised.

    Parameters
    ----------
    version
        What it must be at; none: whatever it is at.

    Raises
    ------
    VersionError
        When it was changed meanwhile.
    TooLateError
        When work on it has begun, or it is over.
    """
    order = get_order(s, key)
    if version is not None and version != order.version:
        raise VersionError("order", order.order_id, order.version, version)
    if order.state not in (OrderState.HELD, OrderState.WAITING) or work_begun(s, key):
        raise TooLateError("order", order.order_id, order.state, "changed: work on it has begun, or it is over")
    put_pieces(s, key, new.pieces, now)
    _write(s, order, new)
    record(s, kind="order", ident=key, order_key=key, before=order.state, after=order.state, now=now, data=told)
    if order.leave_by_at != new.promise.leave_by_at:
        before, after = order.leave_by_at.isoformat(), new.promise.leave_by_at.isoformat()
        record(s, kind="promise", ident=key, order_key=key, before=before, after=after, now=now)
    if order.held_code not in _KEPT_HOLDS:
        _hold_or_free(s, order, new.held, now)
    return get_order(s, key)


def _write(s: Session, order: Order, new: NewOrder) -> None:
    wanted, orders = new.order, tables.orders
    values = {
        **promised(new.promise),
        **{name: getattr(wanted, name) for name in ("service", "tier", "channel", "country", "carrier", "attributes")},
        "pieces": sum(line.quantity for line in wanted.lines),
        "content": content_of(wanted),
        "version": orders.c.version + 1,
    }
    s.execute(update(orders).where(orders.c.key == order.key).values(values))


def _hold_or_free(s: Session, order: Order, held: Held | None, now: datetime) -> None:
    subject = Subject(order.key, order.state, order.key)
    if held is None and order.state is OrderState.HELD:
        move(s, ORDER, [subject], OrderState.WAITING, now, values={"held_code": None, "held_reason": None})
    elif held is not None and order.state is OrderState.WAITING:
        values = {"held_code": held.code, "held_reason": held.reason}
        data = {"code": held.code, "reason": held.reason}
        move(s, ORDER, [subject], OrderState.HELD, now, data=data, values=values)
    elif held is not None:
        values = {"held_code": held.code, "held_reason": held.reason}
        s.execute(update(tables.orders).where(tables.orders.c.key == order.key).values(values))
