"""
Orders coming in: one order becomes one order row, its pieces and their jobs, or is recognised as seen before.

What an order's pieces are and whether it is held was judged before, by the rules; nothing here asks them.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session

from batcher.domain.ids import new_id
from batcher.domain.orders import OrderIn, OrderLine, Promise
from batcher.domain.states import ItemState, JobState, OrderState
from batcher.errors import ConflictError, NotFoundError, TransitionError
from batcher.store import tables
from batcher.store.events import record


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
    orders = tables.orders
    found = s.execute(
        select(orders.c.key, orders.c.content_hash).where(
            orders.c.source == order.source, orders.c.order_id == order.order_id
        )
    ).one_or_none()
    if found is not None:
        if found.content_hash != order.content_hash:
            raise ConflictError(f"order {order.order_id} came in before with other content; it was kept as it was")
        return Added(found.key, created=False)
    key = new_id()
    state = OrderState.WAITING if held is None else OrderState.HELD
    s.execute(
        insert(orders),
        {
            "key": key,
            "source": order.source,
            "order_id": order.order_id,
            "state": state,
            "placed_at": order.placed_at,
            "received_at": now,
            "service": order.service,
            "tier": order.tier,
            "channel": order.channel,
            "country": order.country,
            "carrier": order.carrier,
            "attributes": order.attributes,
            **_promised(promise),
            "pieces": sum(line.quantity for line in order.lines),
            "content": content_of(order),
            "content_hash": order.content_hash,
            "held_code": None if held is None else held.code,
            "held_reason": None if held is None else held.reason,
            "version": 1,
        },
    )
    add_pieces(s, key, pieces, now)
    data = {"order_id": order.order_id, "source": order.source}
    if held is not None:
        data |= {"code": held.code, "reason": held.reason}
    record(s, kind="order", ident=key, order_key=key, after=state, now=now, data=data)
    return Added(key, created=True)


def add_pieces(
    s: Session,
    key: str,
    pieces: Sequence[NewPiece],
    now: datetime,
    *,
    remake_of: str | None = None,
    remake_reason: str | None = None,
) -> list[str]:
    """Add pieces to an order, each with a waiting job for every step; return the ids of the pieces."""
    ids = [new_id() for _ in pieces]
    if not ids:
        return ids
    s.execute(
        insert(tables.items),
        [
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
            for item_id, piece in zip(ids, pieces, strict=True)
        ],
    )
    s.execute(
        insert(tables.jobs),
        [
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
            for item_id, piece in zip(ids, pieces, strict=True)
            for step, process in enumerate(piece.processes, start=1)
        ],
    )
    return ids


def replace_pieces(s: Session, key: str, promise: Promise, pieces: Sequence[NewPiece], now: datetime) -> None:
    """
    Give a held order that has been judged anew its new pieces and promise.

    Raises
    ------
    TransitionError
        When the order is not held, or one of its jobs has ever left `waiting`.
    """
    orders, items, jobs = tables.orders, tables.items, tables.jobs
    state = s.execute(select(orders.c.state).where(orders.c.key == key)).scalar_one_or_none()
    if state is None:
        raise NotFoundError("order", key)
    begun = s.execute(select(jobs.c.id).where(jobs.c.order_key == key, jobs.c.state != JobState.WAITING).limit(1))
    ever = s.execute(
        select(tables.ticket_items.c.job_id)
        .join(jobs, jobs.c.id == tables.ticket_items.c.job_id)
        .where(jobs.c.order_key == key)
        .limit(1)
    )
    if state is not OrderState.HELD or begun.first() is not None or ever.first() is not None:
        raise TransitionError("order", key, state, "judged anew: it must be held, and no work on it begun")
    s.execute(delete(jobs).where(jobs.c.order_key == key))
    s.execute(delete(items).where(items.c.order_key == key))
    add_pieces(s, key, pieces, now)
    s.execute(update(orders).where(orders.c.key == key).values(**_promised(promise), version=orders.c.version + 1))


def _promised(promise: Promise) -> dict[str, object]:
    return {
        "leave_by_at": promise.leave_by_at,
        "late_cost_minor": promise.late_cost_minor,
        "late_cost_per_hour_minor": promise.late_cost_per_hour_minor,
        "due_how": promise.how,
        "possible": promise.possible,
    }


def content_of(order: OrderIn) -> dict[str, Any]:
    """Return what a source sent as plain JSON."""
    return {**asdict(order), "placed_at": order.placed_at.isoformat()}


def order_in(content: dict[str, Any]) -> OrderIn:
    """Return what `content_of` was made from."""
    lines = tuple(OrderLine(**line) for line in content["lines"])
    return OrderIn(**{**content, "placed_at": datetime.fromisoformat(content["placed_at"]), "lines": lines})
