"""
Pieces that fail again and again: the order is held until somebody has looked, instead of made again for ever.

Each piece that failed has its remake all the same; it waits with its order. A station that makes nothing at all is not
the pieces' fault: that is taken down by `services.station_watch`, and they are made elsewhere.
"""

from collections.abc import Collection

import structlog

from batcher.domain.states import OrderState, TicketState
from batcher.services.blanks import NO_BLANK
from batcher.services.context import Floor
from batcher.services.quarantine import KEEPS_FAILING, tell_quarantined
from batcher.store import batches, orders, stations
from batcher.store.failures import Failure, Remade, remade_pieces
from batcher.store.session import Session

log = structlog.get_logger()

_PLANNED = (OrderState.WAITING, OrderState.IN_PRODUCTION)


def hold_failing(floor: Floor, session: Session, remakes: Collection[str]) -> list[str]:
    """
    Hold the orders of new remakes whose pieces have failed too often; return their keys.

    Parameters
    ----------
    remakes
        Pieces that have just been put in the place of failed ones, by id.
    """
    limit = floor.settings.hold_after
    if limit == 0 or not remakes:
        return []
    held: list[str] = []
    for piece in remade_pieces(session, remakes):
        # a missing blank says nothing of the piece
        failures = [failure for failure in piece.failures if failure.reason != NO_BLANK]
        blamed = len(failures) >= limit and not _makes_nothing(floor, session, failures[-1].station)
        if blamed and piece.order_state in _PLANNED and piece.order_key not in held:
            orders.hold_order(session, piece.order_key, KEEPS_FAILING, _reason(piece, failures), floor.now())
            held.append(piece.order_key)
    return held


def tell_failing(floor: Floor, held: Collection[str]) -> None:
    """Raise the alarm, once the holds are committed."""
    for key in held:
        log.error("order_keeps_failing", order_key=key)
    if held:
        tell_quarantined(floor)


def _makes_nothing(floor: Floor, session: Session, station: str) -> bool:
    """Tell whether every one of a station's latest tickets since it came up has failed, so that it is taken down."""
    limit = floor.settings.quarantine_after
    since = stations.all_stations(session)[station].since
    ended = batches.last_ended(session, station, limit) if limit else []
    return bool(ended) and sum(state is TicketState.FAILED and at > since for state, at in ended) == limit


def _reason(piece: Remade, failures: list[Failure]) -> str:
    told = [f"at {one.station}" + (f" ({one.reason})" if one.reason else "") for one in failures]
    return (
        f"a piece of it, {piece.sku}, failed {len(failures)} times: {', '.join(told[-5:])}. "
        "Look at its text, artwork and product, then release it for one more try, or cancel it."
    )
