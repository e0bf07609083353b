"""
Orders coming in: one order becomes one order row, its pieces and their jobs, or is recognised as seen before.

What an order's pieces are and whether it is held was judged before, by the rules; nothing here asks them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlmodel import Session

from batcher.domain.ids import new_id
from batcher.domain.orders import Item, OrderIn, OrderLine, Promise
from batcher.domain.states import ItemState, JobState, OrderState
from batcher.errors import ConflictError, NotFoundError, TransitionError
from batcher.store import tables
from batcher.store.archive import archived_seen
from batcher.store.events import Change, record_all
from batcher.store.many import insert_many
from batcher.store.rows import chunks

_o = tables.orders
# made once: this is asked with every order that comes in
_SEEN = select(_o.c.order_id, _o.c.key, _o.c.content_hash).where(
    _o.c.source == bindparam("source"), _o.c.order_id.in_(bindparam("ids", expanding=True))
)


@dataclass(frozen=True)
class NewPiece:
    """One piece to be made, with the processes of its route in order."""

    line_id: str
    sku: str
    product: str
    finish: str
    text: str
    artwork: str | None
    attributes: dict[str, str]
    processes: tuple[str, ...]

    def as_item(self, ident: str = "", order_key: str = "") -> Item:
        """Return the item it becomes; without ids while it is not stored."""
        return Item(
            id=ident,
            order_key=order_key,
            line_id=self.line_id,
            sku=self.sku,
            product=self.product,
            finish=self.finish,
            text=self.text,
            artwork=self.artwork,
            attributes=self.attributes,
            state=ItemState.WAITING,
        )


@dataclass(frozen=True)
class Held:
    """Why an order is not worked on: a stable code, and what a person can do about it."""

    code: str
    reason: str


@dataclass(frozen=True)
class Added:
    """What became of an order that came in."""

    key: str
    created: bool  #: false: the same order had come in before, nothing was changed


@dataclass(frozen=True)
class NewOrder:
    """An order that has been judged and is to be kept."""

    order: OrderIn
    promise: Promise
    pieces: Sequence[NewPiece]
    held: Held | None


def add_order(
    s: Session, order: OrderIn, promise: Promise, pieces: Sequence[NewPiece], *, held: Held | None, now: datetime
) -> Added:
    """
    Keep an order, once.

    Raises
    ------
    ConflictError
        Its source has sent the same order id with other content before.
    """
    (added,) = add_orders(s, [NewOrder(order, promise, pieces, held)], now)
    if added is None:
        raise ConflictError(f"order {order.order_id} came in before with other content; it was kept as it was")
    return added


def add_orders(s: Session, new: Sequence[NewOrder], now: datetime) -> list[Added | None]:
    """Keep orders, each once; one that its source has sent with other content before is none in its place."""
    seen = seen_orders(s, [entry.order for entry in new])
    added: list[Added | None] = []
    created: list[tuple[str, NewOrder]] = []
    for entry in new:
        ident = (entry.order.source, entry.order.order_id)
        if ident not in seen:
            key = new_id()
            seen[ident] = (key, entry.order.content_hash)
            created.append((key, entry))
            added.append(Added(key, created=True))
            continue
        key, content_hash = seen[ident]
        added.append(Added(key, created=False) if content_hash == entry.order.content_hash else None)
    insert_many(s, tables.orders, [_order_row(key, entry, now) for key, entry in created])
    _insert_pieces(s, [(new_id(), key, piece) for key, entry in created for piece in entry.pieces], now)
    record_all(s, [_came_in(key, entry) for key, entry in created], now)
    return added


def add_remake(s: Session, key: str, piece: NewPiece, *, remake_of: str, reason: str, now: datetime) -> str:
    """Add a piece that stands in for one that failed; return its id."""
    item_id = new_id()
    _insert_pieces(s, [(item_id, key, piece)], now, remake_of=remake_of, remake_reason=reason)
    data = {"remake_of": remake_of, "reason": reason}
    record_all(s, [Change("item", item_id, key, None, ItemState.WAITING, data)], now)
    return item_id


def replace_pieces(s: Session, key: str, promise: Promise, pieces: Sequence[NewPiece], now: datetime) -> None:
    """
    Give a held order that has been judged anew its new pieces and promise.

    Raises
    ------
    TransitionError
        When the order is not held, or one of its jobs has ever left `waiting`.
    """
    orders = tables.orders
    state = s.execute(select(orders.c.state).where(orders.c.key == key)).scalar_one_or_none()
    if state is None:
        raise NotFoundError("order", key)
    if state is not OrderState.HELD or work_begun(s, key):
        raise TransitionError("order", key, state, "judged anew: it must be held, and no work on it begun")
    put_pieces(s, key, pieces, now)
    s.execute(update(orders).where(orders.c.key == key).values(**promised(promise), version=orders.c.version + 1))


def work_begun(s: Session, key: str) -> bool:
    """Tell whether a job of an order has ever left `waiting`, also when it came back."""
    jobs = tables.jobs
    begun = s.execute(select(jobs.c.id).where(jobs.c.order_key == key, jobs.c.state != JobState.WAITING).limit(1))
    ever = s.execute(
        select(tables.ticket_items.c.job_id)
        .join(jobs, jobs.c.id == tables.ticket_items.c.job_id)
        .where(jobs.c.order_key == key)
        .limit(1)
    )
    return begun.first() is not None or ever.first() is not None


def put_pieces(s: Session, key: str, pieces: Sequence[NewPiece], now: datetime) -> None:
    """Put other pieces in the place of an order's, on none of which work has begun."""
    s.execute(delete(tables.jobs).where(tables.jobs.c.order_key == key))
    s.execute(delete(tables.items).where(tables.items.c.order_key == key))
    _insert_pieces(s, [(new_id(), key, piece) for piece in pieces], now)


