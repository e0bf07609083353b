"""
Tickets whose artwork is gone from the house: taken back after some tries, and the orders held that need it.

One picture that somebody has deleted would keep a station from every other ticket, and after it the next station.
"""

from collections.abc import Iterable

import structlog

from batcher.dispatch.outbox import artwork_files
from batcher.domain.batches import Ticket
from batcher.domain.states import OrderState, TicketState
from batcher.services.artwork import artwork_dir
from batcher.services.context import Floor
from batcher.services.quarantine import KEEPS_FAILING, tell_quarantined
from batcher.store import batches, orders
from batcher.store.session import Session

log = structlog.get_logger()

_PLANNED = (OrderState.WAITING, OrderState.IN_PRODUCTION)


def hold_lost_artwork(floor: Floor, ticket_ids: Iterable[str]) -> None:
    """Take back those of some tickets that were tried too often, and hold the orders whose artwork is gone."""
    limit, now = floor.settings.hold_after, floor.now()
    for ticket_id in ticket_ids:
        with floor.store.write() as session:
            ticket = batches.get_ticket(session, ticket_id)
            lost = _without(floor, session, ticket)
            if limit == 0 or ticket.state is not TicketState.RELEASED or ticket.attempts < limit or not lost:
                continue
            batches.move_ticket(session, ticket_id, TicketState.CANCELLED, now, error="its artwork is gone")
            for key, file in lost.items():
                if orders.get_order(session, key).state in _PLANNED:
                    orders.hold_order(session, key, KEEPS_FAILING, _reason(file), now)
        floor.metrics.tickets.labels(station=ticket.station, state=TicketState.CANCELLED.value).inc()
        log.error("artwork_lost", ticket_id=ticket_id, station=ticket.station, orders=sorted(lost))
        floor.replan.set()
        tell_quarantined(floor)


def _without(floor: Floor, session: Session, ticket: Ticket) -> dict[str, str]:
    """Return the orders of a ticket whose artwork is not in the house, each with where it should be."""
    files = artwork_files(ticket, artwork_dir(floor.settings.state_dir))
    gone = {name: str(path) for name, path in files.items() if not path.is_file()}
    listed = ticket.document["items"]
    assert isinstance(listed, list), "a ticket lists its pieces"
    needed = {item["item_id"]: gone[item["artwork_file"]] for item in listed if item.get("artwork_file") in gone}
    pieces = orders.items_by_id(session, sorted(needed)).values()
    return {piece.order_key: needed[piece.id] for piece in pieces}


def _reason(file: str) -> str:
    return (
        f"its artwork is not in the house any more, though it was: {file}. "
        "Put it back there and release the order, or cancel it."
    )
