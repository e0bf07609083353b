"""One order: the way of each of its pieces so far and ahead, why it is where it is, and what was done to it."""

from dataclasses import dataclass
from datetime import datetime

from batcher.domain.orders import Item, Order
from batcher.domain.states import ItemState
from batcher.services.actions import find_order
from batcher.services.context import Floor
from batcher.services.explain import ItemWhy, Why, why
from batcher.services.pieces import PieceView, StepView, piece_views
from batcher.store import board, events
from batcher.store.events import Event

#: Orders that a search shows.
FOUND = 50
#: Kinds of events that concern the order as a whole.
_OF_ORDER = ("order", "promise", "outlook")


@dataclass(frozen=True)
class Past:
    """Something that happened to an order."""

    at: datetime
    what: str
    why: str
    who: str


@dataclass(frozen=True)
class PieceWay:
    """One piece: its steps, and what it waits for."""

    item: Item
    steps: tuple[StepView, ...]
    expected_at: datetime | None
    why: ItemWhy | None  #: none: it was scrapped


@dataclass(frozen=True)
class OrderView:
    """One order."""

    order: Order
    headline: str
    pieces: tuple[PieceWay, ...]
    past: tuple[Past, ...]


def order_view(floor: Floor, ref: str) -> OrderView:
    """
    Return the order of that id or key.

    Raises
    ------
    NotFoundError
        When there is none.
    ConflictError
        When several sources have an order of that id.
    """
    order = find_order(floor, ref)
    told = why(floor, order)
    with floor.store.read() as session:
        happened = events.events_of(session, order_key=order.key)
    past = tuple(_past(event) for event in happened if event.kind in _OF_ORDER or _is_scrap(event))
    return OrderView(order, told.headline, tuple(_ways(piece_views(floor, order.key), told)), past[::-1])


def found_orders(floor: Floor, text: str) -> list[Order]:
    """Return the orders whose id begins with a text, or whose key it is; at most `FOUND`."""
    with floor.store.read() as session:
        return board.orders_like(session, text, FOUND)


def _ways(pieces: list[PieceView], told: Why) -> list[PieceWay]:
    by_item = {each.item_id: each for each in told.items}
    return [PieceWay(piece.item, piece.steps, piece.expected_at, by_item.get(piece.item.id)) for piece in pieces]


def _is_scrap(event: Event) -> bool:
    return event.kind == "item" and event.after == ItemState.SCRAPPED


def _past(event: Event) -> Past:
    what = event.after.replace("_", " ")
    if event.kind == "order":
        what = "taken in" if event.before is None else what
    elif event.kind == "item":
        what = "a piece scrapped, another made"
    elif event.kind == "promise":
        what = "promised anew"
    return Past(event.at, what, str(event.data.get("reason", "")), str(event.data.get("who", "")))
