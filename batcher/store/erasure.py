"""
Personal texts taken out of orders that are over: what was engraved, artwork, attributes, reasons people wrote.

What remains tells what was made when, for whom it is no longer known. The file itself is made to forget by
`Store.compact`; whose turn it is, and what lies in folders, is `services.erasure`'s.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlmodel import Session

from batcher.domain.states import LIVE_TICKET, OrderState
from batcher.errors import ConflictError
from batcher.store import tables
from batcher.store.artworks import forget_artworks
from batcher.store.events import Change, record_all
from batcher.store.order_queries import get_order
from batcher.store.rows import chunks

_OVER = (OrderState.COMPLETE, OrderState.CANCELLED)
#: Keys of an event's data that people write freely.
_WRITTEN = ("reason",)


def erasable_orders(s: Session, before: datetime, limit: int) -> list[str]:
    """Return the keys of orders that were over before a moment and still hold texts, the oldest first."""
    orders = tables.orders
    over_at = func.coalesce(orders.c.completed_at, orders.c.leave_by_at)
    found = s.execute(
        select(orders.c.key)
        .where(orders.c.state.in_(_OVER), orders.c.erased_at.is_(None), over_at < before)
        .order_by(orders.c.key)
        .limit(limit)
    )
    keys = list(found.scalars())
    live = _with_live_tickets(s, keys)
    return [key for key in keys if key not in live]


def erase_order(s: Session, key: str, now: datetime, who: str) -> list[str]:
    """
    Take the personal texts out of one order; a second time changes nothing.

    Raises
    ------
    ConflictError
        When it is not over: what is still to be made needs its text.
    """
    order = get_order(s, key)
    if order.state not in _OVER or _with_live_tickets(s, [key]):
        raise ConflictError(f"order {order.order_id} is not over; cancel it, and let its stations report, before")
    return erase_orders(s, [key], now, who)


def erase_orders(s: Session, keys: Sequence[str], now: datetime, who: str) -> list[str]:
    """Take the personal texts out of orders that are over; return the artwork files that nothing needs any more."""
    items, orders, events = tables.items, tables.orders, tables.events
    for part in chunks(keys):
        s.execute(update(items).where(items.c.order_key.in_(part)).values(text="", artwork=None, attributes={}))
        for key, content in s.execute(select(orders.c.key, orders.c.content).where(orders.c.key.in_(part))).all():
            values = {"content": without_texts(content), "attributes": {}, "erased_at": now}
            s.execute(update(orders).where(orders.c.key == key).values(values))
        told = s.execute(select(events.c.seq, events.c.data).where(events.c.order_key.in_(part))).all()
        for seq, data in told:
            if any(name in data for name in _WRITTEN):
                kept = {name: value for name, value in data.items() if name not in _WRITTEN}
                s.execute(update(events).where(events.c.seq == seq).values(data=kept))
        _erase_tickets(s, part)
        record_all(s, [Change("erasure", key, key, None, "erased", {"who": who}) for key in part], now)
    return forget_artworks(s, keys)


def _erase_tickets(s: Session, keys: Sequence[str]) -> None:
    tickets, listed, items = tables.tickets, tables.ticket_items, tables.items
    found = s.execute(
        select(tickets.c.id, tickets.c.document, items.c.id)
        .join_from(listed, tickets, tickets.c.id == listed.c.ticket_id)
        .join(items, items.c.id == listed.c.item_id)
        .where(items.c.order_key.in_(keys))
    )
    documents: dict[str, dict[str, Any]] = {}
    gone: dict[str, set[str]] = {}
    for ticket_id, document, item_id in found:
        documents[ticket_id] = document
        gone.setdefault(ticket_id, set()).add(item_id)
    for ticket_id, document in documents.items():
        entries = [
            {**entry, "text": "", "artwork": None, "artwork_file": None, "artwork_sha256": None}
            if entry.get("item_id") in gone[ticket_id]
            else entry
            for entry in document.get("items", ())
        ]
        s.execute(update(tickets).where(tickets.c.id == ticket_id).values(document={**document, "items": entries}))


def without_texts(content: dict[str, Any]) -> dict[str, Any]:
    """Return what a source sent without what people wrote."""
    lines = [
        {**line, "text": "", "artwork": None, "artwork_sha256": None, "attributes": {}} for line in content["lines"]
    ]
    return {**content, "attributes": {}, "lines": lines}


def _with_live_tickets(s: Session, keys: Sequence[str]) -> set[str]:
    tickets, listed, jobs = tables.tickets, tables.ticket_items, tables.jobs
    live: set[str] = set()
    for part in chunks(keys):
        live |= set(
            s.execute(
                select(jobs.c.order_key)
                .join_from(jobs, listed, listed.c.job_id == jobs.c.id)
                .join(tickets, tickets.c.id == listed.c.ticket_id)
                .where(jobs.c.order_key.in_(part), tickets.c.state.in_(sorted(LIVE_TICKET)))
            ).scalars()
        )
    return live
