"""
What is finished: orders and tickets on which nothing is open, in doubt or undelivered, each with every row it has.

They are read whole, written to an archive by `services.archiving`, and deleted by `archive`, which also keeps what is
known of them ever after. An order leaves with its pieces, jobs, events and news; a ticket once all its pieces have
left.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, exists, func, or_, select
from sqlmodel import Session

from batcher.domain.states import JobState, OrderState, TicketState
from batcher.store import tables
from batcher.store.rows import chunks

_OVER = (OrderState.COMPLETE, OrderState.CANCELLED)
_OPEN_JOB = (JobState.WAITING, JobState.RELEASED)
_RAN = (TicketState.DONE, TicketState.FAILED)
_ENDED = (*_RAN, TicketState.CANCELLED)
#: Events that are told with their ticket, whatever their age.
_OF_TICKETS = ("ticket", "batch")

#: A row as plain JSON, by column.
Row = Mapping[str, Any]

_o, _i, _j, _e, _n, _d = tables.orders, tables.items, tables.jobs, tables.events, tables.news, tables.deliveries
_t, _b, _listed, _r = tables.tickets, tables.batches, tables.ticket_items, tables.reports


class Kind(StrEnum):
    """What leaves the database as one."""

    ORDER = "order"
    TICKET = "ticket"
    EVENT = "event"  #: of a station, a reservation, the rules: of no order and no ticket
    REPORT = "report"  #: of no ticket that there is


@dataclass(frozen=True)
class Record:
    """One thing that is finished, with all its rows, by table."""

    kind: Kind
    ident: str
    rows: Mapping[str, Sequence[Row]]


#: The tables of an order that hold its key, in an order in which they can be deleted.
KEYED: tuple[tuple[Table, ColumnElement[str]], ...] = (
    (_n, _n.c.order_key),
    (tables.outlooks, tables.outlooks.c.order_key),
    (tables.reservations, tables.reservations.c.order_key),
    (tables.order_artworks, tables.order_artworks.c.order_key),
    (tables.buyer_answers, tables.buyer_answers.c.order_key),
    (_e, _e.c.order_key),
    (_j, _j.c.order_key),
    (_i, _i.c.order_key),
    (_o, _o.c.key),
)


def finished_orders(s: Session, before: datetime, limit: int) -> list[str]:
    """
    Return the keys of orders that are over, forgotten and at rest since before a moment, the oldest first.

    Not one that has an open job or a live ticket, of which news is still to be made or delivered, or of which its
    source has still to be told.
    """
    mark = func.coalesce(select(tables.watermarks.c.seq).where(tables.watermarks.c.name == "news").scalar_subquery(), 0)
    notes = tables.source_notes
    lively = and_(_e.c.kind != "erasure", _e.c.at >= before)
    kept_back = (
        exists().where(_j.c.order_key == _o.c.key, _j.c.state.in_(_OPEN_JOB)),
        exists().where(_j.c.order_key == _o.c.key, _listed.c.job_id == _j.c.id, _listed.c.live),
        exists().where(_e.c.order_key == _o.c.key, or_(_e.c.seq >= mark, lively)),
        exists().where(
            _n.c.order_key == _o.c.key, _d.c.news_seq == _n.c.seq, _d.c.state != "delivered",
            tables.hooks.c.id == _d.c.hook_id, tables.hooks.c.active,
        ),
        exists().where(notes.c.source == _o.c.source, notes.c.order_id == _o.c.order_id, notes.c.state == "owed"),
        exists().where(tables.reservations.c.order_key == _o.c.key, tables.reservations.c.state == "standing"),
    )  # fmt: skip
    found = s.execute(
        _old(select(_o.c.key), before).where(*(~why for why in kept_back)).order_by(_o.c.key).limit(limit)
    )
    return list(found.scalars())


def count_kept_back(s: Session, before: datetime) -> int:
    """Count the orders that are old enough to leave, whatever keeps them."""
    count: int = s.execute(_old(select(func.count()).select_from(_o), before)).scalar_one()
    return count


def _old(statement: Select[Any], before: datetime) -> Select[Any]:
    # the leave-by time is what there is an index for: an order leaves once both are past
    over_at = func.coalesce(_o.c.completed_at, _o.c.leave_by_at)
    return statement.where(
        _o.c.leave_by_at < before, _o.c.state.in_(_OVER), over_at < before, _o.c.erased_at.is_not(None)
    )


def order_records(s: Session, keys: Sequence[str]) -> list[Record]:
    """Return orders with every row that is theirs."""
    rows: dict[str, dict[str, list[Row]]] = {key: {} for key in keys}
    for part in chunks(keys):
        for table, key in KEYED:
            _gather(rows, s, select(key.label("of"), *table.c).where(key.in_(part)), table)
        listed = select(_j.c.order_key.label("of"), *_listed.c).join_from(_listed, _j, _j.c.id == _listed.c.job_id)
        _gather(rows, s, listed.where(_j.c.order_key.in_(part)), _listed)
        sent = select(_n.c.order_key.label("of"), *_d.c).join_from(_d, _n, _n.c.seq == _d.c.news_seq)
        _gather(rows, s, sent.where(_n.c.order_key.in_(part)), _d)
    return [Record(Kind.ORDER, key, rows[key]) for key in keys]


def finished_tickets(s: Session, before: datetime, limit: int) -> list[str]:
    """
    Return the ids of tickets that ended before a moment and whose pieces have all left.

    Never a station's last one: its sequence is where the next goes on.
    """
    later = _t.alias("later")
    kept_back = (
        exists().where(_listed.c.ticket_id == _t.c.id),
        exists().where(tables.outbox.c.ticket_id == _t.c.id, tables.outbox.c.done_at.is_(None)),
    )
    followed = exists().where(
        later.c.station == _t.c.station, later.c.sequence > _t.c.sequence, later.c.state.in_(_RAN)
    )
    found = s.execute(
        select(_t.c.id)
        .join_from(_t, _b, _b.c.id == _t.c.batch_id)
        .where(_b.c.ended_at < before, _t.c.state.in_(_ENDED), followed, *(~why for why in kept_back))
        .order_by(_t.c.id)
        .limit(limit)
    )
    return list(found.scalars())


def ticket_records(s: Session, ticket_ids: Sequence[str]) -> list[Record]:
    """Return tickets with their batches, what became of them, and what their stations reported."""
    rows: dict[str, dict[str, list[Row]]] = {ident: {} for ident in ticket_ids}
    for part in chunks(ticket_ids):
        for table, ident in ((_t, _t.c.id), (tables.outbox, tables.outbox.c.ticket_id), (_r, _r.c.ticket_id)):
            _gather(rows, s, select(ident.label("of"), *table.c).where(ident.in_(part)), table)
        batch = select(_t.c.id.label("of"), *_b.c).join_from(_b, _t, _t.c.batch_id == _b.c.id)
        _gather(rows, s, batch.where(_t.c.id.in_(part)), _b)
        for ident in (_t.c.id, _t.c.batch_id):
            told = select(_t.c.id.label("of"), *_e.c).join_from(_e, _t, ident == _e.c.ident)
            _gather(rows, s, told.where(_t.c.id.in_(part), _e.c.kind.in_(_OF_TICKETS)), _e)
    return [Record(Kind.TICKET, ident, rows[ident]) for ident in ticket_ids]


def loose_events(s: Session, after: int, before: datetime, limit: int) -> tuple[list[Record], int]:
    """
    Return events of no order and no ticket, of the next `limit` that are old enough, and how far that looked.

    Only events of which news has been made: the last of all stays, so that numbers are never given twice.
    """
    mark = func.coalesce(select(tables.watermarks.c.seq).where(tables.watermarks.c.name == "news").scalar_subquery(), 0)
    looked = select(*_e.c).where(_e.c.seq > after, _e.c.seq < mark).order_by(_e.c.seq).limit(limit)
    found = _while_before(s, looked, "at", before)
    loose = [row for row in found if row["order_key"] is None and row["kind"] not in _OF_TICKETS]
    return _single(Kind.EVENT, _e, loose), found[-1]["seq"] if found else after


def loose_reports(s: Session, after: int, before: datetime, limit: int) -> tuple[list[Record], int]:
    """Return reports that name no ticket there is, of the next `limit` that are old enough, and how far that looked."""
    last = select(func.max(_r.c.seq)).scalar_subquery()
    looked = select(*_r.c).where(_r.c.seq > after, _r.c.seq < last).order_by(_r.c.seq).limit(limit)
    found = _while_before(s, looked, "received_at", before)
    named = sorted({row["ticket_id"] for row in found})
    there = {ident for part in chunks(named) for ident in s.execute(select(_t.c.id).where(_t.c.id.in_(part))).scalars()}
    loose = [row for row in found if row["ticket_id"] not in there]
    return _single(Kind.REPORT, _r, loose), found[-1]["seq"] if found else after


def _single(kind: Kind, table: Table, rows: Iterable[Row]) -> list[Record]:
    return [Record(kind, str(row["seq"]), {table.name: [_plain(row)]}) for row in rows]


def _while_before(s: Session, looked: Select[Any], at: str, before: datetime) -> list[Row]:
    found: list[Row] = []
    for row in s.execute(looked).mappings():
        if row[at] >= before:
            break
        found.append(dict(row))
    return found


def _gather(rows: dict[str, dict[str, list[Row]]], s: Session, found: Select[Any], table: Table) -> None:
    """Add rows of one table to the things they are of."""
    for row in s.execute(found.order_by(*table.primary_key.columns)).mappings():
        plain = _plain(row)
        del plain["of"]
        rows[row["of"]].setdefault(table.name, []).append(plain)


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
