"""The same request twice by its key: done once, answered the same; another request by that key is refused."""

import threading
from typing import Any

import httpx
import pytest
from sqlalchemy.event import listen

from batcher.api.app import create_app
from batcher.api.health import Health
from batcher.domain.access import Scope
from batcher.services.context import Floor
from batcher.store import kept_answers
from tests.builders_access import token_with
from tests.builders_api import client_of, order
from tests.builders_floor import later

_KEY = {"Idempotency-Key": "6f1c"}


def test_a_key_used_again_gets_the_first_answer_again(client: httpx.Client) -> None:
    first = client.post("/v1/orders", json=order(), headers=_KEY)
    again = client.post("/v1/orders", json=order(), headers=_KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert ("idempotent-replay" in first.headers, again.headers["idempotent-replay"]) == (False, "true")


def test_a_key_used_for_another_body_is_refused(client: httpx.Client) -> None:
    client.post("/v1/orders", json=order(), headers=_KEY)

    other = client.post("/v1/orders", json=order("W-2"), headers=_KEY)

    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reuse")
    assert client.get("/v1/orders/W-2").status_code == 404


def test_a_request_that_was_refused_may_be_tried_again_by_its_key(client: httpx.Client) -> None:
    refused = client.post("/v1/orders", json=order(lines=[]), headers=_KEY)
    mended = client.post("/v1/orders", json=order(), headers=_KEY)

    assert (refused.status_code, mended.status_code) == (422, 201)


def test_a_key_is_its_callers_own(client: httpx.Client, floor: Floor) -> None:
    one, other = (token_with(floor, [Scope.ORDERS_WRITE], name=name) for name in ("one", "other"))

    answers = [client.post("/v1/orders", json=order(ref), headers={**who, **_KEY})
               for ref, who in (("W-1", one), ("W-2", other))]  # fmt: skip

    assert [answer.status_code for answer in answers] == [201, 201]


def test_a_key_is_forgotten_after_a_day(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders", json=order(), headers=_KEY)
    with client_of(create_app(later(floor, days=1, minutes=1), Health())) as tomorrow:
        answer = tomorrow.post("/v1/orders", json=order("W-2"), headers=_KEY)

    assert answer.status_code in (201, 202)
    with floor.store.write() as session:
        kept_answers.forget_answers(session, later(floor, days=9).now())
        assert kept_answers.find_answer(session, "api", "6f1c") is None


def test_a_key_whose_request_is_under_way_is_a_conflict(floor: Floor) -> None:
    app = create_app(floor, Health())
    first: list[httpx.Response] = []
    under_way = threading.Event()

    def send() -> None:
        with client_of(app) as one:
            first.append(one.post("/v1/orders", json=order(), headers=_KEY))

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "kept_answers" in statement:  # it has taken its key, and looks for an answer by it
            under_way.set()

    with floor.store.read() as session:
        listen(session.get_bind(), "before_cursor_execute", hear)
    with floor.store.write(), client_of(app) as other:
        # the writer is taken: the first request waits for it, inside
        sender = threading.Thread(target=send)
        sender.start()
        assert under_way.wait(60)
        answer = other.post("/v1/orders", json=order(), headers=_KEY)
    sender.join()

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_in_flight")
    assert first[0].status_code == 201


@pytest.mark.parametrize("key", ["", "a" * 256, "a b"])
def test_a_key_that_is_none_is_refused(client: httpx.Client, key: Any) -> None:
    answer = client.post("/v1/orders", json=order(), headers={"Idempotency-Key": key})

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")
