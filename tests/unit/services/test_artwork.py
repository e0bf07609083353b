"""Artwork: fetched only from where it may be, believed only when it fits, kept once, placed beside the ticket."""

import hashlib
import json
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from batcher.domain.orders import Order
from batcher.domain.states import OrderState
from batcher.errors import FetchError
from batcher.intake.artwork import fetch_artwork
from batcher.net.exchange import Limits
from batcher.services import actions, erasure
from batcher.services.artwork import ArtworkDesk, artwork_dir
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.dispatching import StationDoors
from batcher.services.releasing import release_due
from batcher.store import orders
from tests.builders_api import opened_floor
from tests.builders_floor import at, later, order_document, take
from tests.builders_sources import Asked, Said, serving

PNG = b"\x89PNG\r\n\x1a\n" + b"a picture of a cat"
#: A picture of 100,000 by 100,000 pixels in 33 bytes.
FLOOD = PNG[:8] + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", 100_000, 100_000, 8, 6, 0, 0, 0, 0)
SHA = hashlib.sha256(PNG).hexdigest()
NEAR = Limits(5.0, 1000, private=True)


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    with opened_floor(tmp_path) as opened:
        yield replace(opened, settings=opened.settings.model_copy(update={"private_artwork": True}))


def _take(floor: Floor, url: str, sha256: str | None = SHA, **changes: Any) -> str:
    line = {"sku": "TIN-CAK-NATURAL-01", "quantity": 1, "text": "Zoë", "artwork": url, "artwork_sha256": sha256}
    (key,) = take(floor, order_document(lines=[line], **changes))
    return key


def _order(floor: Floor, key: str) -> Order:
    with floor.store.read() as session:
        return orders.get_order(session, key)


def _says(said: Said, _: Asked) -> Said:
    return said


def _turn(floor: Floor) -> int:
    return ArtworkDesk(floor, lambda: 1.0).turn()


def test_an_order_waits_held_until_its_artwork_is_in_the_house(floor: Floor) -> None:
    with serving(lambda _: Said(PNG)) as shop:
        key = _take(floor, f"{shop.url}/cat.png", SHA.upper())
        before = _order(floor, key)
        released = _turn(floor)

    assert (before.state, before.held_code, released) == (OrderState.HELD, "artwork_pending", 1)
    assert _order(floor, key).state is OrderState.WAITING
    assert (artwork_dir(floor.settings.state_dir) / SHA[:2] / f"{SHA}.png").read_bytes() == PNG


def test_one_artwork_of_many_orders_is_fetched_and_kept_once(floor: Floor) -> None:
    with serving(lambda _: Said(PNG)) as shop:
        keys = [_take(floor, f"{shop.url}/cat.png") for _ in range(3)]
        other = _take(floor, f"{shop.url}/same-cat.png")
        _turn(floor)

        assert sorted(asked.path for asked in shop.asked) == ["/cat.png", "/same-cat.png"]
    assert {_order(floor, key).state for key in (*keys, other)} == {OrderState.WAITING}
    assert len(list(artwork_dir(floor.settings.state_dir).rglob("*.png"))) == 1


@pytest.mark.parametrize(
    ("said", "code", "why"),
    [
        (Said(PNG + b"!"), "artwork_wrong", "checksum"),
        (Said(b""), "artwork_wrong", "nothing in it"),
        (Said(status=404), "artwork_missing", "answered 404"),
        (Said(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data"}), "artwork_missing", "place"),
    ],
)
def test_artwork_that_cannot_be_used_holds_its_order_with_the_reason_and_no_other(
    floor: Floor, said: Said, code: str, why: str
) -> None:
    with serving(lambda _: said) as shop:
        key = _take(floor, f"{shop.url}/cat.png")
        (other,) = take(floor, order_document())
        at = floor
        for _ in range(3):
            _turn(at)
            at = later(at, hours=1)

    order = _order(floor, key)
    assert (order.state, order.held_code) == (OrderState.HELD, code)
    assert why in str(order.held_reason)
    assert _order(floor, other).state is OrderState.WAITING


@pytest.mark.parametrize(
    ("content", "why"), [(b"<svg onload='x'/>", "no PNG"), (b"MZ an executable", "no PNG"), (FLOOD, "pixels")]
)
def test_artwork_that_is_no_picture_to_print_holds_its_order(floor: Floor, content: bytes, why: str) -> None:
    with serving(lambda _: Said(content)) as shop:
        key = _take(floor, f"{shop.url}/cat.png", None)
        _turn(floor)

    order = _order(floor, key)
    assert (order.state, order.held_code) == (OrderState.HELD, "artwork_wrong")
    assert why in str(order.held_reason)


def test_artwork_that_is_mended_lets_its_order_go_by_itself(floor: Floor) -> None:
    with serving(lambda _: Said(b"%PDF-1.7 another picture")) as shop:
        key = _take(floor, f"{shop.url}/cat.png")
        _turn(floor)
        shop.answer = lambda _: Said(PNG)
        _turn(later(floor, hours=1))

    assert _order(floor, key).state is OrderState.WAITING


def test_artwork_lies_beside_its_ticket_under_the_name_that_the_ticket_gives(floor: Floor) -> None:
    with serving(lambda _: Said(PNG)) as shop:
        _take(floor, f"{shop.url}/cat.png")
        _turn(floor)
    at = later(floor, hours=9)
    plan_cycle(at)
    tickets = release_due(at)
    doors = StationDoors(at)
    doors.open()
    doors.send()

    hot = floor.settings.state_dir / "stations" / tickets[0].station / "in"
    (item,) = json.loads((hot / f"{tickets[0].id}.json").read_text(encoding="utf-8"))["items"]
    assert (hot / item["artwork_file"]).read_bytes() == PNG
    assert item["artwork_sha256"] == SHA


def test_artwork_goes_with_the_last_order_that_needs_it(floor: Floor) -> None:
    with serving(lambda _: Said(PNG)) as shop:
        keys = [_take(floor, f"{shop.url}/cat.png") for _ in range(2)]
        _turn(floor)
    left = []
    for key in keys:
        actions.cancel_order(floor, key, "", "mia")
        erasure.erase_order(floor, key, "mia")
        left.append(len(list(artwork_dir(floor.settings.state_dir).rglob("*.png"))))

    assert left == [1, 0]


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x", "https://[::1]/x", "https://10.1.2.3/x", "https://2130706433/x", "https://0x7f.1/x",
        "https://[::ffff:169.254.169.254]/x", "https://localhost/x", "https://example.org:22/x", "http://example.org/x",
        "https://user:secret@example.org/x",
    ],
)  # fmt: skip
def test_artwork_is_never_asked_for_inside(url: str) -> None:
    with pytest.raises(FetchError) as refused:
        fetch_artwork(url, None, replace(NEAR, private=False))

    assert refused.value.reason == "address"


