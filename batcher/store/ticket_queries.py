"""Batches and tickets, read."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlmodel import Session

from batcher.domain.batches import Batch, Place, Ticket
from batcher.domain.states import LIVE_TICKET, BatchState, TicketState
from batcher.errors import NotFoundError
from batcher.store import tables
from batcher.store.rows import columns


@dataclass(frozen=True)
class TicketItem:
    """A job on a ticket."""

    ticket_id: str
    job_id: str
    item_id: str
    place: Place
    check_code: str
    live: bool
    outcome: str | None  #: done or failed; none: not reported


@dataclass(frozen=True)
class LiveJob:
    """A job in a station's hands, and when its ticket should end."""

    job_id: str
    item_id: str
    order_key: str
    ticket_id: str
    station: str
    end_at: datetime


def get_ticket(s: Session, ticket_id: str) -> Ticket:
    """
    Return one ticket.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    row = s.execute(select(*columns(tables.tickets, Ticket)).where(tables.tickets.c.id == ticket_id)).one_or_none()
    if row is None:
        raise NotFoundError("ticket", ticket_id)
    return Ticket(*row)


def get_batch(s: Session, batch_id: str) -> Batch:
    """
    Return one batch.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    row = s.execute(select(*columns(tables.batches, Batch)).where(tables.batches.c.id == batch_id)).one_or_none()
    if row is None:
        raise NotFoundError("batch", batch_id)
    return Batch(*row)


def tickets(
    s: Session,
    *,
    station: str | None = None,
    states: Collection[TicketState] | None = None,
    limit: int | None = None,
) -> list[Ticket]:
    """Return tickets by station and sequence."""
    table = tables.tickets
    statement = select(*columns(table, Ticket)).order_by(table.c.station, table.c.sequence).limit(limit)
    if station is not None:
        statement = statement.where(table.c.station == station)
    if states is not None:
        statement = statement.where(table.c.state.in_(states))
    return [Ticket(*row) for row in s.execute(statement)]


def live_tickets(s: Session) -> list[Ticket]:
    """Return the tickets whose pieces may be in a station's hands."""
    return tickets(s, states=LIVE_TICKET)


def batches(
    s: Session,
    *,
    states: Collection[BatchState] | None = None,
    station: str | None = None,
    limit: int | None = 100,
) -> list[Batch]:
    """Return batches, the newest first."""
    table = tables.batches
    statement = select(*columns(table, Batch)).order_by(table.c.released_at.desc(), table.c.id.desc()).limit(limit)
    if station is not None:
        statement = statement.where(table.c.station == station)
    if states is not None:
        statement = statement.where(table.c.state.in_(states))
    return [Batch(*row) for row in s.execute(statement)]


def ticket_items(s: Session, ticket_id: str) -> list[TicketItem]:
    """Return the jobs on a ticket, by their place."""
    table = tables.ticket_items
    found = s.execute(select(table).where(table.c.ticket_id == ticket_id).order_by(table.c.slot, table.c.job_id))
    return [_ticket_item(row) for row in found]


def ticket_of_job(s: Session, job_id: str) -> Ticket | None:
    """Return the ticket a job is on, or was on last; none when it was never released."""
    table, listed = tables.tickets, tables.ticket_items
    row = s.execute(
        select(*columns(table, Ticket))
        .join_from(table, listed, listed.c.ticket_id == table.c.id)
        .where(listed.c.job_id == job_id)
        .order_by(listed.c.live.desc(), table.c.released_at.desc(), table.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else Ticket(*row)


@dataclass(frozen=True)
class LiveBatch:
    """A batch whose ticket is live, without the ticket's document."""

    ticket_id: str
    sequence: int
    state: TicketState
    started_at: datetime | None
    batch: Batch


def live_batches(s: Session, *, station: str | None = None) -> list[LiveBatch]:
    """Return what stations may have in hand, by station and sequence."""
    table, listed = tables.batches, tables.tickets
    statement = (
        select(listed.c.id, listed.c.sequence, listed.c.state, listed.c.started_at, *columns(table, Batch))
        .join_from(listed, table, table.c.id == listed.c.batch_id)
        .where(listed.c.state.in_(LIVE_TICKET))
        .order_by(listed.c.station, listed.c.sequence)
    )
    if station is not None:
        statement = statement.where(listed.c.station == station)
    return [LiveBatch(row[0], row[1], row[2], row[3], Batch(*row[4:])) for row in s.execute(statement)]


def begins_since(s: Session, since: datetime, *, station: str | None = None) -> dict[str, list[datetime]]:
    """Return when batches have begun to run since a moment, by station."""
    table = tables.batches
    statement = select(table.c.station, table.c.started_at).where(table.c.started_at >= since)
    if station is not None:
        statement = statement.where(table.c.station == station)
    begins: dict[str, list[datetime]] = {}
    for name, started_at in s.execute(statement):
        begins.setdefault(name, []).append(started_at)
    return begins


def live_jobs(s: Session) -> list[LiveJob]:
    """Return every job on a live ticket, by ticket and place."""
    table, listed, jobs = tables.tickets, tables.ticket_items, tables.jobs
    found = s.execute(
        select(jobs.c.id, jobs.c.item_id, jobs.c.order_key, table.c.id, table.c.station, table.c.end_at)
        .join_from(listed, table, table.c.id == listed.c.ticket_id)
        .join(jobs, jobs.c.id == listed.c.job_id)
        .where(listed.c.live)
        .order_by(table.c.id, listed.c.slot)
    )
    return [LiveJob(*row) for row in found]


def next_sequence(s: Session, station: str) -> int:
    """Return the place in a station's order that its next ticket takes."""
    newest = s.execute(select(func.max(tables.tickets.c.sequence)).where(tables.tickets.c.station == station))
    return int(newest.scalar_one() or 0) + 1


def _ticket_item(row: Row[Any]) -> TicketItem:
    place = Place(slot=row.slot, x_mm=row.x_mm, y_mm=row.y_mm, rotated=row.rotated)
    return TicketItem(row.ticket_id, row.job_id, row.item_id, place, row.check_code, row.live, row.outcome)
