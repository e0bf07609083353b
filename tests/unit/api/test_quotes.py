"""Quotes over HTTP."""

import httpx

from batcher.services.context import Floor
from tests.builders_floor import plan_at_once

TIN = {"sku": "TIN-CAK-NATURAL-01", "quantity": 2, "text": "Zsófia"}


def test_every_service_is_quoted_and_no_order_comes_of_it(client: httpx.Client, floor: Floor) -> None:
    plan_at_once(floor)

    answer = client.post("/v1/quotes", json={"lines": [TIN], "destination": {"country": "GB"}})

    assert answer.status_code == 200
    offers = {offer["service"]: offer for offer in answer.json()["offers"]}
    assert set(offers) == set(floor.rules.current.services)
    assert offers["same-day"]["leave_by_at"] == "2026-11-23T18:00:00Z"
    assert 0 < offers["same-day"]["confidence"] < 1
    assert client.get("/v1/orders").json()["orders"] == []


def test_before_the_first_plan_one_is_asked_to_come_again(client: httpx.Client) -> None:
    answer = client.post("/v1/quotes", json={"lines": [TIN]})

    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "no_plan", "5")


def test_a_question_with_faults_is_refused_with_all_of_them(client: httpx.Client) -> None:
    answer = client.post("/v1/quotes", json={"lines": [{**TIN, "quantity": 0}], "wanted_by": "soon", "more": 1})

    assert answer.status_code == 422
    assert {fault["loc"] for fault in answer.json()["errors"]} == {"/lines/0/quantity", "/wanted_by", "/more"}


def test_so_many_pieces_are_ordered_and_not_quoted(client: httpx.Client) -> None:
    answer = client.post("/v1/quotes", json={"lines": [{**TIN, "quantity": 201}]})

    assert (answer.status_code, answer.json()["code"]) == (422, "qty_over_limit")


def test_a_date_is_reserved_once_by_its_key_looked_up_and_given_up(client: httpx.Client, floor: Floor) -> None:
    plan_at_once(floor)
    body = {"lines": [TIN], "service": "same-day", "reserve": {"minutes": 30}}
    key = {"Idempotency-Key": "basket-1"}

    made, again = (client.post("/v1/quotes", json=body, headers=key) for _ in range(2))

    assert (made.status_code, again.status_code) == (201, 201)
    assert made.json() == again.json()
    place = made.headers["location"]
    assert client.get(place).json() == made.json()["reservation"]
    assert client.get(place).json()["state"] == "standing"
    assert client.post(f"{place}/give-up").json()["state"] == "given_up"
    refused = client.post(f"{place}/give-up")
    assert (refused.status_code, refused.json()["code"]) == (409, "transition_not_allowed")


def test_room_is_kept_for_one_service_and_for_a_week_at_most(client: httpx.Client) -> None:
    unnamed = client.post("/v1/quotes", json={"lines": [TIN], "reserve": {"minutes": 30}})
    too_long = client.post("/v1/quotes", json={"lines": [TIN], "service": "economy", "reserve": {"minutes": 20_000}})

    assert (unnamed.json()["code"], too_long.json()["code"]) == ("field_required", "minutes_invalid")


def test_a_reservation_that_is_not_there_is_not_found(client: httpx.Client) -> None:
    assert client.get("/v1/reservations/R-1").status_code == 404
