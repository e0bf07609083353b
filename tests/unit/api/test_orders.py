"""Orders over HTTP: taken in, shown, explained, held, released, cancelled."""

import httpx
import pytest

from batcher.api.order_desk import MAX_ORDERS
from batcher.services.context import Floor
from tests.builders_api import order, save_plan, send_ticket


def test_a_new_order_is_created_and_can_be_found_by_both_its_names(client: httpx.Client) -> None:
    answer = client.post("/v1/orders", json=order("W-1"))

    assert answer.status_code == 201
    taken = answer.json()
    assert (taken["order_id"], taken["outcome"], taken["held_code"]) == ("W-1", "created", None)
    assert answer.headers["location"] == f"/v1/orders/{taken['key']}"
    by_key, by_id = client.get(answer.headers["location"]), client.get("/v1/orders/W-1")
    assert by_key.json() == by_id.json()
    assert by_id.json()["state"] == "waiting"
    assert [step["state"] for step in by_id.json()["items"][0]["steps"]] == ["waiting"]


def test_the_same_order_again_is_a_replay_and_with_other_content_a_conflict(client: httpx.Client) -> None:
    first = client.post("/v1/orders", json=order())

    again = client.post("/v1/orders", json=order())
    other = client.post("/v1/orders", json=order(service="standard"))
    elsewhere = client.post("/v1/orders?source=web", json=order(service="standard"))

    assert (again.status_code, again.headers["idempotent-replay"]) == (200, "true")
    assert again.json()["key"] == first.json()["key"]
    assert "idempotent-replay" not in first.headers
    assert (other.status_code, other.json()["code"]) == (409, "order_conflict")
    assert elsewhere.status_code == 201


def test_an_order_that_cannot_be_made_is_accepted_and_held_with_its_reason(client: httpx.Client) -> None:
    answer = client.post("/v1/orders", json=order(lines=[{"sku": "NO-SUCH", "quantity": 1}]))

    assert (answer.status_code, answer.json()["held_code"]) == (202, "sku_unknown")
    shown = client.get("/v1/orders/W-1").json()
    assert (shown["state"], shown["held_code"]) == ("held", "sku_unknown")
    assert "NO-SUCH" in shown["held_reason"]


def test_an_order_with_faults_is_refused_with_every_fault_and_leaves_nothing(client: httpx.Client) -> None:
    bad = order(prioritty="high", state="complete", lines=[{"sku": "TIN-CAK-NATURAL-01", "quantity": 0}])

    answer = client.post("/v1/orders", json=bad)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {(error["loc"], error["code"]) for error in problem["errors"]} == {
        ("/prioritty", "field_unknown"),
        ("/state", "field_not_writable"),
        ("/lines/0/quantity", "qty_invalid"),
    }
    assert (problem["status"], problem["title"]) == (422, "Unprocessable Entity")
    assert client.get("/v1/orders").json()["orders"] == []


def test_a_list_is_answered_entry_by_entry_and_the_good_ones_are_kept(client: httpx.Client) -> None:
    client.post("/v1/orders", json=order("W-1"))
    documents = [
        order("W-1"),
        order("W-2"),
        order("W-3", lines=[]),
        order("W-4", lines=[{"sku": "NO-SUCH", "quantity": 1}]),
        "no order at all",
    ]

    answer = client.post("/v1/orders", json=documents)

    assert answer.status_code == 207
    results = answer.json()["results"]
    assert [entry["status"] for entry in results] == [200, 201, 422, 202, 422]
    assert results[2]["errors"][0]["code"] == "items_empty"
    assert results[4]["errors"][0]["code"] == "body_not_object"
    listed = client.get("/v1/orders").json()["orders"]
    assert {entry["order_id"] for entry in listed} == {"W-1", "W-2", "W-4"}


@pytest.mark.parametrize("count", [0, MAX_ORDERS + 1])
def test_a_list_of_no_or_of_too_many_orders_is_refused_whole(client: httpx.Client, count: int) -> None:
    answer = client.post("/v1/orders", json=[{}] * count)

    assert (answer.status_code, answer.json()["code"]) == (422, "list_length")


