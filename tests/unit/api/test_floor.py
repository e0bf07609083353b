"""Stations, their reports, batches, tickets, the plan and the status over HTTP."""

import httpx
import pytest

from batcher.services.context import Floor
from tests.builders_api import order, report, save_plan, send_ticket


def _post(client: httpx.Client, document: dict[str, object]) -> tuple[int, dict[str, str]]:
    answer = client.post("/v1/reports", json=document)
    return answer.status_code, answer.json()


def test_reports_of_a_station_move_its_ticket_to_done_and_each_once(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders", json=order())
    send_ticket(floor, "uv-1", "uv-print")

    for number, kind in enumerate(("accepted", "running", "done")):
        assert _post(client, report(f"r{number}", "T1", kind)) == (
            200,
            {"outcome": "applied", "code": "", "message": ""},
        )
    again = client.post("/v1/reports", json=report("r2", "T1", "done"))

    assert (again.status_code, again.headers["idempotent-replay"]) == (200, "true")
    (ticket,) = client.get("/v1/tickets?state=done").json()
    assert (ticket["id"], ticket["state"]) == ("T1", "done")
    assert client.get("/v1/orders/W-1").json()["items"][0]["state"] == "made"


def test_a_report_that_was_overtaken_is_taken_without_effect(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders", json=order())
    send_ticket(floor, "uv-1", "uv-print")
    _post(client, report("r1", "T1", "running"))

    status, answer = _post(client, report("r2", "T1", "accepted"))

    assert (status, answer["outcome"]) == (200, "out_of_order")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"ticket_id": "T9"}, 404, "ticket_unknown"),
        ({"station": "uv-2"}, 403, "not_your_ticket"),
        ({"items": {"NOPE": "done"}}, 422, "items_unknown"),
    ],
)
def test_a_report_that_cannot_be_acted_on_is_refused_and_kept(
    client: httpx.Client, floor: Floor, changes: dict[str, object], status: int, code: str
) -> None:
    client.post("/v1/orders", json=order())
    send_ticket(floor, "uv-1", "uv-print")

    answers = [client.post("/v1/reports", json=report("r1", "T1", "done") | changes) for _ in range(2)]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(status, code)] * 2
    assert ["idempotent-replay" in answer.headers for answer in answers] == [False, True]
    assert all(answer.json()["request_id"] == answer.headers["x-request-id"] for answer in answers)
    assert client.get("/v1/tickets").json()[0]["state"] == "delivered"


def test_a_report_that_contradicts_what_is_known_is_a_conflict(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders", json=order())
    send_ticket(floor, "uv-1", "uv-print")
    _post(client, report("r1", "T1", "done"))

    status, answer = _post(client, report("r2", "T1", "failed"))

    assert (status, answer["code"]) == (409, "contradiction")


def test_a_second_acceptance_is_a_conflict_since_two_machines_may_have_the_ticket(
    client: httpx.Client, floor: Floor
) -> None:
    client.post("/v1/orders", json=order())
    send_ticket(floor, "uv-1", "uv-print")
    _post(client, report("r1", "T1", "accepted"))

    status, answer = _post(client, report("r2", "T1", "accepted"))

    assert (status, answer["code"]) == (409, "duplicate_execution")


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"kind": "maybe"}, 422), ({"at": "2026-11-23T09:00:00"}, 422), ({"extra": 1}, 422), ({"station": "a/b"}, 422)],
)
def test_a_report_that_breaks_its_format_is_refused(
    client: httpx.Client, changes: dict[str, object], status: int
) -> None:
    assert _post(client, report("r1", "T1", "done") | changes)[0] == status


def test_a_report_that_is_no_json_is_a_bad_request(client: httpx.Client) -> None:
    answer = client.post("/v1/reports", content=b"{", headers={"Content-Type": "application/json"})

    assert answer.status_code == 400


def test_a_station_goes_down_with_unsent_tickets_taken_back_and_comes_up(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders", json=order())
    send_ticket(floor, "uv-1", "uv-print", delivered=False)

    down = client.post("/v1/stations/uv-1/down", json={"reason": "lamp broken", "who": "mia"})
    stations = {entry["id"]: entry for entry in client.get("/v1/stations").json()}
    up = client.post("/v1/stations/uv-1/up", json={"who": "mia"})

    assert down.json() == {"station": "uv-1", "state": "down", "recalled": ["T1"]}
    assert (stations["uv-1"]["state"], stations["uv-1"]["reason"]) == ("down", "lamp broken")
    assert up.json() == {"station": "uv-1", "state": "up", "recalled": []}
    assert client.get("/v1/orders/W-1").json()["items"][0]["steps"][0]["state"] == "waiting"


def test_a_station_the_rules_do_not_name_is_not_found(client: httpx.Client) -> None:
    assert client.post("/v1/stations/nope/down", json={}).status_code == 404


def test_batches_and_tickets_are_listed_by_station_and_state(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders", json=order())
    send_ticket(floor, "uv-1", "uv-print")

    (batch,) = client.get("/v1/batches?station=uv-1&state=released").json()
    (ticket,) = client.get("/v1/tickets?station=uv-1").json()

    assert (batch["id"], batch["jobs"], batch["reason"]) == ("B-T1", 1, "latest_start")
    assert (ticket["id"], ticket["state"], ticket["batch_id"]) == ("T1", "delivered", "B-T1")
    assert "document" not in ticket
    assert client.get("/v1/batches?station=uv-2").json() == []
    assert client.get("/v1/tickets?state=done").json() == []


def test_before_the_first_plan_there_is_none(client: httpx.Client) -> None:
    assert client.get("/v1/plan").status_code == 404


def test_the_plan_in_force_is_shown_with_its_batches_and_bound(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders", json=order())
    save_plan(floor, "uv-1", "uv-print")

    plan = client.get("/v1/plan").json()

    assert (plan["cost_minor"], plan["bound_minor"], plan["greedy_cost_minor"]) == (1250.0, 1200.0, 1400.0)
    assert [(batch["station"], len(batch["jobs"])) for batch in plan["batches"]] == [("uv-1", 1)]


def test_the_status_is_the_whole_floor_as_data(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders", json=order())
    save_plan(floor, "uv-1", "uv-print")

    status = client.get("/v1/status").json()

    assert status["orders"]["waiting"] == 1
    assert status["rules_hash"] == floor.rules.current.hash
    assert {entry["id"] for entry in status["stations"]} == set(floor.rules.current.stations)
    assert status["plan"]["batches"] == 1


def test_the_load_lists_can_be_read_for_all_stations_or_one(client: httpx.Client) -> None:
    every = client.get("/v1/load-lists")
    one = client.get("/v1/load-lists?station=uv-1")
    assert (every.status_code, one.status_code) == (200, 200)
    assert [night["station"] for night in one.json()] == ["uv-1"]
    assert one.json()[0] in every.json()