def test_artwork_is_bounded_in_size_time_and_steps(floor: Floor) -> None:
    def endless(asked: Asked) -> Said:
        return Said(status=302, headers={"Location": f"{asked.path}x"})

    reasons = []
    for said in (Said(PNG + bytes(2000)), Said(b"MZ an executable"), Said(b"half", headers={"Content-Length": "99"})):
        with serving(partial(_says, said)) as shop, pytest.raises(FetchError) as refused:
            fetch_artwork(f"{shop.url}/x", None, replace(NEAR, timeout_s=1.0))
        reasons.append(refused.value.reason)
    with serving(endless) as shop, pytest.raises(FetchError) as refused:
        fetch_artwork(f"{shop.url}/x", None, NEAR)
    with pytest.raises(FetchError) as foreign:
        fetch_artwork("https://example.org/x", None, NEAR, ["*.shop.example"])

    assert reasons == ["too_large", "kind", "protocol"]
    assert (refused.value.reason, foreign.value.reason) == ("elsewhere", "host")


def test_a_picture_that_somebody_deleted_holds_its_order_and_keeps_no_other_from_the_station(floor: Floor) -> None:
    with serving(lambda _: Said(PNG)) as shop:
        keys = [_take(floor, f"{shop.url}/cat.png") for _ in range(2)]
        others = take(floor, *(order_document() for _ in range(13)))
        _turn(floor)
    plan_cycle(floor)
    assert release_due(floor)
    (artwork_dir(floor.settings.state_dir) / SHA[:2] / f"{SHA}.png").unlink()
    StationDoors(floor).open()

    for _ in range(3):
        assert not any(sent.delivered for sent in StationDoors(floor).send())
        floor = later(floor, minutes=1)

    held = [_order(floor, key) for key in keys]
    assert {(order.state, order.held_code) for order in held} == {(OrderState.HELD, "keeps_failing")}
    assert "not in the house any more" in (held[0].held_reason or "")
    with floor.store.read() as session:
        assert {work.order.key for work in orders.open_work(session)} == set(others)
    assert floor.metrics.registry.get_sample_value("batcher_orders_quarantined") == 2
    assert StationDoors(floor).send() == []


def test_a_picture_that_was_put_back_is_sent_when_its_order_is_released(floor: Floor) -> None:
    with serving(lambda _: Said(PNG)) as shop:
        key = _take(floor, f"{shop.url}/cat.png", service="same-day")
        _turn(floor)
    picture = artwork_dir(floor.settings.state_dir) / SHA[:2] / f"{SHA}.png"
    plan = plan_cycle(floor)
    floor = at(floor, plan.snapshot.at + timedelta(seconds=min(plan.latest_begin.values())))
    release_due(floor)
    picture.unlink()
    StationDoors(floor).open()
    for _ in range(3):
        StationDoors(floor).send()
        floor = later(floor, seconds=30)
    assert _order(floor, key).held_code == "keeps_failing"
    picture.write_bytes(PNG)
    actions.release_order(floor, key, "ann")
    plan = plan_cycle(floor)
    assert release_due(at(floor, plan.snapshot.at + timedelta(seconds=max(0, min(plan.latest_begin.values())))))
    doors = StationDoors(floor)
    doors.open()
    assert [sent.delivered for sent in doors.send()] == [True]
