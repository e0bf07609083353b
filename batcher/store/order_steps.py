"""
What people and the clock do to orders: hold, release, pack. What cancelling one means is in `cancel`.

`told` is who wanted it and why, for the event.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import select, update
from sqlmodel import Session

from batcher.domain.orders import Order
from batcher.domain.states import ItemState, OrderState
from batcher.errors import TransitionError
from batcher.store import tables
from batcher.store.events import record
from batcher.store.order_queries import get_order
from batcher.store.rollup import roll_up, tallies
from batcher.store.steps import ITEM, ORDER, Subject, move, subject

_NOTHING: Mapping[str, object] = MappingProxyType({})
_NOT_HELD = {"held_code": None, "held_reason": None}


def hold_order(
    s: Session, key: str, code: str, reason: str, now: datetime, *, told: Mapping[str, object] = _NOTHING
) -> Order:
    """Stop planning an order; what has been released goes on."""
    data = {**told, "code": code, "reason": reason}
    values = {"held_code": code, "held_reason": reason}
    move(s, ORDER, [subject(s, ORDER, key)], OrderState.HELD, now, data=data, values=values)
    return get_order(s, key)


def hold_otherwise(s: Session, key: str, code: str, reason: str, now: datetime) -> None:
    """Say anew why a held order is held; one that is held no more stays as it is."""
    orders = tables.orders
    held = (orders.c.key == key) & (orders.c.state == OrderState.HELD)
    before = s.execute(select(orders.c.held_code).where(held)).scalar_one_or_none()
    if before is None:
        return
    s.execute(update(orders).where(held).values(held_code=code, held_reason=reason))
    if before != code:
        data = {"code": code, "reason": reason}
        record(s, kind="order", ident=key, order_key=key, before="held", after="held", now=now, data=data)


def release_order(s: Session, key: str, now: datetime, *, told: Mapping[str, object] = _NOTHING) -> Order:
    """Let a held order be planned again; one whose pieces were packed meanwhile is complete."""
    held = subject(s, ORDER, key)
    tally = tallies(s, [key]).get(key)
    if tally is None:
        raise TransitionError("order", key, held.state, "released: it has no pieces yet, it must be judged anew")
    state = tally.state_of_order()
    wanted = OrderState.IN_PRODUCTION if state is OrderState.COMPLETE else state
    move(s, ORDER, [held], wanted, now, data=told, values=_NOT_HELD)
    roll_up(s, [key], now)
    return get_order(s, key)


def pack_items(s: Session, now: datetime, pack_s: int) -> list[str]:
    """Count pieces as packed that were made `pack_s` seconds ago; return the keys of orders completed by it."""
    items = tables.items
    packing = timedelta(seconds=pack_s)
    found = s.execute(
        select(items.c.id, items.c.order_key, items.c.made_at)
        .where(items.c.state == ItemState.MADE, items.c.made_at <= now - packing)
        .order_by(items.c.made_at, items.c.id)
    ).all()
    by_moment: dict[datetime, list[Subject[ItemState]]] = {}
    for row in found:
        by_moment.setdefault(row.made_at, []).append(Subject(row.id, ItemState.MADE, row.order_key))
    for made_at, made in by_moment.items():
        move(s, ITEM, made, ItemState.PACKED, now, values={"packed_at": made_at + packing})
    return roll_up(s, {row.order_key for row in found}, now)
