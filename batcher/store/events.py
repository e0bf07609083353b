"""
The record of every change of state, for whoever asks later how a thing came to be where it is.

An event is written in the transaction that makes its change, and never changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session

from batcher.store import tables
from batcher.store.many import insert_many
from batcher.store.rows import columns


@dataclass(frozen=True)
class Event:
    """One change of state."""

    seq: int  #: ascending in the order of commits; no gaps are promised
    at: datetime
    kind: str  #: order, item, job, batch, ticket or station
    ident: str
    order_key: str | None
    before: str | None  #: none: it came into being
    after: str
    data: dict[str, object]
    epoch: int  #: of the leader that wrote it; 0: before there were leaders


@dataclass(frozen=True)
class Change:
    """One change of state that is about to be recorded."""

    kind: str
    ident: str
    order_key: str | None
    before: str | None
    after: str
    data: Mapping[str, object]


def record(
    s: Session,
    *,
    kind: str,
    ident: str,
    order_key: str | None = None,
    before: str | None = None,
    after: str,
    now: datetime,
    data: Mapping[str, object] | None = None,
) -> None:
    """Record one change of state."""
    record_all(s, [Change(kind, ident, order_key, before, after, data or {})], now)


def record_all(s: Session, changes: Iterable[Change], now: datetime) -> None:
    """Record changes of state that happen together."""
    rows = [
        {
            "at": now,
            "kind": change.kind,
            "ident": change.ident,
            "order_key": change.order_key,
            "before": change.before,
            "after": change.after,
            "data": dict(change.data),
            "epoch": s.info["epoch"],
        }
        for change in changes
    ]
    insert_many(s, tables.events, rows)


def latest_at(s: Session) -> datetime | None:
    """Return when something happened last; none when nothing ever did."""
    events = tables.events
    return s.execute(select(events.c.at).order_by(events.c.seq.desc()).limit(1)).scalar_one_or_none()


def events_of(s: Session, *, order_key: str | None = None, ident: str | None = None) -> list[Event]:
    """Return the events of one order with all its pieces, or of one thing, oldest first."""
    events = tables.events
    wanted = events.c.order_key == order_key if order_key is not None else events.c.ident == ident
    found = s.execute(select(*columns(events, Event)).where(wanted).order_by(events.c.seq))
    return [Event(*row) for row in found]
