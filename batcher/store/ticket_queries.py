"""Batches and tickets, read."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, select
from sqlmodel import Session

from batcher.domain.batches import Batch, Place, Ticket
from batcher.domain.states import LIVE_TICKET, BatchState, TicketState
from batcher.errors import NotFoundError
from batcher.store import tables
from batcher.store.rows import chunks, columns

# Made once: a statement keeps what it compiles to, and these run several times for every batch.
_b, _t, _listed, _j = tables.batches, tables.tickets, tables.ticket_items, tables.jobs
_TICKET = select(*columns(_t, Ticket)).where(_t.c.id == bindparam("ident"))
_BATCH = select(*columns(_b, Batch)).where(_b.c.id == bindparam("ident"))
_TICKET_ITEMS = (
    select(_listed).where(_listed.c.ticket_id == bindparam("ident")).order_by(_listed.c.slot, _listed.c.job_id)
)
_LISTED_ITEMS = (
    select(_listed)
    .where(_listed.c.ticket_id.in_(bindparam("these", expanding=True)))
    .order_by(_listed.c.ticket_id, _listed.c.slot, _listed.c.job_id)
)
_LIVE_BATCHES = (
    select(_t.c.id, _t.c.sequence, _t.c.state, _t.c.started_at, *columns(_b, Batch))
    .join_from(_t, _b, _b.c.id == _t.c.batch_id)
    .where(_t.c.state.in_(sorted(LIVE_TICKET)))
    .order_by(_t.c.station, _t.c.sequence)
)
_LIVE_COUNTS = select(_t.c.station, func.count()).where(_t.c.state.in_(sorted(LIVE_TICKET))).group_by(_t.c.station)
_BEGINS = select(_b.c.station, _b.c.started_at).where(
    _b.c.started_at >= bindparam("since"), _b.c.station.in_(bindparam("stations", expanding=True))
)
_LIVE_JOBS = (
    select(_j.c.id, _j.c.item_id, _j.c.order_key, _t.c.id, _t.c.station, _t.c.end_at)
    .join_from(_listed, _t, _t.c.id == _listed.c.ticket_id)
    .join(_j, _j.c.id == _listed.c.job_id)
    .where(_listed.c.live)
    .order_by(_t.c.id, _listed.c.slot)
)
_LAST_ENDED_AT = (
    select(_t.c.state, _t.c.ended_at)
    .where(_t.c.station == bindparam("station"), _t.c.state.in_((TicketState.DONE, TicketState.FAILED)))
    .order_by(_t.c.sequence.desc())
    .limit(bindparam("count"))
)
_LAST_SEQUENCES = (
    select(_t.c.station, func.max(_t.c.sequence))
    .where(_t.c.station.in_(bindparam("stations", expanding=True)))
    .group_by(_t.c.station)
)
_TICKETS = select(*columns(_t, Ticket)).where(_t.c.id.in_(bindparam("these", expanding=True)))


@dataclass(frozen=True)
class TicketHead:
    """A ticket without what it says, and how its batch stands."""

    id: str
    station: str
    state: TicketState
    batch_id: str
    batch_state: BatchState
    process: str
    setup_state: str


_HEADS = (
    select(_t.c.id, _t.c.station, _t.c.state, _t.c.batch_id, _b.c.state, _b.c.process, _b.c.setup_state)
    .join_from(_t, _b, _b.c.id == _t.c.batch_id)
    .where(_t.c.id.in_(bindparam("these", expanding=True)))
)


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
    row = s.execute(_TICKET, {"ident": ticket_id}).one_or_none()
    if row is None:
        raise NotFoundError("ticket", ticket_id)
    return Ticket(*row)


def get_tickets(s: Session, ticket_ids: Sequence[str]) -> list[Ticket]:
    """Return tickets that there are, in the order of their ids as given."""
    rows = (row for part in chunks(ticket_ids) for row in s.execute(_TICKETS, {"these": part}))
    found = {row.id: Ticket(*row) for row in rows}
    return [found[ticket_id] for ticket_id in ticket_ids]


def get_batch(s: Session, batch_id: str) -> Batch:
    """
    Return one batch.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    row = s.execute(_BATCH, {"ident": batch_id}).one_or_none()
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


def doubted(s: Session) -> dict[str, datetime]:
    """Return since when each ticket that is in doubt has been so, by its id."""
    table, told = tables.tickets, tables.events
    found = s.execute(
        select(table.c.id, func.max(told.c.at))
        .join_from(table, told, told.c.ident == table.c.id)
        .where(table.c.state == TicketState.IN_DOUBT, told.c.after == TicketState.IN_DOUBT.value)
        .group_by(table.c.id)
    )
    return {row[0]: row[1] for row in found}


def sent_in_epoch(s: Session, ticket_id: str) -> int:
    """Return the epoch of the leader that committed a ticket as on its way: its token's name has it."""
    told = tables.events
    statement = select(func.max(told.c.epoch)).where(
        told.c.ident == ticket_id, told.c.kind == "ticket", told.c.after == TicketState.SENDING.value
    )
    return int(s.execute(statement).scalar_one() or 0)


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