def test_orders_are_listed_page_by_page_and_by_state(client: httpx.Client) -> None:
    client.post("/v1/orders", json=[order(f"W-{k}") for k in range(5)])
    client.post("/v1/orders/W-3/hold", json={"reason": "asked to wait", "who": "mia"})

    first = client.get("/v1/orders?limit=2").json()
    second = client.get(f"/v1/orders?limit=2&after={first['next']}").json()
    third = client.get(f"/v1/orders?limit=2&after={second['next']}").json()

    paged = [entry["order_id"] for page in (first, second, third) for entry in page["orders"]]
    assert sorted(paged) == [f"W-{k}" for k in range(5)]
    assert third["next"] is None
    held = client.get("/v1/orders?state=held").json()["orders"]
    assert [entry["order_id"] for entry in held] == ["W-3"]


@pytest.mark.parametrize(
    ("query", "code"),
    [("limit=x", "limit_range"), ("state=lost", "parameter_invalid"), ("leaves_from=x", "parameter_invalid")],
)
def test_parameters_out_of_range_are_refused_by_name(client: httpx.Client, query: str, code: str) -> None:
    answer = client.get(f"/v1/orders?{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["loc"] in ("limit", "0", "leaves_from")


def test_personal_text_is_not_in_what_the_api_shows(client: httpx.Client) -> None:
    client.post("/v1/orders", json=order(attributes={"gift_for": "Zsófia"}))

    shown = client.get("/v1/orders/W-1").text + client.get("/v1/orders").text + client.get("/v1/orders/W-1/why").text

    assert "Zs" not in shown


def test_why_tells_of_each_piece_in_words(client: httpx.Client) -> None:
    client.post("/v1/orders", json=order(lines=[{"sku": "TIN-CAK-NATURAL-01", "quantity": 2, "text": "Ada"}]))

    told = client.get("/v1/orders/W-1/why").json()

    assert told["order_id"] == "W-1"
    assert "must leave by" in told["headline"]
    assert len(told["items"]) == 2


def test_an_order_is_held_and_let_go_again(client: httpx.Client) -> None:
    client.post("/v1/orders", json=order())

    held = client.post("/v1/orders/W-1/hold", json={"reason": "customer rang", "who": "mia"})
    again = client.post("/v1/orders/W-1/release", json={"who": "mia"})

    assert (held.status_code, held.json()["state"], held.json()["held_reason"]) == (200, "held", "customer rang")
    assert (again.status_code, again.json()["state"]) == (200, "waiting")


def test_releasing_an_order_that_is_not_held_is_a_conflict(client: httpx.Client) -> None:
    client.post("/v1/orders", json=order())

    answer = client.post("/v1/orders/W-1/release", json={})

    assert (answer.status_code, answer.json()["code"]) == (409, "transition_not_allowed")


def test_cancelling_twice_answers_the_same(client: httpx.Client) -> None:
    client.post("/v1/orders", json=order())

    first = client.post("/v1/orders/W-1/cancel", json={"reason": "changed their mind"})
    second = client.post("/v1/orders/W-1/cancel", json={"reason": "changed their mind"})

    assert (first.status_code, first.json()["state"]) == (200, "cancelled")
    assert second.json() == first.json()
    assert second.status_code == 200


def test_an_order_in_a_stations_hands_can_still_be_cancelled(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders", json=order())
    send_ticket(floor, "uv-1", "uv-print")

    assert client.post("/v1/orders/W-1/cancel", json={}).json()["state"] == "cancelled"


@pytest.mark.parametrize("path", ["", "/why"])
def test_an_order_nobody_sent_is_not_found(client: httpx.Client, path: str) -> None:
    answer = client.get(f"/v1/orders/NOPE{path}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("action", ["hold", "release", "cancel"])
def test_acting_on_an_order_nobody_sent_is_not_found(client: httpx.Client, action: str) -> None:
    assert client.post(f"/v1/orders/NOPE/{action}", json={}).status_code == 404


def test_an_action_with_a_field_it_does_not_know_is_refused(client: httpx.Client) -> None:
    client.post("/v1/orders", json=order())

    answer = client.post("/v1/orders/W-1/hold", json={"raeson": "typo", "who": 7})

    assert answer.status_code == 422
    assert {error["loc"] for error in answer.json()["errors"]} == {"/raeson", "/who"}


def test_orders_are_found_by_what_they_are_for(client: httpx.Client) -> None:
    client.post("/v1/orders", json=[order("W-1"), order("W-2", service="standard", country="DE", tier="no-such")])
    client.post("/v1/orders?source=web", json=order("W-3", channel="web"))

    def found(query: str) -> list[str]:
        return [entry["order_id"] for entry in client.get(f"/v1/orders?{query}").json()["orders"]]

    assert found("service=standard") == found("country=DE") == found("held_code=tier_unknown") == ["W-2"]
    assert found("source=web") == found("channel=web") == found("order_id=W-3") == ["W-3"]
    assert found("leaves_before=2026-11-23T19:00:00Z&state=waiting") == []
    assert found("leaves_from=2026-11-23T19:00:00Z&service=next-day") == ["W-1", "W-3"]
    assert client.get("/v1/orders?leaves_from=2026-11-23T19:00:00").json()["code"] == "datetime_needs_offset"


def test_an_order_that_is_only_tried_tells_what_would_come_of_it_and_leaves_nothing(client: httpx.Client) -> None:
    tried = client.post("/v1/orders?validate_only=true", json=order())
    held = client.post("/v1/orders?validate_only=true", json=order(tier="no-such"))
    bad = client.post("/v1/orders?validate_only=true", json=order(lines=[]))
    assert client.get("/v1/orders").json()["orders"] == []
    client.post("/v1/orders", json=order())
    known = client.post("/v1/orders?validate_only=true", json=[order(), order(service="standard"), order("W-2")])

    assert (tried.status_code, tried.json()["outcome"], tried.json()["leave_by_at"]) == (
        200, "valid", "2026-11-23T19:00:00Z",
    )  # fmt: skip
    assert (held.json()["outcome"], held.json()["held_code"], held.json()["leave_by_at"]) == (
        "valid", "tier_unknown", None,
    )  # fmt: skip
    assert (bad.status_code, bad.json()["code"]) == (422, "items_empty")
    assert [entry["outcome"] for entry in known.json()["results"]] == ["replayed", "conflict", "valid"]


def test_of_a_list_that_must_be_kept_whole_nothing_is_kept_when_one_is_bad(client: httpx.Client) -> None:
    client.post("/v1/orders", json=order("W-1"))

    bad = client.post("/v1/orders?atomic=true", json=[order("W-2"), order("W-3", lines=[])])
    conflict = client.post("/v1/orders?atomic=true", json=[order("W-2"), order("W-1", service="standard")])
    good = client.post("/v1/orders?atomic=true", json=[order("W-1"), order("W-2")])

    assert [(a.status_code, a.json()["code"]) for a in (bad, conflict)] == [(422, "list_refused")] * 2
    assert bad.json()["errors"][0]["loc"] == "/1/lines"
    assert conflict.json()["errors"][0]["code"] == "order_conflict"
    assert [entry["outcome"] for entry in good.json()["results"]] == ["replayed", "created"]
    assert len(client.get("/v1/orders").json()["orders"]) == 2


def test_a_piece_tells_its_steps_with_batch_station_and_expected_times(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders", json=order())
    save_plan(floor, "uv-1", "uv-print")
    planned = client.get("/v1/orders/W-1").json()["items"][0]
    send_ticket(floor, "uv-1", "uv-print")
    released = client.get(f"/v1/items/{planned['id']}").json()
    ticket, batch = client.get("/v1/tickets/T1").json(), client.get("/v1/batches/B-T1").json()

    step = planned["steps"][0]
    assert (step["station"], step["planned"], step["batch_id"]) == ("uv-1", True, None)
    assert step["end_at"] == "2026-11-23T09:50:00Z"
    assert planned["expected_at"] > step["end_at"]
    step = released["steps"][0]
    assert (step["station"], step["planned"], step["batch_id"], step["ticket_id"]) == ("uv-1", False, "B-T1", "T1")
    assert released["order_id"] == "W-1"
    assert [entry["job_id"] for entry in ticket["listed"]] == [step["id"]] == [e["job_id"] for e in batch["listed"]]
    assert batch["ticket_id"] == "T1"


@pytest.mark.parametrize("path", ["items/NOPE", "tickets/NOPE", "batches/NOPE", "stations/NOPE"])
def test_what_nobody_knows_is_not_found(client: httpx.Client, path: str) -> None:
    assert client.get(f"/v1/{path}").status_code == 404


def test_the_rules_in_force_tell_what_may_be_asked_for(client: httpx.Client, floor: Floor) -> None:
    rules = client.get("/v1/rules").json()

    assert rules["hash"] == floor.rules.current.hash
    assert "next-day" in {service["id"] for service in rules["services"]}
    assert {station["id"] for station in rules["stations"]} == set(floor.rules.current.stations)
