"""Orders, pieces and jobs, read: single ones, lists for people, and the open work that planning starts from."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, exists, func, or_, select
from sqlmodel import Session

from batcher.domain.orders import Item, Job, OpenWork, Order, OrderIn
from batcher.domain.states import ItemState, JobState, OrderState
from batcher.errors import NotFoundError
from batcher.store import tables
from batcher.store.blanks import WAITS_FOR_BLANK
from batcher.store.order_intake import order_in
from batcher.store.rows import chunks, columns

#: States of orders that are planned.
PLANNED = (OrderState.WAITING, OrderState.IN_PRODUCTION)

# Made once: a statement keeps what it compiles to, and these run for every plan and every batch.
_o, _i, _j = tables.orders, tables.items, tables.jobs
_ORDER = select(*columns(_o, Order)).where(_o.c.key == bindparam("key"))
_ORDERS = select(*columns(_o, Order)).where(_o.c.key.in_(bindparam("keys", expanding=True)))
_OPEN_PAGE = (
    select(_o.c.key, _o.c.leave_by_at)
    .where(_o.c.state == bindparam("state", type_=_o.c.state.type), _o.c.key > bindparam("after"))
    .order_by(_o.c.key)
    .limit(bindparam("most"))
)
_ITEMS = select(*columns(_i, Item)).where(_i.c.id.in_(bindparam("idents", expanding=True)))
_IS_OPEN_WORK = (
    _j.c.state == JobState.WAITING,
    _i.c.state.in_((ItemState.WAITING, ItemState.IN_PRODUCTION)),
    ~WAITS_FOR_BLANK,
    _o.c.state.in_(PLANNED),
)
_OPEN_WORK = (
    select(*columns(_j, Job), *columns(_i, Item), *columns(_o, Order))
    .join_from(_j, _i, _i.c.id == _j.c.item_id)
    .join(_o, _o.c.key == _j.c.order_key)
    .where(*_IS_OPEN_WORK)
    .order_by(_j.c.id)
)
_WAITING_OF_PAGE = (
    select(_j.c.id, _j.c.order_key)
    .join_from(_j, _i, _i.c.id == _j.c.item_id)
    .join(_o, _o.c.key == _j.c.order_key)
    .where(_j.c.order_key.in_(bindparam("keys", expanding=True)), *_IS_OPEN_WORK)
)
# All of it in three parts: one row for all jobs of a piece or an order, where a join would give one for each job.
_WAITING = select(*columns(_j, Job)).where(_j.c.state == JobState.WAITING).order_by(_j.c.id)
_WAITING_ITEMS = select(*columns(_i, Item)).where(
    _i.c.id.in_(select(_j.c.item_id).where(_j.c.state == JobState.WAITING)),
    _i.c.state.in_((ItemState.WAITING, ItemState.IN_PRODUCTION)),
    ~WAITS_FOR_BLANK,
)
_WAITING_BY_PROCESS = (
    select(_j.c.process, func.count())
    .join_from(_j, _i, _i.c.id == _j.c.item_id)
    .join(_o, _o.c.key == _j.c.order_key)
    .where(*_IS_OPEN_WORK)
    .group_by(_j.c.process)
)
_WAITING_ORDERS = select(*columns(_o, Order)).where(
    _o.c.key.in_(select(_j.c.order_key).where(_j.c.state == JobState.WAITING)), _o.c.state.in_(PLANNED)
)
# The oldest so many orders that came in after one; an order that is held may have no jobs yet.
_came = tables.orders.alias()
_CAME_KEYS = (
    select(_came.c.key)
    .where(_came.c.placed_at >= bindparam("since", type_=_o.c.placed_at.type), _came.c.key > bindparam("after"))
    .where(exists().where(_j.c.order_key == _came.c.key))
    .order_by(_came.c.key)
    .limit(bindparam("most"))
)
_CAME = (
    select(*columns(_j, Job), *columns(_i, Item), *columns(_o, Order))
    .join_from(_j, _i, _i.c.id == _j.c.item_id)
    .join(_o, _o.c.key == _j.c.order_key)
    .where(_o.c.key.in_(_CAME_KEYS), _i.c.remake_of.is_(None))
    .order_by(_j.c.id)
)
_OPEN_WORK_OF = _OPEN_WORK.where(_j.c.id.in_(bindparam("jobs", expanding=True)))


def get_order(s: Session, key: str) -> Order:
    """
    Return one order.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    row = s.execute(_ORDER, {"key": key}).one_or_none()
    if row is None:
        raise NotFoundError("order", key)
    return Order(*row)


