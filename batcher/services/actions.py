"""
What a person does to the floor: hold, release and cancel orders, take stations down and up.

Each action is one commit with its events, names who did it and why, and asks for a new plan.
"""

from collections.abc import Callable, Sequence

import structlog

from batcher.domain.orders import Order
from batcher.domain.states import OrderState, StationState
from batcher.errors import ArchivedError, ConflictError, NotFoundError, TransitionError
from batcher.intake.accept import judge
from batcher.services.context import Floor
from batcher.services.quarantine import QUARANTINE_CODES
from batcher.store import artworks, batches, orders, stations
from batcher.store.archive import ArchivedOrder, archived_orders

log = structlog.get_logger()

#: What can be done to an order by its key.
OrderAction = Callable[[Floor, str], Order]


def hold_order(floor: Floor, key: str, reason: str, who: str) -> Order:
    """Hold an order: none of its jobs is planned or released until it is let go."""
    with floor.store.write() as session:
        order = orders.hold_order(session, key, "by_hand", reason, floor.now(), told={"who": who})
    return _done(floor, "order_held_by_hand", order, who)


def release_order(floor: Floor, key: str, who: str, *, reason: str = "") -> Order:
    """
    Let a held order go, judged anew by the rules in force.

    An order that was held because it cannot be in time is let go as it is, and so is one that was held by hand or in
    quarantine; one that cannot be made stays held.

    Raises
    ------
    TransitionError
        When it is not held, or still cannot be made; the message says why.
    """
    now = floor.now()
    with floor.store.write() as session:
        order = orders.get_order(session, key)
        if order.state is not OrderState.HELD:
            raise TransitionError("order", order.order_id, order.state, "released")
        if order.held_code not in ("by_hand", *QUARANTINE_CODES):
            content = orders.order_content(session, key)
            there = artworks.all_there(session, content.lines)
            judged = judge(floor.rules.current, content, now, artwork_there=there)
            if judged.held is not None and judged.held.code != "service_impossible":
                wanted = f"released: {judged.held.reason}"
                raise TransitionError("order", order.order_id, f"held ({judged.held.code})", wanted)
            orders.replace_pieces(session, key, judged.promise, judged.pieces, now)
        order = orders.release_order(session, key, now, told={"reason": reason, "who": who})
    return _done(floor, "order_released", order, who)


def cancel_order(floor: Floor, key: str, reason: str, who: str) -> Order:
    """
    Cancel an order: what waits is gone, and what was not sent is taken back.

    What a station has in hand is recalled, never remade, and set aside at packing if it was made all the same.
    """
    now = floor.now()
    with floor.store.write() as session:
        done = orders.cancel_order(session, key, now, told={"reason": reason, "who": who})
    for ticket in done.taken_back:
        floor.metrics.tickets.labels(station=ticket.station, state="cancelled").inc()
        log.info("ticket_taken_back", ticket_id=ticket.id, station=ticket.station, order_key=key)
    for item_id in done.recall:
        log.warning("piece_recalled", item_id=item_id, order_key=key)
    return _done(floor, "order_cancelled", done.order, who)


def set_station(floor: Floor, station: str, *, up: bool, reason: str, who: str) -> list[str]:
    """
    Take a station down or up.

    Returns
    -------
    list of str
        Tickets that had not left the house and were taken back; their jobs are planned elsewhere.
    """
    if station not in floor.rules.current.stations:
        raise NotFoundError("station", station)
    now = floor.now()
    recalled: list[str] = []
    with floor.store.write() as session:
        stations.ensure_stations(session, [station], now)
        state = StationState.UP if up else StationState.DOWN
        stations.set_station(session, station, state, reason, now, who)
        if not up:
            recalled = batches.recall_unsent(session, station, now, reason)
    floor.metrics.tickets.labels(station=station, state="cancelled").inc(len(recalled))
    floor.replan.set()
    log.info("station_up" if up else "station_down", station=station, who=who, recalled=len(recalled))
    return recalled


def find_order(floor: Floor, ref: str, *, source: str | None = None) -> Order:
    """
    Return the order with that key, or with that order id where only one source has used it.

    Parameters
    ----------
    source
        Orders of others are not there; none: all are.

    Raises
    ------
    NotFoundError
        When there is none; an `ArchivedError` when it has left for the archive.
    ConflictError
        When several sources have an order of that id: acting on the wrong one would be worse than asking again.
    """
    with floor.store.read() as session:
        found = [order for order in orders.find_orders(session, ref) if source in (None, order.source)]
        gone = [] if found else [one for one in archived_orders(session, ref) if source in (None, one.source)]
    exact = [order for order in found if order.key == ref] or found
    if not exact:
        raise _not_there(gone, ref)
    if len(exact) > 1:
        keys = ", ".join(f"{order.key} ({order.source})" for order in exact)
        raise ConflictError(f"several sources have an order {ref}; name one by its key: {keys}")
    return exact[0]


def _not_there(gone: Sequence[ArchivedOrder], ref: str) -> NotFoundError:
    if gone:
        return ArchivedError("order", ref, gone[0].archived_at.date().isoformat())
    return NotFoundError("order", ref)


def _done(floor: Floor, event: str, order: Order, who: str) -> Order:
    floor.replan.set()
    log.info(event, order_key=order.key, order_id=order.order_id, who=who)
    return order
