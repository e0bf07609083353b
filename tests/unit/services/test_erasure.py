"""What stood on an order is gone from every file once it is forgotten, and nothing else is."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from batcher.errors import ConflictError
from batcher.services import actions
from batcher.services.context import Floor
from batcher.services.dropping import OrderDrop
from batcher.services.erasure import erase_order, forget_old
from batcher.store import orders
from tests.builders_api import opened_floor, send_ticket
from tests.builders_floor import later, order_document, take

PLANTED = ("Canary-Text", "Canary-Artwork", "Canary-Attribute", "Canary-Reason")


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    with opened_floor(tmp_path) as opened:
        yield opened


def _planted(order_id: str = "P-1", mark: str = "") -> dict[str, object]:
    line = {
        "sku": "TIN-CAK-NATURAL-01", "quantity": 2, "text": PLANTED[0] + mark, "artwork": PLANTED[1] + mark,
        "attributes": {"to": PLANTED[2] + mark},
    }  # fmt: skip
    return order_document(order_id=order_id, lines=[line], attributes={"from": PLANTED[2] + mark})


def _found(folder: Path, words: tuple[str, ...] = PLANTED) -> dict[str, set[str]]:
    """Return in which files of a folder which words stand."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = {path.name: {word for word in words if word.encode() in path.read_bytes()} for path in files}
    return {name: words for name, words in found.items() if words}


@pytest.mark.again
def test_what_is_forgotten_is_in_no_file_any_more_and_what_is_not_still_is(floor: Floor, tmp_path: Path) -> None:
    (key,) = take(floor, _planted())
    (other,) = take(
        floor, order_document(order_id="P-2", lines=[{"sku": "TIN-CAK-NATURAL-01", "quantity": 1, "text": "Kept"}])
    )
    send_ticket(floor, "uv-1", "uv-print", delivered=False)
    actions.set_station(floor, "uv-1", up=False, reason="lamp", who="mia")
    actions.cancel_order(floor, key, PLANTED[3], "mia")
    assert set().union(*_found(tmp_path).values()) == set(PLANTED)

    erase_order(floor, key, "mia")

    assert _found(tmp_path) == {}
    with floor.store.read() as session:
        assert {item.text for item in orders.items_of(session, key)} == {""}
        assert {item.text for item in orders.items_of(session, other)} == {"Kept"}


def test_order_files_that_name_it_are_forgotten_too(floor: Floor, tmp_path: Path) -> None:
    drop = floor.settings.orders_dir
    drop.mkdir(exist_ok=True)
    line = '"lines": [{"sku": "TIN-CAK-NATURAL-01", "quantity": 1, "text": "Canary-Text"}]'
    rest = f'"placed_at": "2026-11-23T08:00:00Z", "service": "next-day", {line}'
    (drop / "one.json").write_text(f'{{"order_id": "F-1", {rest}}}')
    (drop / "two.json").write_text(f'{{"order_id": "F-2", {rest}}}'.replace("Canary-Text", "Kept"))
    OrderDrop(floor).poll()
    order = actions.find_order(floor, "F-1")
    actions.cancel_order(floor, order.key, "", "mia")

    erase_order(floor, order.key, "mia")

    assert _found(tmp_path) == {}
    assert [path.name for path in (drop / "done").iterdir()] == ["two.json"]


def test_an_order_that_is_still_to_be_made_is_not_forgotten(floor: Floor) -> None:
    (key,) = take(floor, _planted())
    with pytest.raises(ConflictError, match="is not over"):
        erase_order(floor, key, "mia")
    send_ticket(floor, "uv-1", "uv-print")
    actions.cancel_order(floor, key, "", "mia")
    with pytest.raises(ConflictError, match="is not over"):  # a station has it in hand
        erase_order(floor, key, "mia")


def test_what_has_been_over_for_long_enough_is_forgotten_by_itself(floor: Floor, tmp_path: Path) -> None:
    (old,) = take(floor, _planted())
    actions.cancel_order(floor, old, PLANTED[3], "mia")
    short = replace(floor, settings=floor.settings.model_copy(update={"personal_days": 2}))

    too_early = forget_old(later(short, days=1))
    in_time = forget_old(later(short, days=4))
    again = forget_old(later(short, days=4))

    assert (too_early, in_time, again) == (0, 1, 0)
    assert _found(tmp_path) == {}