def last_ended(s: Session, station: str, count: int) -> list[tuple[TicketState, datetime]]:
    """Return how, and when, the latest tickets ended in the hands of a station, the latest first."""
    return [(row.state, row.ended_at) for row in s.execute(_LAST_ENDED_AT, {"station": station, "count": count})]


def ticket_of_batch(s: Session, batch_id: str) -> Ticket:
    """
    Return the ticket that tells a station of a batch.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    table = tables.tickets
    row = s.execute(select(*columns(table, Ticket)).where(table.c.batch_id == batch_id)).one_or_none()
    if row is None:
        raise NotFoundError("ticket of batch", batch_id)
    return Ticket(*row)


def ticket_items(s: Session, ticket_id: str) -> list[TicketItem]:
    """Return the jobs on a ticket, by their place."""
    return [_ticket_item(row) for row in s.execute(_TICKET_ITEMS, {"ident": ticket_id})]


def ticket_heads(s: Session, ticket_ids: Iterable[str]) -> dict[str, TicketHead]:
    """Return tickets by id, as far as there are any."""
    parts = chunks(sorted(set(ticket_ids)))
    return {row.id: TicketHead(*row) for part in parts for row in s.execute(_HEADS, {"these": part})}


def listed_items(s: Session, ticket_ids: Iterable[str]) -> dict[str, list[TicketItem]]:
    """Return the jobs on tickets, by ticket and place."""
    found: dict[str, list[TicketItem]] = {}
    for part in chunks(sorted(set(ticket_ids))):
        for row in s.execute(_LISTED_ITEMS, {"these": part}):
            found.setdefault(row.ticket_id, []).append(_ticket_item(row))
    return found


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
class InHand:
    """What has to be known of a live ticket to tell when its station will be free, and in which state."""

    ticket_id: str
    sequence: int
    state: TicketState
    started_at: datetime | None
    station: str
    start_at: datetime
    end_at: datetime
    changeover_s: int
    setup_state: str
    unattended_ok: bool


_IN_HAND = (
    select(
        *(_t.c.id, _t.c.sequence, _t.c.state, _t.c.started_at, _b.c.station),
        *(_b.c.start_at, _b.c.end_at, _b.c.changeover_s, _b.c.setup_state, _b.c.unattended_ok),
    )
    .join_from(_t, _b, _b.c.id == _t.c.batch_id)
    .where(_t.c.state.in_(sorted(LIVE_TICKET)), _t.c.station.in_(bindparam("stations", expanding=True)))
)


def in_hand(s: Session, stations: Collection[str]) -> dict[str, list[InHand]]:
    """Return what some stations may have in hand, by station."""
    found: dict[str, list[InHand]] = {}
    for row in s.execute(_IN_HAND, {"stations": sorted(stations)}):
        found.setdefault(row[4], []).append(InHand(*row))
    return found


@dataclass(frozen=True)
class LiveBatch:
    """A batch whose ticket is live, without the ticket's document."""

    ticket_id: str
    sequence: int
    state: TicketState
    started_at: datetime | None
    batch: Batch


def live_batches(s: Session) -> list[LiveBatch]:
    """Return what stations may have in hand, by station and sequence."""
    return [LiveBatch(row[0], row[1], row[2], row[3], Batch(*row[4:])) for row in s.execute(_LIVE_BATCHES)]


def live_counts(s: Session) -> dict[str, int]:
    """Return how many live tickets each station has that has any."""
    return {row[0]: row[1] for row in s.execute(_LIVE_COUNTS)}


def begins_since(s: Session, since: datetime, stations: Collection[str]) -> dict[str, list[datetime]]:
    """Return when batches of some stations have begun to run since a moment, by station."""
    begins: dict[str, list[datetime]] = {}
    for name, started_at in s.execute(_BEGINS, {"since": since, "stations": sorted(stations)}):
        begins.setdefault(name, []).append(started_at)
    return begins


def slips_since(s: Session, since: datetime, *, limit: int) -> list[float]:
    """Return by how many seconds the latest batches that were made ended after their tickets said."""
    found = s.execute(
        select(_b.c.end_at, _b.c.ended_at)
        .where(_b.c.state == BatchState.DONE, _b.c.ended_at >= since)
        .order_by(_b.c.ended_at.desc())
        .limit(limit)
    )
    return [(ended_at - end_at).total_seconds() for end_at, ended_at in found]


def live_jobs(s: Session) -> list[LiveJob]:
    """Return every job on a live ticket, by ticket and place."""
    return [LiveJob(*row) for row in s.execute(_LIVE_JOBS)]


def next_sequence(s: Session, station: str) -> int:
    """Return the place in a station's order that its next ticket takes."""
    return next_sequences(s, [station])[station]


def next_sequences(s: Session, stations: Sequence[str]) -> dict[str, int]:
    """Return the place in the order of each station that its next ticket takes."""
    last = {row[0]: int(row[1]) for row in s.execute(_LAST_SEQUENCES, {"stations": stations})}
    return {station: last.get(station, 0) + 1 for station in stations}


def _ticket_item(row: Row[Any]) -> TicketItem:
    place = Place(slot=row.slot, x_mm=row.x_mm, y_mm=row.y_mm, rotated=row.rotated)
    return TicketItem(row.ticket_id, row.job_id, row.item_id, place, row.check_code, row.live, row.outcome)
