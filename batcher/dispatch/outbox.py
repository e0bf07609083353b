"""
Sends what has been released: the only caller of transports.

Each step is committed before the next is taken, so that after a crash at any moment the outbox knows what was done:
stage the file, commit *sending*, publish, commit *delivered*. A ticket found in *sending* is asked of its transport.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from batcher.dispatch.ticket import ticket_bytes
from batcher.dispatch.transport import Transport
from batcher.domain.batches import Ticket
from batcher.domain.states import TicketState
from batcher.errors import DispatchError, TransitionError
from batcher.store import batches
from batcher.store.session import Store

#: First and longest wait between tries, doubling in between.
_BACKOFF_S, _BACKOFF_LIMIT_S = 2.0, 300.0


@dataclass(frozen=True)
class Sent:
    """One try: delivered, or why not."""

    ticket_id: str
    station: str
    delivered: bool
    error: str = ""


def send_pending(store: Store, transports: Mapping[str, Transport], now: datetime) -> list[Sent]:
    """Try every ticket whose time has come; a station in trouble holds up only its own tickets, in their order."""
    with store.read() as session:
        pending = batches.tickets(session, states=(TicketState.RELEASED, TicketState.SENDING))
    results: list[Sent] = []
    stuck: set[str] = set()
    for ticket in pending:
        if ticket.station in stuck or ticket.station not in transports:
            continue
        if ticket.next_attempt_at is not None and ticket.next_attempt_at > now:
            stuck.add(ticket.station)
            continue
        try:
            if not _send(store, transports[ticket.station], ticket, now):
                continue
        except DispatchError as error:
            _note_failure(store, ticket, str(error), now)
            stuck.add(ticket.station)
            results.append(Sent(ticket.id, ticket.station, delivered=False, error=str(error)))
            continue
        results.append(Sent(ticket.id, ticket.station, delivered=True))
    return results


def _send(store: Store, transport: Transport, ticket: Ticket, now: datetime) -> bool:
    """Bring one ticket to its station; false when it was taken back meanwhile."""
    if ticket.state is TicketState.RELEASED:
        transport.stage(ticket.id, ticket_bytes(ticket.document))
        try:
            _move(store, ticket.id, TicketState.SENDING, now)
        except TransitionError:  # cancelled between our look and our commit
            transport.discard(ticket.id)
            return False
    transport.publish(ticket.id)
    _delivered(store, ticket.id, now)
    return True


def _delivered(store: Store, ticket_id: str, now: datetime) -> None:
    """Commit the delivery, unless the station's own report has overtaken it."""
    with store.write() as session:
        if batches.get_ticket(session, ticket_id).state is TicketState.SENDING:
            batches.move_ticket(session, ticket_id, TicketState.DELIVERED, now)


def _move(store: Store, ticket_id: str, state: TicketState, now: datetime) -> None:
    with store.write() as session:
        batches.move_ticket(session, ticket_id, state, now)


def _note_failure(store: Store, ticket: Ticket, error: str, now: datetime) -> None:
    wait_s = min(_BACKOFF_LIMIT_S, _BACKOFF_S * 2.0 ** min(ticket.attempts, 16))
    with store.write() as session:
        current: Sequence[TicketState] = (TicketState.RELEASED, TicketState.SENDING)
        state = batches.get_ticket(session, ticket.id).state
        if state in current:
            batches.move_ticket(
                session, ticket.id, state, now, error=error, next_attempt_at=now + timedelta(seconds=wait_s)
            )
