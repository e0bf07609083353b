"""How often a piece has failed: it, and the pieces before it in whose place it stands."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session

from batcher.domain.states import OrderState
from batcher.store import tables


@dataclass(frozen=True)
class Failure:
    """One piece that a station could not make."""

    item_id: str
    station: str
    process: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class Remade:
    """A piece that stands in for others, and how each of those failed, the first first."""

    item_id: str
    sku: str
    order_key: str
    order_state: OrderState
    failures: tuple[Failure, ...]


def remade_pieces(s: Session, item_ids: Collection[str]) -> list[Remade]:
    """Return pieces that stand in for others with all that failed before them; what a person scrapped is no failure."""
    if not item_ids:
        return []
    items, orders = tables.items, tables.orders
    heads = s.execute(
        select(items.c.id, items.c.sku, items.c.order_key, orders.c.state)
        .join(orders, orders.c.key == items.c.order_key)
        .where(items.c.id.in_(item_ids))
        .order_by(items.c.id)
    ).all()
    lines = _lines(s, item_ids)
    failed = _failed(s, {before: reason for line in lines.values() for before, reason in line})
    return [
        Remade(
            head.id,
            head.sku,
            head.order_key,
            head.state,
            tuple(failed[before] for before, _ in reversed(lines[head.id]) if before in failed),
        )
        for head in heads
    ]


def _lines(s: Session, item_ids: Collection[str]) -> dict[str, list[tuple[str, str]]]:
    """Return, for each piece, those it stands in for with why they were scrapped, the latest first."""
    items = tables.items
    lines: dict[str, list[tuple[str, str]]] = {ident: [] for ident in item_ids}
    ends = {ident: ident for ident in item_ids}  # where each line has come to, by that piece
    while ends:
        found = s.execute(
            select(items.c.id, items.c.remake_of, items.c.remake_reason).where(
                items.c.id.in_(ends), items.c.remake_of.is_not(None)
            )
        ).all()
        for row in found:
            lines[ends[row.id]].append((row.remake_of, row.remake_reason or ""))
        ends = {row.remake_of: ends[row.id] for row in found}
    return lines


def _failed(s: Session, reasons: Mapping[str, str]) -> dict[str, Failure]:
    listed, jobs, tickets = tables.ticket_items, tables.jobs, tables.tickets
    rows = s.execute(
        select(jobs.c.item_id, tickets.c.station, jobs.c.process, tickets.c.ended_at)
        .join_from(listed, jobs, jobs.c.id == listed.c.job_id)
        .join(tickets, tickets.c.id == listed.c.ticket_id)
        .where(jobs.c.item_id.in_(reasons), listed.c.outcome == "failed")
    )
    return {
        row.item_id: Failure(row.item_id, row.station, row.process, row.ended_at, reasons[row.item_id]) for row in rows
    }