def find_orders(s: Session, order_id_or_key: str) -> list[Order]:
    """Return the orders that a source, or we, call so; sources may use the same id."""
    orders = tables.orders
    named = or_(orders.c.key == order_id_or_key, orders.c.order_id == order_id_or_key)
    found = s.execute(select(*columns(orders, Order)).where(named).order_by(orders.c.key))
    return [Order(*row) for row in found]


def order_content(s: Session, key: str) -> OrderIn:
    """Return an order as its source sent it."""
    content = s.execute(select(tables.orders.c.content).where(tables.orders.c.key == key)).scalar_one_or_none()
    if content is None:
        raise NotFoundError("order", key)
    return order_in(content)


def orders_by_key(s: Session, keys: Sequence[str]) -> dict[str, Order]:
    """Return the named orders, as far as there are any."""
    return {row[0]: Order(*row) for part in chunks(keys) for row in s.execute(_ORDERS, {"keys": part})}


@dataclass(frozen=True)
class OpenPage:
    """Some orders that are neither complete, cancelled nor held, and what waits of them."""

    leave_by_at: dict[str, datetime]  #: by key
    waiting: list[tuple[str, str]]  #: jobs of the open work by id, and whose they are
    last: str | None  #: the key that the next page begins behind; none: there is none


def open_page(s: Session, state: OrderState, after: str, most: int = 100) -> OpenPage:
    """Return orders in one of the states of `PLANNED` by key, those behind a key."""
    leave_by = {row[0]: row[1] for row in s.execute(_OPEN_PAGE, {"state": state, "after": after, "most": most})}
    keys = list(leave_by)
    waiting = [(row[0], row[1]) for row in s.execute(_WAITING_OF_PAGE, {"keys": keys})] if keys else []
    return OpenPage(leave_by, waiting, keys[-1] if len(keys) == most else None)


def open_work(s: Session) -> list[OpenWork]:
    """Return every waiting job of orders that are not held, and whose blank is there, by job id: what is planned."""
    items = {row[0]: Item(*row) for row in s.execute(_WAITING_ITEMS)}
    orders = {row[0]: Order(*row) for row in s.execute(_WAITING_ORDERS)}
    jobs = [Job(*row) for row in s.execute(_WAITING)]
    return [
        OpenWork(job, items[job.item_id], orders[job.order_key])
        for job in jobs
        if job.item_id in items and job.order_key in orders
    ]


def waiting_by_process(s: Session) -> dict[str, int]:
    """Return how many jobs of the open work wait for each process that has any."""
    return {row[0]: row[1] for row in s.execute(_WAITING_BY_PROCESS)}


def work_since(s: Session, since: datetime, after: str, most: int) -> list[OpenWork]:
    """
    Return the jobs of orders placed since then, remakes left out, whatever has become of them.

    Parameters
    ----------
    after
        Only those of orders that came in after this one; none: all.
    most
        Only those of the first so many orders that have any.
    """
    return _work(s.execute(_CAME, {"since": since, "after": after, "most": most}))


def work_after(s: Session, key: str) -> dict[str, list[OpenWork]]:
    """Return the open work of orders that came in after one, by order, the oldest first."""
    # without its order, which would have the database go through all that waits
    found = _work(s.execute(_OPEN_WORK.order_by(None).where(_o.c.key > key)))
    work: dict[str, list[OpenWork]] = {}
    for entry in sorted(found, key=lambda entry: (entry.order.key, entry.job.id)):
        work.setdefault(entry.order.key, []).append(entry)
    return work


