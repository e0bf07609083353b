"""Sources: read page by page once, told what is kept, and contained when they are down, slow, lying or endless."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batcher.services import sources as service
from batcher.services.context import Floor
from batcher.services.sources import SourceStatus
from batcher.store import order_lists
from batcher.store import sources as stored
from tests.builders_api import opened_floor
from tests.builders_floor import later
from tests.builders_sources import PLAIN, Asked, Said, Shop, look, plain_order, serving, with_source


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    with opened_floor(tmp_path) as opened:
        yield opened


def _kept(floor: Floor) -> list[str]:
    with floor.store.read() as session:
        return sorted(order.order_id for order in order_lists.list_orders(session, limit=1000))


def _status(floor: Floor) -> SourceStatus:
    (status,) = service.statuses(floor)
    return status


def _plain(floor: Floor, shop: Shop, more: str = "") -> Floor:
    return with_source(floor, PLAIN.format(url=shop.url, more=more))


def _looks(floor: Floor, outcome: str) -> float | None:
    return floor.metrics.registry.get_sample_value("batcher_source_looks_total", {"source": "shop", "outcome": outcome})


def test_pages_are_followed_by_the_link_header_to_the_end(floor: Floor) -> None:
    def answer(asked: Asked) -> Said:
        page = int(asked.query.get("p", "0"))
        link = f'<{shop.url}/orders?p={page + 1}>; rel="next"' if page < 2 else ""
        return Said({"orders": [plain_order(page)]}, headers={"Link": link})

    with serving(answer) as shop:
        at = _plain(floor, shop, ", paging: link")
        look(at)

    assert _kept(floor) == ["P-0", "P-1", "P-2"]
    assert (_status(at).state.failures, _status(at).state.orders, _looks(floor, "read")) == (0, 3, 1.0)


@pytest.mark.parametrize("paging", [", paging: page", ", paging: body, next: next, parameter: page"])
def test_pages_are_counted_or_named_by_the_page_before(floor: Floor, paging: str) -> None:
    def answer(asked: Asked) -> Said:
        page = int(asked.query.get("page", "1"))
        return Said({"orders": [plain_order(page)] if page < 4 else [], "next": page + 1 if page < 3 else None})

    with serving(answer) as shop:
        look(_plain(floor, shop, paging))

    assert _kept(floor) == ["P-1", "P-2", "P-3"]


def test_only_what_is_new_is_asked_for_with_an_overlap_that_keeps_nothing_twice(floor: Floor) -> None:
    there = [plain_order(1), plain_order(700)]
    with serving(lambda _: Said({"orders": there})) as shop:
        at = _plain(floor, shop, ", since: {parameter: from, field: changed, overlap: 10 min}")
        look(at)
        there.append(plain_order(701))
        look(later(at, minutes=2))

        assert [asked.query.get("from") for asked in shop.asked] == [None, "2026-11-23T08:01:40Z"]
    assert _kept(floor) == ["P-1", "P-700", "P-701"]
    assert _status(at).state.watermark == "2026-11-23T08:11:41Z"


def test_a_source_is_read_on_by_the_number_of_its_newest_order(floor: Floor) -> None:
    def answer(asked: Asked) -> Said:
        after = int(asked.query.get("since_id", "0"))
        return Said({"orders": [plain_order(n) for n in range(1, 6) if n > after][:2]})

    with serving(answer) as shop:
        at = _plain(floor, shop, ", paging: since, since: {parameter: since_id, field: number, kind: number}")
        look(at)

        assert [asked.query.get("since_id") for asked in shop.asked] == [None, "2", "4", "5"]
    assert len(_kept(floor)) == 5
    assert _status(at).state.watermark == "5"


def test_a_watermark_is_never_in_the_future_whatever_a_source_says(floor: Floor) -> None:
    there = {"orders": [plain_order(1, changed="2093-01-01T00:00:00Z")]}
    with serving(lambda _: Said(there)) as shop:
        at = _plain(floor, shop, ", since: {parameter: from, field: changed}")
        look(at)

    assert _status(at).state.watermark == "2026-11-23T09:00:00Z"


def test_a_kept_order_is_told_once_and_one_that_could_not_be_told_later(floor: Floor) -> None:
    told: list[tuple[str, Any]] = []
    refusing = threading.Event()
    refusing.set()

    def answer(asked: Asked) -> Said:
        if asked.method == "GET":
            return Said({"orders": [plain_order(1), plain_order(2)]})
        if asked.path.endswith("/2") and refusing.is_set():
            return Said(status=503)
        told.append((asked.path, json.loads(asked.body)))
        return Said({})

    more = ", acknowledge: {{url: '{url}/taken/{{id}}', method: PUT, id: number, body: '{{n: id, ours: order_id}}'}}"
    with serving(answer) as shop:
        at = _plain(floor, shop, more.format(url=shop.url))
        look(at)
        first, refused = list(told), _status(at)
        refusing.clear()
        look(later(at, minutes=5))
        look(later(at, minutes=10))

    assert first == [("/taken/1", {"n": 1, "ours": "P-1"})]
    assert (refused.owed, refused.state.failures, refused.state.last_error) == (1, 1, "status: answered 503")
    assert told == [*first, ("/taken/2", {"n": 2, "ours": "P-2"})]
    assert _status(at).owed == 0


def test_an_order_the_source_will_not_hear_of_holds_up_neither_the_others_nor_the_next_look(floor: Floor) -> None:
    there = [plain_order(1), plain_order(2), plain_order(3)]
    told: list[str] = []

    def answer(asked: Asked) -> Said:
        if asked.method == "GET":
            return Said({"orders": there})
        told.append(asked.path)
        return Said(status=404 if asked.path.endswith("/1") else 200)

    with serving(answer) as shop:
        at = _plain(floor, shop, f", acknowledge: {{url: '{shop.url}/taken/{{id}}', id: number}}")
        look(at)
        there.append(plain_order(4))
        for minutes in (1, 2, 3):
            look(later(at, minutes=minutes))

    assert told[:3] == ["/taken/1", "/taken/2", "/taken/3"]
    assert told[3:] == ["/taken/1", "/taken/4", "/taken/1", "/taken/1"]
    after = _status(at)
    assert (after.owed, after.state.failures, after.state.last_error) == (1, 1, "status: answered 404")


def test_a_source_that_hears_of_nothing_is_told_no_more_in_this_look_after_three_refusals(floor: Floor) -> None:
    def answer(asked: Asked) -> Said:
        return Said({"orders": [plain_order(n) for n in range(9)]}) if asked.method == "GET" else Said(status=500)

    with serving(answer) as shop:
        look(_plain(floor, shop, f", acknowledge: {{url: '{shop.url}/taken/{{id}}', id: number}}"))

    assert [asked.method for asked in shop.asked] == ["GET", "POST", "POST", "POST"]


def test_an_order_that_cannot_be_taken_is_told_once_and_holds_up_nothing(floor: Floor) -> None:
    there = [plain_order(1), plain_order(2, at="yesterday"), plain_order(3)]
    with serving(lambda _: Said({"orders": there})) as shop:
        at = _plain(floor, shop)
        look(at)
        look(later(at, minutes=2))
        refused = _status(at).refused
        counted = floor.metrics.registry.get_sample_value("batcher_orders_received_total", {"outcome": "rejected"})
        with floor.store.read() as session:
            (note,) = stored.notes_in(session, "shop", "refused", 10)
        there[1] = plain_order(2)
        look(later(at, minutes=4))

    assert (refused, counted, note.ident) == (1, 1.0, "P-2")
    assert note.why is not None
    assert "datetime_invalid" in note.why
    assert (_status(at).refused, _kept(floor)) == (0, ["P-1", "P-2", "P-3"])


def test_a_source_that_is_down_is_asked_ever_more_rarely_and_again_when_it_is_back(floor: Floor) -> None:
    with serving(lambda _: Said(status=500)) as shop:
        at = _plain(floor, shop)
        waits = []
        for _ in range(4):
            look(at)
            state = _status(at).state
            assert state.next_at is not None
            waits.append((state.next_at - at.now()).total_seconds())
            at = later(at, seconds=waits[-1] + 1)
        shop.answer = lambda _: Said({"orders": [plain_order(1)]})
        look(at)

    assert [round(wait) for wait in waits] == [60, 120, 240, 480]
    assert (_status(at).state.failures, _kept(floor)) == (0, ["P-1"])
    assert _looks(floor, "status") == 4


def test_a_source_that_names_a_time_to_come_back_is_left_alone_until_then(floor: Floor) -> None:
    with serving(lambda _: Said(status=429, headers={"Retry-After": "900"})) as shop:
        at = _plain(floor, shop)
        look(at)
        again = look(later(at, seconds=890))

    assert (again, len(shop.asked)) == (0, 1)


def test_a_source_that_sends_the_same_page_for_ever_is_left_after_the_second(floor: Floor) -> None:
    page = {"orders": [plain_order(1)]}
    with serving(lambda _: Said(page)) as shop:
        at = _plain(floor, shop, ", paging: page")
        look(at)

        assert len(shop.asked) == 2
    assert (_kept(floor), _looks(floor, "same_page")) == (["P-1"], 1.0)


def test_a_source_without_an_end_is_read_in_parts_and_goes_on_where_it_was(floor: Floor) -> None:
    def answer(asked: Asked) -> Said:
        return Said({"orders": [plain_order(int(asked.query["page"]))]})

    with serving(answer) as shop:
        at = _plain(floor, shop, ", paging: page")
        look(at)
        look(at)

        assert [int(asked.query["page"]) for asked in shop.asked] == list(range(1, 41))
    assert _looks(floor, "unfinished") == 2


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Said(b"<html>oops</html>"), "not_json"),
        (Said({"orders": {"not": "a list"}}), "no_orders"),
        (Said({"orders": [1] * 5001}), "too_large"),
        (Said(status=302, headers={"Location": "/elsewhere"}), "status"),
        (Said(status=401), "auth"),
        (Said(b'{"orders": [', headers={"Content-Length": "5000"}), "protocol"),
        (Said({"orders": []}, headers={"Link": '<http://198.51.100.7/x>; rel="next"'}), "elsewhere"),
    ],
)
def test_a_source_that_lies_is_reported_and_nothing_else_is_hurt(floor: Floor, said: Said, reason: str) -> None:
    with serving(lambda _: said) as shop:
        at = _plain(floor, shop, ", paging: link")
        look(at)

    assert (_looks(floor, reason), _kept(floor)) == (1.0, [])
    assert str(_status(at).state.last_error).startswith(reason)


def test_a_source_that_never_answers_holds_up_no_other(floor: Floor) -> None:
    silent = threading.Event()

    def hang(_: Asked) -> Said:
        silent.wait(30)
        return Said({"orders": []})

    with serving(hang) as slow, serving(lambda _: Said({"orders": [plain_order(1)]})) as quick:
        both = _plain(floor, slow, ", timeout: 1 s").rules.current.sources
        at = with_source(floor, PLAIN.format(url=quick.url, more=""), "quick")
        rules = replace(at.rules.current, sources={**both, **at.rules.current.sources})
        at.rules.swap(rules, floor.now())
        look(at)
        silent.set()

    assert _kept(floor) == ["P-1"]
    assert _looks(floor, "timeout") == 1


def test_a_secret_comes_from_its_file_and_goes_only_where_it_should(floor: Floor) -> None:
    with serving(lambda _: Said({"orders": []})) as shop:
        at = _plain(floor, shop, ", auth: {scheme: plain, header: X-Shopify-Access-Token, file: secret}")
        look(at)
        missing = _status(at).state.last_error
        (floor.settings.state_dir / "secret").write_text("shpat_1\n", encoding="utf-8")
        look(later(at, minutes=5))

        assert [asked.headers.get("x-shopify-access-token") for asked in shop.asked] == ["shpat_1"]
    assert str(missing).startswith("secret")


def test_trying_a_source_keeps_nothing_and_tells_what_each_order_would_be(floor: Floor) -> None:
    there = [plain_order(1), plain_order(2, at="yesterday"), plain_order(3, lines=[{"sku": "NIX", "quantity": 1}])]
    with serving(lambda _: Said({"orders": there})) as shop:
        tried = service.try_source(_plain(floor, shop), "shop", limit=10)

    assert [(one.taken.outcome, one.taken.held_code) for one in tried] == [
        ("valid", None), ("rejected", None), ("valid", "sku_unknown"),
    ]  # fmt: skip
    assert _kept(floor) == []


def test_a_source_that_is_rewound_is_read_from_its_beginning_and_keeps_nothing_twice(floor: Floor) -> None:
    with serving(lambda _: Said({"orders": [plain_order(1)]})) as shop:
        at = _plain(floor, shop, ", since: {parameter: from, field: changed}")
        look(at)
        service.rewind(at, "shop", None, "mia")
        look(at)

        assert [asked.query.get("from") for asked in shop.asked] == [None, None]
    assert _kept(floor) == ["P-1"]
