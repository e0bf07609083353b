"""The board's pages: what people see of the floor, made once for all of them."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from batcher.api.board.looks import templates
from batcher.api.board.parts import Painter, Part
from batcher.api.board.verdict import verdict
from batcher.api.board.watched import Watched
from batcher.api.health import Health, Stale
from batcher.domain.states import OrderState
from batcher.services.board.floor_view import FloorBoard, floor_board
from batcher.services.board.plans import PlanReader
from batcher.services.board.stations import Doing
from batcher.services.context import Floor
from tests.builders_api import NOW, order, save_plan, send_ticket

_NASTY = "<script>alert(1)</script>"


def _text(page: str) -> str:
    """Return a page's HTML with runs of white space made one space."""
    return re.sub(r"\s+", " ", page)


def test_an_empty_floor_says_so_instead_of_showing_nothing(client: httpx.Client) -> None:
    page = _text(client.get("/").text)

    for told in ("Nothing to do", "No order waits for a courier.", "No plan yet"):
        assert told in page


def test_the_floor_shows_its_orders_stations_and_rules(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders", json=[order("W-1"), order("W-2", lines=[{"sku": "NO-SUCH", "quantity": 1}])])
    save_plan(floor, "uv-2", "uv-print")
    send_ticket(floor, "uv-1", "uv-print")

    page = client.get("/")

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for told in ("1 held", "uv-1", "press-1", "/batch/B-T1", floor.rules.current.hash[:12]):
        assert told in page.text
    assert "Zs" not in page.text


def test_a_page_names_nothing_that_lies_on_another_server(client: httpx.Client) -> None:
    for path in ("/", "/docs"):
        page = client.get(path).text
        loaded = re.findall(r'(?:src|href)="([^"]*)"', page)
        assert loaded
        assert all(re.match(r"/(?!/)|#", link) for link in loaded)
        assert "<style" not in page
        assert " style=" not in page
        assert not re.search(r"<script(?! src=)", page)
        for link in loaded:
            if link.startswith("/static/"):
                assert client.get(link).status_code == 200


def test_what_came_from_outside_is_escaped(floor: Floor) -> None:
    painter = Painter(templates(), floor, lambda: [Part("verdict", "parts/verdict.html", _said(_NASTY))])

    (part,) = painter.paint().parts

    assert "<script>" not in part.html
    assert "&lt;script&gt;" in part.html


def _said(text: str) -> object:
    return replace(verdict(_BOARD, []), text=text)


_BOARD = FloorBoard(NOW, "Hartley", {}, 0, 0, (), (), None, None, "9f31", NOW)


@pytest.mark.parametrize(
    ("board", "stale", "grade", "text"),
    [
        (replace(_BOARD, orders={OrderState.WAITING: 1}), [], "good", "1 open order, on course"),
        (replace(_BOARD, orders={OrderState.WAITING: 4, OrderState.IN_PRODUCTION: 3}), [], "good",
         "All 7 open orders on course"),
        (replace(_BOARD, orders={OrderState.HELD: 2}), [], "warning", "2 held"),
        (replace(_BOARD, at_risk=3), [], "warning", "3 at risk"),
        (replace(_BOARD, late=1, at_risk=3), [], "bad", "1 late · 3 at risk"),
        (_BOARD, [Stale("plan", 90, 60)], "bad", "loop plan made no progress for 90 s (allowed 60 s)"),
    ],
)  # fmt: skip
def test_the_verdict_says_what_matters_most(board: FloorBoard, stale: list[Stale], grade: str, text: str) -> None:
    told = verdict(board, stale)

    assert (told.grade, told.text) == (grade, text)


def test_only_parts_that_changed_are_painted_again_and_sent(floor: Floor) -> None:
    grades = {"a": "good", "b": "good"}

    def read() -> Sequence[Part]:
        return [Part(name, "parts/verdict.html", replace(verdict(_BOARD, []), grade=g)) for name, g in grades.items()]

    painter = Painter(templates(), floor, read)
    first = painter.paint()
    grades["b"] = "bad"
    second = painter.paint()

    assert [part.id for part in second.changed_since(first.look)] == ["b"]
    assert second.html()["a"] is first.html()["a"]
    assert [part.id for part in second.changed_since(0)] == ["a", "b"]


def test_many_screens_cost_one_look(floor: Floor) -> None:
    now, made = [100.0], []

    def read() -> Sequence[Part]:
        made.append(now[0])
        return []

    painter = Painter(templates(), floor, read)

    async def watch() -> None:
        watched = Watched(painter.paint, lambda: now[0])
        await asyncio.gather(*(watched.now() for _ in range(20)))
        now[0] = 101.9
        await watched.now()
        now[0] = 102.1
        await asyncio.gather(*(watched.now() for _ in range(20)))

    asyncio.run(watch())

    assert made == [100.0, 102.1]


def test_a_stream_sends_what_has_changed_since_the_page_was_made(floor: Floor, client: httpx.Client) -> None:
    page = client.get("/").text
    look = int(re.findall(r'data-look="(\d+)"', page)[0])

    assert abs(look / 1000 - datetime.now(UTC).timestamp()) < 3600
    assert 'data-live="/live"' in page


def test_a_station_that_is_down_says_why(floor: Floor, client: httpx.Client) -> None:
    client.post("/v1/stations/uv-1/down", json={"reason": "lens cracked"})

    card = floor_board(floor, PlanReader()).stations[0]

    assert (card.id, card.doing, card.note) == ("uv-1", Doing.DOWN, "lens cracked")
    assert "lens cracked" in client.get("/").text


def test_health_is_told_on_the_board(client: httpx.Client, health: Health) -> None:
    health.register("plan", -1.0)

    assert "loop plan made no progress" in client.get("/").text