def work_of(s: Session, job_ids: Sequence[str]) -> list[OpenWork]:
    """Return those of the named jobs that are open work."""
    return [work for part in chunks(job_ids) for work in _work(s.execute(_OPEN_WORK_OF, {"jobs": part}))]


def sku_of_jobs(s: Session, job_ids: Sequence[str]) -> dict[str, str]:
    """Return the SKU of the piece that each of the named jobs is a step of."""
    found: dict[str, str] = {}
    for part in chunks(job_ids):
        rows = s.execute(select(_j.c.id, _i.c.sku).join_from(_j, _i, _i.c.id == _j.c.item_id).where(_j.c.id.in_(part)))
        found.update((row[0], row[1]) for row in rows)
    return found


def _work(found: Iterable[Row[Any]]) -> list[OpenWork]:
    job_end = len(fields(Job))
    item_end = job_end + len(fields(Item))
    seen_items: dict[str, Item] = {}
    seen_orders: dict[str, Order] = {}
    work = []
    for row in found:
        job = Job(*row[:job_end])
        item = seen_items.get(job.item_id)
        if item is None:
            item = seen_items[job.item_id] = Item(*row[job_end:item_end])
        order = seen_orders.get(job.order_key)
        if order is None:
            order = seen_orders[job.order_key] = Order(*row[item_end:])
        work.append(OpenWork(job, item, order))
    return work


def items_of(s: Session, key: str) -> list[Item]:
    """Return the pieces of an order, remakes and scrapped ones included."""
    items = tables.items
    return [
        Item(*row)
        for row in s.execute(select(*columns(items, Item)).where(items.c.order_key == key).order_by(items.c.id))
    ]


def items_by_id(s: Session, ids: Sequence[str]) -> dict[str, Item]:
    """Return the named pieces by id."""
    return {row[0]: Item(*row) for part in chunks(ids) for row in s.execute(_ITEMS, {"idents": part})}


def jobs_by_id(s: Session, ids: Sequence[str]) -> list[Job]:
    """Return the named jobs."""
    jobs = tables.jobs
    return [
        Job(*row)
        for part in chunks(ids)
        for row in s.execute(select(*columns(jobs, Job)).where(jobs.c.id.in_(part)).order_by(jobs.c.id))
    ]


def made_at_by_order(s: Session) -> dict[str, datetime]:
    """Return when the last of an order's pieces that are made and not packed was made, its rest included."""
    items = tables.items
    found = s.execute(
        select(items.c.order_key, func.max(items.c.made_at))
        .where(items.c.state == ItemState.MADE)
        .group_by(items.c.order_key)
    )
    return {row[0]: row[1] for row in found}


def jobs_of(s: Session, key: str) -> list[Job]:
    """Return the jobs of an order."""
    jobs = tables.jobs
    return [
        Job(*row) for row in s.execute(select(*columns(jobs, Job)).where(jobs.c.order_key == key).order_by(jobs.c.id))
    ]


def orders_by_state(s: Session) -> dict[OrderState, int]:
    """Count the orders in each state; every state is there."""
    counts = dict.fromkeys(OrderState, 0)
    for state, count in s.execute(select(tables.orders.c.state, func.count()).group_by(tables.orders.c.state)):
        counts[state] = count
    return counts


def count_held(s: Session, codes: Collection[str]) -> int:
    """Count the orders that are held with one of some codes."""
    held: int = s.execute(select(func.count()).where(tables.orders.c.held_code.in_(codes))).scalar_one()
    return held


def oldest_waiting_at(s: Session) -> datetime | None:
    """Return when the longest waiting order came in; none when none waits."""
    orders = tables.orders
    oldest: datetime | None = s.execute(
        select(func.min(orders.c.received_at)).where(orders.c.state == OrderState.WAITING)
    ).scalar_one()
    return oldest
