"""
What cannot be known: tickets are put in doubt, told within a minute, and wait for somebody who knows.

While a ticket is in doubt its pieces are on it: nothing of them is planned, released or sent. A report of the station
ends the doubt, and so does a person who has looked.
"""

from collections.abc import Collection
from datetime import datetime

import structlog

from batcher.dispatch.folders import station_folders
from batcher.dispatch.hotfolder import HotFolder
from batcher.domain.batches import Ticket
from batcher.domain.states import TicketState
from batcher.errors import TransitionError
from batcher.services.context import Floor
from batcher.services.reports import rests_after
from batcher.store import batches
from batcher.store.session import Session

log = structlog.get_logger()

#: Between here and there, a ticket is known only by its token and its file.
_IN_FOLDERS = (TicketState.SENDING, TicketState.DELIVERED)


def doubt_folder(session: Session, station: str, reason: str, now: datetime) -> list[str]:
    """Put in doubt what was on its way to a station, or lay in its folder; return the tickets' ids."""
    found = batches.tickets(session, station=station, states=_IN_FOLDERS)
    for ticket in found:
        batches.move_ticket(session, ticket.id, TicketState.IN_DOUBT, now, error=reason)
    return [ticket.id for ticket in found]


def tell_doubt(floor: Floor, station: str, tickets: Collection[str], reason: str) -> None:
    """Raise the alarm, once a doubt is committed."""
    for ticket_id in tickets:
        floor.metrics.tickets.labels(station=station, state=TicketState.IN_DOUBT.value).inc()
        log.error("ticket_in_doubt", ticket_id=ticket_id, station=station, why=reason)
    refresh_doubt(floor)


def refresh_doubt(floor: Floor) -> None:
    """Set the alarm's gauges."""
    now = floor.now()
    with floor.store.read() as session:
        found = batches.doubted(session)
    floor.metrics.in_doubt.set(len(found))
    floor.metrics.oldest_in_doubt.set(max(((now - since).total_seconds() for since in found.values()), default=0.0))


def resolve_ticket(floor: Floor, ticket_id: str, *, made: bool, reason: str, who: str) -> Ticket:
    """
    End the doubt about a ticket by what somebody has found out.

    Parameters
    ----------
    made
        All its pieces were made, and go on; else none was, and they are planned anew.

    Raises
    ------
    NotFoundError
        There is no such ticket.
    TransitionError
        It is not in doubt.
    DispatchError
        What may still lie staged for it cannot be thrown away, so that it could be published yet.
    """
    now, rules = floor.now(), floor.rules.current
    with floor.store.read() as session:
        _check_doubted(batches.get_ticket(session, ticket_id), made=made)
    if not made:
        _discard(floor, ticket_id)
    told = f"{reason} ({who})"
    with floor.store.write() as session:
        ticket = batches.get_ticket(session, ticket_id)
        _check_doubted(ticket, made=made)
        if made:
            items = batches.ticket_items(session, ticket_id)
            outcomes = {item.item_id: "done" for item in items}
            rests = rests_after(session, rules, items)
            batches.finish_ticket(session, ticket_id, outcomes, rests=rests, now=now, reason=told)
        else:
            batches.move_ticket(session, ticket_id, TicketState.CANCELLED, now, error=f"not made: {told}")
        ticket = batches.get_ticket(session, ticket_id)
    floor.metrics.tickets.labels(station=ticket.station, state=ticket.state.value).inc()
    floor.replan.set()
    log.info("ticket_resolved", ticket_id=ticket_id, station=ticket.station, made=made, who=who)
    refresh_doubt(floor)
    return ticket


def _check_doubted(ticket: Ticket, *, made: bool) -> None:
    if ticket.state is not TicketState.IN_DOUBT:
        raise TransitionError(
            "ticket", ticket.id, ticket.state, f"resolved as {'made' if made else 'not made'}: it is not in doubt"
        )


def _discard(floor: Floor, ticket_id: str) -> None:
    """Throw the token away before the pieces may go elsewhere: an old leader that wakes could still publish it."""
    with floor.store.read() as session:
        ticket = batches.get_ticket(session, ticket_id)
    station = floor.rules.current.stations.get(ticket.station)
    if station is not None:
        HotFolder(station_folders(floor.settings.state_dir, station)).discard(ticket_id)
