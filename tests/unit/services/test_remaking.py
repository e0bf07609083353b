"""A piece that somebody found spoilt is made again, once, and only while nobody has it in hand."""

import pytest

from batcher.domain.states import ItemState
from batcher.errors import NotFoundError, TransitionError
from batcher.services.actions import cancel_order
from batcher.services.context import Floor
from batcher.services.remaking import remake_item
from batcher.store import batches, events, orders
from tests.builders_api import send_ticket
from tests.builders_floor import order_document, run_through, take


def _released(floor: Floor) -> tuple[str, str]:
    """Put an order's one piece on a ticket; return its order's key and its id."""
    (key,) = take(floor, order_document())
    item = _items(floor, key)[0][0]
    send_ticket(floor, "uv-1", "uv-print")
    return key, item


def _items(floor: Floor, key: str) -> list[tuple[str, ItemState]]:
    with floor.store.read() as session:
        return [(item.id, item.state) for item in orders.items_of(session, key)]


def _finish(floor: Floor) -> None:
    with floor.store.read() as session:
        ticket = batches.get_ticket(session, "T1")
    run_through(floor, ticket)


def test_a_piece_that_was_made_is_scrapped_and_another_waits_in_its_place(floor: Floor) -> None:
    key, item = _released(floor)
    _finish(floor)

    remake = remake_item(floor, item, "scratched in packing", "ada")

    assert _items(floor, key) == [(item, ItemState.SCRAPPED), (remake, ItemState.WAITING)]
    with floor.store.read() as session:
        told = [event.data for event in events.events_of(session, ident=item) if event.after == "scrapped"]
    assert told == [{"reason": "scratched in packing", "who": "ada"}]
    with pytest.raises(TransitionError):
        remake_item(floor, item, "again", "ada")


def test_a_piece_in_a_stations_hands_waiting_or_of_nobody_is_not_made_again(floor: Floor) -> None:
    _, item = _released(floor)
    with pytest.raises(TransitionError, match="in a station's hands"):
        remake_item(floor, item, "spoilt", "ada")
    (key,) = take(floor, order_document())
    with pytest.raises(TransitionError):
        remake_item(floor, _items(floor, key)[0][0], "spoilt", "ada")
    cancel_order(floor, key, "buyer rang", "ada")
    with pytest.raises(TransitionError):
        remake_item(floor, _items(floor, key)[0][0], "spoilt", "ada")
    with pytest.raises(NotFoundError):
        remake_item(floor, "no-such", "spoilt", "ada")
