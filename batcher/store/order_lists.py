"""Orders listed for people and programs: a page at a time, by what they ask for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session

from batcher.domain.orders import Order
from batcher.domain.states import OrderState
from batcher.store import tables
from batcher.store.rows import columns

_OPEN = (OrderState.HELD, OrderState.WAITING, OrderState.IN_PRODUCTION)


@dataclass(frozen=True)
class OrderFilter:
    """Which orders are wanted; what is none does not matter."""

    states: Collection[OrderState] | None = None
    source: str | None = None
    order_id: str | None = None
    service: str | None = None
    tier: str | None = None
    channel: str | None = None
    country: str | None = None
    held_code: str | None = None
    leaves_from: datetime | None = None  #: its leave-by time is then or later
    leaves_before: datetime | None = None


#: Fields of the filter that name a column and the word it must hold.
_WORDS = ("source", "order_id", "service", "tier", "channel", "country", "held_code")


def list_orders(
    s: Session, *, states: Collection[OrderState] | None = None, limit: int = 100, after: str | None = None
) -> list[Order]:
    """Return a page of orders by key, which is by time of receipt; `after` is the last key of the page before."""
    return find_page(s, OrderFilter(states=states), limit=limit, after=after)


def find_page(s: Session, wanted: OrderFilter, *, limit: int = 100, after: str | None = None) -> list[Order]:
    """Return a page of the orders that are wanted, like `list_orders`."""
    orders = tables.orders
    statement = select(*columns(orders, Order)).where(*_conditions(wanted)).order_by(orders.c.key).limit(limit)
    if after is not None:
        statement = statement.where(orders.c.key > after)
    return [Order(*row) for row in s.execute(statement)]


def count_open(s: Session) -> int:
    """Count the orders that are neither complete nor cancelled."""
    found: int = s.execute(select(func.count()).where(tables.orders.c.state.in_(_OPEN))).scalar_one()
    return found


def _conditions(wanted: OrderFilter) -> list[ColumnElement[bool]]:
    c = tables.orders.c
    found: list[ColumnElement[bool]] = [
        c[name] == getattr(wanted, name) for name in _WORDS if getattr(wanted, name) is not None
    ]
    if wanted.states is not None:
        found.append(c.state.in_(wanted.states))
    if wanted.leaves_from is not None:
        found.append(c.leave_by_at >= wanted.leaves_from)
    if wanted.leaves_before is not None:
        found.append(c.leave_by_at < wanted.leaves_before)
    return found
