"""
What is known of a database that comes from a backup: safe mode, and the orders it cannot account for.

How it is recognised, and what reconciling it means, is in `services`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, tuple_
from sqlmodel import Session

from batcher.store import tables
from batcher.store.rows import chunks, columns

_m, _u = tables.safe_mode, tables.unaccounted
_ANY = select(_u.c.source).limit(1)
_ONLY = 1


@dataclass(frozen=True)
class SafeMode:
    """Nothing is sent, and no report is read, until somebody has reconciled the database with the stations' folders."""

    reason: str
    since: datetime


def safe_mode(s: Session) -> SafeMode | None:
    """Return why, and since when, nothing is sent; none when all is as always."""
    row = s.execute(select(*columns(_m, SafeMode))).one_or_none()
    return None if row is None else SafeMode(*row)


def enter_safe_mode(s: Session, reason: str, now: datetime) -> None:
    """Send nothing from now on; the first reason stays."""
    if safe_mode(s) is None:
        s.execute(insert(_m).values(id=_ONLY, reason=reason, since=now))


def leave_safe_mode(s: Session) -> None:
    """Go on as always."""
    s.execute(delete(_m))


def note_unaccounted(s: Session, orders: Mapping[tuple[str, str], str]) -> None:
    """Remember orders that are not known and have pieces on sent tickets, by source and order id."""
    known = unaccounted(s, orders)
    new = [
        {"source": source, "order_id": order_id, "tickets": tickets}
        for (source, order_id), tickets in orders.items()
        if (source, order_id) not in known
    ]
    if new:
        s.execute(insert(_u), new)


def unaccounted(s: Session, orders: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return those of the named orders that cannot be accounted for, with the tickets that have pieces of them."""
    if s.execute(_ANY).one_or_none() is None:
        return {}
    found: dict[tuple[str, str], str] = {}
    for part in chunks(list(orders)):
        rows = s.execute(
            select(_u.c.source, _u.c.order_id, _u.c.tickets).where(tuple_(_u.c.source, _u.c.order_id).in_(part))
        )
        found |= {(row.source, row.order_id): row.tickets for row in rows}
    return found