def seen_orders(s: Session, orders: Sequence[OrderIn]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return key and content hash of those orders that came in before, by source and order id."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for source in {order.source for order in orders}:
        for part in chunks([order.order_id for order in orders if order.source == source]):
            rows = s.execute(_SEEN, {"source": source, "ids": part})
            found |= {(source, order_id): (key, content_hash) for order_id, key, content_hash in rows}
        gone = [order.order_id for order in orders if (source, order.order_id) not in found and order.source == source]
        found |= {(source, order_id): known for order_id, known in archived_seen(s, source, gone).items()}
    return found


def _order_row(key: str, entry: NewOrder, now: datetime) -> dict[str, object]:
    order, held = entry.order, entry.held
    return {
        "key": key,
        "source": order.source,
        "order_id": order.order_id,
        "state": _first_state(entry),
        "placed_at": order.placed_at,
        "received_at": now,
        "service": order.service,
        "tier": order.tier,
        "channel": order.channel,
        "country": order.country,
        "carrier": order.carrier,
        "attributes": order.attributes,
        **promised(entry.promise),
        "pieces": sum(line.quantity for line in order.lines),
        "content": content_of(order),
        "content_hash": order.content_hash,
        "held_code": None if held is None else held.code,
        "held_reason": None if held is None else held.reason,
        "version": 1,
    }


def _came_in(key: str, entry: NewOrder) -> Change:
    data = {"order_id": entry.order.order_id, "source": entry.order.source}
    if entry.held is not None:
        data |= {"code": entry.held.code, "reason": entry.held.reason}
    return Change("order", key, key, None, _first_state(entry), data)


def _first_state(entry: NewOrder) -> OrderState:
    return OrderState.WAITING if entry.held is None else OrderState.HELD


def _insert_pieces(
    s: Session,
    pieces: Sequence[tuple[str, str, NewPiece]],
    now: datetime,
    *,
    remake_of: str | None = None,
    remake_reason: str | None = None,
) -> None:
    """Insert pieces, given with their id and their order's key, and a waiting job for every step of each."""
    items: list[dict[str, object]] = [
        {
            "id": item_id,
            "order_key": key,
            "line_id": piece.line_id,
            "sku": piece.sku,
            "product": piece.product,
            "finish": piece.finish,
            "text": piece.text,
            "artwork": piece.artwork,
            "attributes": piece.attributes,
            "state": ItemState.WAITING,
            "remake_of": remake_of,
            "remake_reason": remake_reason,
        }
        for item_id, key, piece in pieces
    ]
    jobs: list[dict[str, object]] = [
        {
            "id": f"{item_id}-{step}",
            "item_id": item_id,
            "order_key": key,
            "step": step,
            "steps": len(piece.processes),
            "process": process,
            "state": JobState.WAITING,
            "ready_at": now if step == 1 else None,
        }
        for item_id, key, piece in pieces
        for step, process in enumerate(piece.processes, start=1)
    ]
    insert_many(s, tables.items, items)
    insert_many(s, tables.jobs, jobs)


def promised(promise: Promise) -> dict[str, object]:
    """Return a promise as columns of its order."""
    return {
        "leave_by_at": promise.leave_by_at,
        "late_cost_minor": promise.late_cost_minor,
        "late_cost_per_hour_minor": promise.late_cost_per_hour_minor,
        "due_how": promise.how,
        "possible": promise.possible,
    }


def content_of(order: OrderIn) -> dict[str, Any]:
    """Return what a source sent as plain JSON."""
    # not `asdict`: it copies every value, and this runs for every order
    return {
        **vars(order),
        "placed_at": order.placed_at.isoformat(),
        "lines": [vars(line) for line in order.lines],
    }


def order_in(content: dict[str, Any]) -> OrderIn:
    """Return what `content_of` was made from."""
    lines = tuple(OrderLine(**line) for line in content["lines"])
    return OrderIn(**{**content, "placed_at": datetime.fromisoformat(content["placed_at"]), "lines": lines})
