"""What a request names, found within the bounds of who asks: what is beyond them is not there."""

from batcher.domain.access import Actor
from batcher.domain.batches import Batch, Ticket
from batcher.domain.orders import Item, Order
from batcher.domain.reservations import Reservation
from batcher.errors import NotFoundError
from batcher.services import actions
from batcher.services.context import Floor
from batcher.store import batches, orders, reservations


def order_for(floor: Floor, ref: str, actor: Actor) -> Order:
    """Return the order of that id or key."""
    return actions.find_order(floor, ref, source=actor.source)


def reservation_for(floor: Floor, ident: str, actor: Actor) -> Reservation:
    """Return a reservation."""
    with floor.store.read() as session:
        found = reservations.get_reservation(session, ident)
    if not actor.may_see_source(found.source):
        raise NotFoundError("reservation", ident)
    return found


def item_for(floor: Floor, item_id: str, actor: Actor) -> tuple[Item, Order]:
    """Return a piece and its order."""
    with floor.store.read() as session:
        item = orders.items_by_id(session, [item_id]).get(item_id)
        order = None if item is None else orders.get_order(session, item.order_key)
    if item is None or order is None or not actor.may_see_source(order.source):
        raise NotFoundError("item", item_id)
    return item, order


def ticket_for(floor: Floor, ticket_id: str, actor: Actor) -> Ticket:
    """Return a ticket."""
    with floor.store.read() as session:
        ticket = batches.get_ticket(session, ticket_id)
    if not actor.may_see_station(ticket.station):
        raise NotFoundError("ticket", ticket_id)
    return ticket


def batch_for(floor: Floor, batch_id: str, actor: Actor) -> Batch:
    """Return a batch."""
    with floor.store.read() as session:
        batch = batches.get_batch(session, batch_id)
    if not actor.may_see_station(batch.station):
        raise NotFoundError("batch", batch_id)
    return batch


def station_for(floor: Floor, station: str, actor: Actor) -> str:
    """Return a station's id."""
    if station not in floor.rules.current.stations or not actor.may_see_station(station):
        raise NotFoundError("station", station)
    return station


def station_asked(asked: str | None, actor: Actor) -> str | None:
    """Return the one station whose things are wanted; none: all."""
    if asked is not None and not actor.may_see_station(asked):
        raise NotFoundError("station", asked)
    return actor.station or asked
