"""
A ticket on its way to and through its station, and taken back before it went.

What a ticket's end means for its pieces is in `finish`; when a ticket is sent again, in `dispatch`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlmodel import Session

from batcher.domain.batches import Ticket
from batcher.domain.states import UNSENT_TICKET, BatchState, ItemState, JobState, OrderState, TicketState
from batcher.errors import InvariantError
from batcher.store import tables
from batcher.store.rows import chunks, columns
from batcher.store.steps import BATCH, ITEM, JOB, TICKET, Subject, move, subject
from batcher.store.ticket_queries import TicketHead, get_ticket

#: The instant each state is stamped with, the first time it is reached.
_STAMPS = {
    TicketState.DELIVERED: "delivered_at",
    TicketState.ACCEPTED: "accepted_at",
    TicketState.RUNNING: "started_at",
}
#: In these states a ticket has still to be published.
_UNPUBLISHED = (TicketState.RELEASED, TicketState.SENDING)
_CLOSE_OUTBOX = (
    update(tables.outbox)
    .where(tables.outbox.c.ticket_id.in_(bindparam("these", expanding=True)), tables.outbox.c.done_at.is_(None))
    .values(done_at=bindparam("now", type_=tables.outbox.c.done_at.type))
)


def move_ticket(
    s: Session,
    ticket_id: str,
    state: TicketState,
    now: datetime,
    *,
    error: str | None = None,
    next_attempt_at: datetime | None = None,
) -> Ticket:
    """
    Bring a ticket to a state, and its batch along.

    The state it has already, with an `error`, records a failed attempt. Cancelling puts its jobs back to waiting:
    only for a ticket that was never sent, or that is known not to have been made.

    Raises
    ------
    TransitionError
        When the ticket may not go there.
    """
    ticket = get_ticket(s, ticket_id)
    failed = {} if error is None else {"last_error": error, "attempts": ticket.attempts + 1}
    values = {"next_attempt_at": next_attempt_at, **failed}
    if state is ticket.state and error is not None:
        s.execute(update(tables.tickets).where(tables.tickets.c.id == ticket_id).values(**values))
        return get_ticket(s, ticket_id)
    if state is TicketState.CANCELLED:
        take_back(s, ticket, now, error or "")
        return get_ticket(s, ticket_id)
    if state in (TicketState.DONE, TicketState.FAILED):
        raise InvariantError(f"ticket {ticket_id} ends with the outcome of its pieces: finish_ticket")
    stamp = _STAMPS.get(state)
    if stamp is not None and getattr(ticket, stamp) is None:
        values[stamp] = now
    told = {"station": ticket.station, "batch": ticket.batch_id, **({} if error is None else {"error": error})}
    move(s, TICKET, [Subject(ticket_id, ticket.state)], state, now, data=told, values=values)
    if state not in _UNPUBLISHED:
        close_outbox(s, ticket_id, now)
    if state is TicketState.RUNNING:
        _start_batch(s, ticket.batch_id, now)
    return get_ticket(s, ticket_id)


def move_tickets(s: Session, heads: Sequence[TicketHead], state: TicketState, now: datetime) -> None:
    """
    Bring tickets to a state before their end, and their batches along, all or none.

    Raises
    ------
    TransitionError
        When one of them may not go there.
    """
    for head in heads:
        if head.state is TicketState.IN_DOUBT:  # it may have reached the state before, and keeps the first instant
            move_ticket(s, head.id, state, now)
    heads = [head for head in heads if head.state is not TicketState.IN_DOUBT]
    values = {"next_attempt_at": None, **({_STAMPS[state]: now} if state in _STAMPS else {})}
    told = [Subject(head.id, head.state, data={"station": head.station, "batch": head.batch_id}) for head in heads]
    move(s, TICKET, told, state, now, values=values)
    if state not in _UNPUBLISHED:
        close_outboxes(s, [head.id for head in heads], now)
    if state is TicketState.RUNNING:
        begun = [Subject(head.batch_id, head.batch_state) for head in heads]
        move(
            s,
            BATCH,
            [b for b in begun if b.state is BatchState.RELEASED],
            BatchState.RUNNING,
            now,
            values={"started_at": now},
        )


def recall_unsent(s: Session, station: str, now: datetime, reason: str) -> list[str]:
    """Take back what a station has not been sent yet; return the ids of the tickets. Its jobs wait again."""
    table = tables.tickets
    found = s.execute(
        select(*columns(table, Ticket))
        .where(table.c.station == station, table.c.state.in_(UNSENT_TICKET))
        .order_by(table.c.sequence)
    )
    recalled = [Ticket(*row) for row in found]
    for ticket in recalled:
        take_back(s, ticket, now, reason)
    return [ticket.id for ticket in recalled]


def take_back(s: Session, ticket: Ticket, now: datetime, reason: str) -> None:
    """Cancel a ticket of which nothing was, or will be, made."""
    told = {"station": ticket.station, "batch": ticket.batch_id, "reason": reason}
    move(s, TICKET, [Subject(ticket.id, ticket.state)], TicketState.CANCELLED, now, data=told, values={"ended_at": now})
    close_outbox(s, ticket.id, now)
    batch = subject(s, BATCH, ticket.batch_id)
    ended = BatchState.FAILED if batch.state is BatchState.RUNNING else BatchState.CANCELLED
    move(s, BATCH, [batch], ended, now, data=told, values={"ended_at": now})
    listed, jobs, orders = tables.ticket_items, tables.jobs, tables.orders
    rows = s.execute(
        select(
            *(jobs.c.id, jobs.c.item_id, jobs.c.order_key, jobs.c.state, jobs.c.step),
            orders.c.state.label("order_state"),
        )
        .join_from(listed, jobs, jobs.c.id == listed.c.job_id)
        .join(orders, orders.c.key == jobs.c.order_key)
        .where(listed.c.ticket_id == ticket.id, listed.c.live)
    ).all()
    s.execute(update(listed).where(listed.c.ticket_id == ticket.id).values(live=False))
    wanted = [row for row in rows if row.order_state is not OrderState.CANCELLED]
    unwanted = [row for row in rows if row.order_state is OrderState.CANCELLED]
    move(s, JOB, _jobs(wanted), JobState.WAITING, now, data=told)
    move(s, JOB, _jobs(unwanted), JobState.CANCELLED, now, data=told)
    for begun in (False, True):  # after its first step a piece lies somewhere
        items = [Subject(r.item_id, ItemState.IN_PRODUCTION, r.order_key) for r in unwanted if (r.step > 1) is begun]
        move(s, ITEM, items, ItemState.CANCELLED, now, data={"set_aside": True} if begun else None)


def close_outbox(s: Session, ticket_id: str, now: datetime) -> None:
    """Note that a ticket has no longer to be published."""
    close_outboxes(s, [ticket_id], now)


def close_outboxes(s: Session, ticket_ids: Sequence[str], now: datetime) -> None:
    """Note that tickets have no longer to be published."""
    for part in chunks(ticket_ids):
        s.connection().execute(_CLOSE_OUTBOX, {"these": part, "now": now})


def _start_batch(s: Session, batch_id: str, now: datetime) -> None:
    batch = subject(s, BATCH, batch_id)
    if batch.state is BatchState.RELEASED:
        move(s, BATCH, [batch], BatchState.RUNNING, now, values={"started_at": now})


def _jobs(rows: list[Row[Any]]) -> list[Subject[JobState]]:
    return [Subject(row.id, row.state, row.order_key) for row in rows]
