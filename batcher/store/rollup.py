"""
The state of an order as its pieces make it: the one place where it is worked out.

Holding, releasing and cancelling are decisions about the order itself; they are in `order_steps`.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session

from batcher.domain.states import ItemState, OrderState
from batcher.store import tables
from batcher.store.rows import chunks
from batcher.store.steps import ORDER, Subject, move

#: Orders in these states follow their pieces; the others stay until a person acts, or for good.
_FOLLOWING = (OrderState.WAITING, OrderState.IN_PRODUCTION)
#: Pieces that no longer count: another stands in for them, or nobody wants them.
_GONE = (ItemState.SCRAPPED, ItemState.CANCELLED)


@dataclass
class Tally:
    """How many pieces of an order stand where."""

    state: OrderState
    pieces: dict[ItemState, int] = field(default_factory=dict)
    last_packed_at: datetime | None = None

    def state_of_order(self) -> OrderState:
        """Return the state the pieces make; an order that has begun never waits as a whole again."""
        live = {state: count for state, count in self.pieces.items() if state not in _GONE}
        if live and set(live) == {ItemState.PACKED}:
            return OrderState.COMPLETE
        begun = any(state is not ItemState.WAITING for state in self.pieces)
        return OrderState.IN_PRODUCTION if begun else OrderState.WAITING


def tallies(s: Session, keys: Collection[str]) -> dict[str, Tally]:
    """Count the pieces of orders by state."""
    found: dict[str, Tally] = {}
    orders, items = tables.orders, tables.items
    for part in chunks(sorted(keys)):
        rows = s.execute(
            select(orders.c.key, orders.c.state, items.c.state, func.count(), func.max(items.c.packed_at))
            .join_from(orders, items, items.c.order_key == orders.c.key)
            .where(orders.c.key.in_(part))
            .group_by(orders.c.key, orders.c.state, items.c.state)
        )
        for key, order_state, item_state, count, packed_at in rows:
            tally = found.setdefault(key, Tally(order_state))
            tally.pieces[item_state] = count
            if packed_at is not None:
                tally.last_packed_at = packed_at
    return found


def roll_up(s: Session, keys: Collection[str], now: datetime) -> list[str]:
    """Bring orders to the state their pieces make; return the keys of those that became complete."""
    completed: list[str] = []
    others: dict[OrderState, list[Subject[OrderState]]] = {}
    for key, tally in tallies(s, keys).items():
        wanted = tally.state_of_order()
        if tally.state not in _FOLLOWING or wanted is tally.state:
            continue
        subject = Subject(key, tally.state, key)
        if wanted is OrderState.COMPLETE:
            move(s, ORDER, [subject], wanted, now, values={"completed_at": tally.last_packed_at})
            completed.append(key)
        else:
            others.setdefault(wanted, []).append(subject)
    for wanted, subjects in others.items():
        move(s, ORDER, subjects, wanted, now)
    return completed
