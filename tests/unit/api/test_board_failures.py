"""What the board shows when something fails, or when there is nothing yet to show."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from typing import cast

import httpx
import pytest
from structlog.testing import capture_logs

from batcher.api import gate
from batcher.api.access import ROUTES, Access
from batcher.api.app import create_app
from batcher.api.board import watched
from batcher.api.board.looks import templates
from batcher.api.board.parts import Painter, Shown
from batcher.api.board.stream import Streams
from batcher.api.board.watched import Watched
from batcher.api.health import Health
from batcher.errors import BatcherError, NotFoundError, StoreUnavailableError
from batcher.services.context import Floor
from tests.builders_api import client_of, order

_HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (ValueError("secret detail"), 500, "Batcher failed; its log tells more under this request id."),
        (StoreUnavailableError("secret detail"), 503, "The database does not answer; nothing was done, try again."),
    ],
)
def test_a_browser_is_shown_a_page_also_of_what_nobody_expected(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, told: str
) -> None:
    monkeypatch.setattr(gate, "ROUTES", {**ROUTES, ("GET", "/fails"): Access(None), ("GET", "/v1/fails"): Access(None)})
    app = create_app(floor, Health())

    @app.get("/fails")
    @app.get("/v1/fails")
    def fails() -> None:
        raise error

    with client_of(app) as client, capture_logs():
        page, program, api = (
            client.get("/fails", headers=_HTML), client.get("/fails"), client.get("/v1/fails", headers=_HTML),
        )  # fmt: skip

    assert [answer.status_code for answer in (page, program, api)] == [status] * 3
    assert page.headers["content-type"].startswith("text/html")
    assert told in page.text
    assert page.headers["x-request-id"] in page.text
    assert "Try again" in page.text
    assert "secret" not in page.text
    assert program.headers["content-type"] == api.headers["content-type"] == "application/problem+json"


def _events(floor: Floor, monkeypatch: pytest.MonkeyPatch, outcomes: list[BatcherError | None]) -> list[str]:
    """Return the events of a stream while its view is made as told: a failure, or none."""
    monkeypatch.setattr(watched, "FRESH_S", 0.0)
    health, left = Health(), iter(outcomes)
    painter = Painter(templates(), floor, list)

    def paint() -> Shown:
        failure = next(left, None)
        if failure is not None:
            raise failure
        return painter.paint()

    async def hear() -> list[str]:
        body = cast(
            "AsyncIterator[bytes]",
            Streams(health).of(Watched(paint, itertools.count(step=100.0).__next__), 0).body_iterator,
        )
        return [(await anext(body)).decode() for _ in range(3)]

    return asyncio.run(hear())


def test_a_stream_outlives_a_database_that_is_gone_for_a_while(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = StoreUnavailableError("secret detail")

    first, second, third = _events(floor, monkeypatch, [None, gone, gone, None])

    assert "event: look" in first
    assert json.loads(second.partition("data: ")[2]) == {"told": "The database does not answer"}
    assert "event: look" in third


def test_a_stream_says_when_what_it_showed_is_gone(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    _, second, _ = _events(floor, monkeypatch, [None, NotFoundError("batch", "b1"), None])

    assert "This is there no more" in second


def test_before_the_first_plan_no_station_is_said_to_have_nothing_to_do(client: httpx.Client) -> None:
    client.post("/v1/orders", json=order("W-1"))

    page, wall = client.get("/").text, client.get("/wall").text

    assert "nothing to do" not in page
    assert "no plan yet" in page
    assert "no plan yet" in wall
