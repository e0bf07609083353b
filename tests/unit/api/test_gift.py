"""The buyer's page: only by its link, without floor words; the two questions, and what becomes of the answers."""

from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from batcher.api.app import create_app
from batcher.api.health import Health
from batcher.domain.states import OrderState
from batcher.services import actions
from batcher.services.context import Floor
from batcher.services.housekeeping import housekeep
from batcher.services.news import NewsDesk
from batcher.store import batches, news, orders
from tests.builders_api import client_of, opened_floor, send_ticket
from tests.builders_floor import later, order_document, run_through, take

#: Words of the floor that mean nothing to a buyer.
JARGON = ("batch", "ticket", "station", "job", "sku", "held", "fixture", "uv-1", "scrapped", "remake", "TIN-CAK")


@pytest.fixture
def floor(tmp_path: Path) -> Any:
    with opened_floor(tmp_path) as opened:
        yield opened


@lru_cache(maxsize=2)  # the floor, and the same some days later
def _client(floor: Floor) -> httpx.Client:
    return client_of(create_app(floor, Health()))


def _link(floor: Floor, key: str) -> str:
    return str(_client(floor).get(f"/v1/orders/{key}/link").json()["path"])


def _left(floor: Floor) -> tuple[Floor, str]:
    """Return a floor on which an order has been made and has left, and its key."""
    (key,) = take(floor, order_document())
    ticket_id = send_ticket(floor, "uv-1", "uv-print")
    with floor.store.read() as session:
        ticket = batches.get_ticket(session, ticket_id)
    run_through(floor, ticket)
    at = later(floor, days=3)
    housekeep(at)
    return at, key


def _answer(floor: Floor, key: str, **form: str) -> httpx.Response:
    return _client(floor).post(_link(floor, key), data=form)


def test_a_page_tells_the_buyer_what_is_made_of_their_order_in_their_words(floor: Floor) -> None:
    (key,) = take(floor, order_document(order_id="W-77"))
    page = _client(floor).get(_link(floor, key))
    send_ticket(floor, "uv-1", "uv-print")
    making = _client(floor).get(_link(floor, key))

    assert (page.status_code, page.headers["x-robots-tag"]) == (200, "noindex, nofollow")
    assert "Zsófia" in page.text
    assert "We have your order" in page.text
    assert "It leaves us today" in page.text
    assert "Your gift is being made" in making.text
    assert [word for word in JARGON if word.lower() in making.text.lower()] == []
    assert "How did it come?" not in making.text


@pytest.mark.parametrize("spoil", [lambda path: path[:-1] + ("a" if path[-1] != "a" else "b"), lambda _: "/s/W-77",
                                   lambda path: path.rpartition("-")[0], lambda _: "/s/-"])  # fmt: skip
def test_without_the_whole_link_there_is_no_page(floor: Floor, spoil: Any) -> None:
    (key,) = take(floor, order_document(order_id="W-77"))

    answer = _client(floor).get(spoil(_link(floor, key)))

    assert (answer.status_code, "Zsófia" in answer.text) == (404, False)


def test_what_people_wrote_is_shown_and_never_run(floor: Floor) -> None:
    (key,) = take(floor, order_document(lines=[{"sku": "TIN-CAK-NATURAL-01", "quantity": 1, "text": "<b>Zoë</b>"}]))

    page = _client(floor).get(_link(floor, key))

    assert "&lt;b&gt;Zoë&lt;/b&gt;" in page.text
    assert "script-src" not in page.headers["content-security-policy"]


def test_once_it_has_left_the_buyer_is_asked_and_the_answer_is_news_and_counted(floor: Floor) -> None:
    at, key = _left(floor)
    asked = _client(at).get(_link(at, key)).text
    first = _answer(at, key, came="no", good="yes")
    _answer(at, key, came="yes", good="no", wrong="damaged")
    NewsDesk(at, lambda *_: None, lambda: 1.0).make()  # type: ignore[arg-type] # nothing is sent

    with at.store.read() as session:
        told = [item for item in news.news_after(session, 0, limit=100) if item.type == "order.answered"]
    counted = at.metrics.registry.get_sample_value(
        "batcher_buyer_answers_total", {"question": "as_promised", "answer": "no"}
    )
    assert "How did it come?" in asked
    assert first.status_code == 303
    assert [item.data for item in told] == [{"as_promised": False, "as_expected": True, "wrong": None}]
    assert counted == 1
    assert "Thank you" in _client(at).get(_link(at, key)).text


def test_a_defect_puts_a_remake_before_somebody_who_may_approve_it(floor: Floor) -> None:
    at, key = _left(floor)
    with at.store.read() as session:
        number = orders.get_order(session, key).order_id

    _answer(at, key, came="yes", good="no", wrong="damaged")

    again = actions.find_order(at, f"{number}-R1")
    assert (again.state, again.held_code) == (OrderState.HELD, "remake_approval")
    assert "damaged" in str(again.held_reason)
    released = actions.release_order(at, again.key, "mia")
    assert (released.state, released.leave_by_at > at.now() - timedelta(hours=1)) == (OrderState.WAITING, True)


@pytest.mark.parametrize("form", [{}, {"came": "yes"}, {"came": "yes", "good": "maybe"}, {"came": "x" * 3000}])
def test_half_an_answer_is_asked_again_and_keeps_nothing(floor: Floor, form: dict[str, str]) -> None:
    at, key = _left(floor)

    answer = _answer(at, key, **form)

    assert (answer.status_code, "Please answer both questions" in answer.text) == (422, True)


def test_nobody_can_answer_before_it_has_left(floor: Floor) -> None:
    (key,) = take(floor, order_document())

    assert _answer(floor, key, came="yes", good="yes").status_code == 303
    assert "Thank you" not in _client(floor).get(_link(floor, key)).text
