"""
What the board asks of the store: the open orders counted, the next hours of stations and couriers.

Every query here is bounded by what is open now or by a stretch of time, whatever was made before.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlmodel import Session

from batcher.domain.batches import Batch
from batcher.domain.orders import Order
from batcher.domain.states import BatchState, ItemState, JobState, OrderState
from batcher.store import tables
from batcher.store.rows import chunks, columns

_OPEN = (OrderState.HELD, OrderState.WAITING, OrderState.IN_PRODUCTION)
_STANDING = (BatchState.RELEASED, BatchState.RUNNING)
#: From so many jobs on, all that wait are read at once rather than those by name.
_MANY = 2000
_UNMADE = (ItemState.WAITING, ItemState.IN_PRODUCTION)


@dataclass(frozen=True)
class LeavingCount:
    """So many orders of one service and state leave by one moment."""

    leave_by_at: datetime
    service: str
    state: OrderState
    orders: int


@dataclass(frozen=True)
class Remake:
    """A piece that is made again because the first one came out wrong."""

    item_id: str
    sku: str
    order_key: str
    order_id: str
    reason: str
    leave_by_at: datetime


def open_by_state(s: Session) -> dict[OrderState, int]:
    """Count the orders in each state that is not over."""
    orders = tables.orders
    counts = dict.fromkeys(_OPEN, 0)
    found = s.execute(select(orders.c.state, func.count()).where(orders.c.state.in_(_OPEN)).group_by(orders.c.state))
    return counts | {row[0]: row[1] for row in found}


def leaving(s: Session, after: datetime, before: datetime) -> list[LeavingCount]:
    """Count the orders that leave between two moments, by moment, service and state."""
    orders = tables.orders
    found = s.execute(
        select(orders.c.leave_by_at, orders.c.service, orders.c.state, func.count())
        .where(orders.c.leave_by_at >= after, orders.c.leave_by_at < before)
        .group_by(orders.c.leave_by_at, orders.c.service, orders.c.state)
        .order_by(orders.c.leave_by_at, orders.c.service)
    )
    return [LeavingCount(*row) for row in found]


def outlooks_by_leaving(s: Session) -> dict[tuple[str, datetime], int]:
    """Count the open orders that are late or at risk, by outlook and leave-by time."""
    orders, outlooks = tables.orders, tables.outlooks
    found = s.execute(
        select(outlooks.c.outlook, orders.c.leave_by_at, func.count())
        .join_from(outlooks, orders, orders.c.key == outlooks.c.order_key)
        .group_by(outlooks.c.outlook, orders.c.leave_by_at)
    )
    return {(row[0], row[1]): row[2] for row in found}


def orders_by_outlook(s: Session, outlook: str, limit: int) -> list[Order]:
    """Return the orders that stand so, the most urgent first."""
    orders, outlooks = tables.orders, tables.outlooks
    found = s.execute(
        select(*columns(orders, Order))
        .join_from(outlooks, orders, orders.c.key == outlooks.c.order_key)
        .where(outlooks.c.outlook == outlook)
        .order_by(orders.c.leave_by_at, orders.c.key)
        .limit(limit)
    )
    return [Order(*row) for row in found]


def held_orders(s: Session, limit: int) -> list[Order]:
    """Return the held orders, the most urgent first."""
    orders = tables.orders
    held = select(*columns(orders, Order)).where(orders.c.state == OrderState.HELD)
    return [Order(*row) for row in s.execute(held.order_by(orders.c.leave_by_at, orders.c.key).limit(limit))]


def held_by_code(s: Session) -> dict[str, int]:
    """Return how many orders are held, by the code of why."""
    orders = tables.orders
    counted = select(orders.c.held_code, func.count()).where(orders.c.state == OrderState.HELD)
    return {code: count for code, count in s.execute(counted.group_by(orders.c.held_code)) if code}


def orders_like(s: Session, text: str, limit: int) -> list[Order]:
    """Return orders whose id begins with a text, or whose key it is, by id."""
    orders = tables.orders
    begins = (orders.c.order_id >= text, orders.c.order_id < text + "\U0010ffff")
    statement = select(*columns(orders, Order)).where(or_(orders.c.key == text, begins[0] & begins[1]))
    return [Order(*row) for row in s.execute(statement.order_by(orders.c.order_id, orders.c.key).limit(limit))]


def still_waiting(s: Session, jobs: Sequence[str]) -> set[str]:
    """Return those of the named jobs that wait, and whose order is not held."""
    table, orders = tables.jobs, tables.orders
    if len(jobs) > _MANY:
        waiting = s.execute(select(table.c.id).where(table.c.state == JobState.WAITING)).scalars()
        held = (
            select(table.c.id)
            .join_from(orders, table, table.c.order_key == orders.c.key)
            .where(orders.c.state == OrderState.HELD)
        )
        return set(jobs).intersection(waiting).difference(s.execute(held).scalars())
    found: set[str] = set()
    for part in chunks(jobs):
        found.update(
            s.execute(
                select(table.c.id)
                .join_from(table, orders, orders.c.key == table.c.order_key)
                .where(table.c.id.in_(part), table.c.state == JobState.WAITING, orders.c.state != OrderState.HELD)
            ).scalars()
        )
    return found


def batches_between(s: Session, start: datetime, end: datetime, limit: int) -> list[Batch]:
    """Return the batches that stand, and those that ended after `start`, as far as they begin before `end`."""
    table = tables.batches
    wanted = or_(table.c.state.in_(_STANDING), table.c.ended_at >= start)
    statement = select(*columns(table, Batch)).where(wanted, table.c.start_at < end)
    return [Batch(*row) for row in s.execute(statement.order_by(table.c.station, table.c.start_at).limit(limit))]


def failed_batches(s: Session, since: datetime, limit: int) -> list[Batch]:
    """Return the batches of which nothing was made, since a moment, the latest first."""
    table = tables.batches
    statement = select(*columns(table, Batch)).where(table.c.ended_at >= since, table.c.state == BatchState.FAILED)
    return [Batch(*row) for row in s.execute(statement.order_by(table.c.ended_at.desc()).limit(limit))]


def being_remade(s: Session, limit: int) -> list[Remake]:
    """Return the pieces that are made again and not made yet, the most urgent first."""
    items, orders = tables.items, tables.orders
    found = s.execute(
        select(items.c.id, items.c.sku, orders.c.key, orders.c.order_id, items.c.remake_reason, orders.c.leave_by_at)
        .join_from(items, orders, orders.c.key == items.c.order_key)
        .where(items.c.remake_of.is_not(None), items.c.state.in_(_UNMADE))
        .order_by(orders.c.leave_by_at, items.c.id)
        .limit(limit)
    )
    return [Remake(*row) for row in found]


def places_of(s: Session, jobs: Collection[str]) -> dict[str, tuple[str, str, str]]:
    """Return SKU, order id and order key of jobs, by job."""
    table, items, orders = tables.jobs, tables.items, tables.orders
    found: dict[str, tuple[str, str, str]] = {}
    for part in chunks(sorted(jobs)):
        rows = s.execute(
            select(table.c.id, items.c.sku, orders.c.order_id, orders.c.key)
            .join_from(table, items, items.c.id == table.c.item_id)
            .join(orders, orders.c.key == table.c.order_key)
            .where(table.c.id.in_(part))
        )
        found |= {row[0]: (row[1], row[2], row[3]) for row in rows}
    return found
