"""The express lane answers as the way of all other requests does."""

from typing import Any

import httpx
import pytest
from prometheus_client import generate_latest

from batcher.api.bodies import MAX_BODY_BYTES
from batcher.domain.access import Scope
from batcher.services.context import Floor
from tests.builders_access import token_with
from tests.builders_api import order, report

#: Requests that an address with a query sends the long way: path, and what else httpx is to send.
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "an order": ("/v1/orders", {"json": order("W-{way}")}),
    "one that is held": ("/v1/orders", {"json": order("W-{way}", lines=[{"sku": "NO-SUCH", "quantity": 1}])}),
    "one with faults": ("/v1/orders", {"json": order("W-{way}", lines=[])}),
    "a list": ("/v1/orders", {"json": [order("W-{way}"), order("W-{way}", service="standard"), 7]}),
    "an empty list": ("/v1/orders", {"json": []}),
    "no JSON": ("/v1/orders", {"content": b"{", "headers": {"Content-Type": "application/json"}}),
    "not said to be JSON": ("/v1/orders", {"content": b"{}"}),
    "too large": (
        "/v1/orders",
        {"content": b" " * (MAX_BODY_BYTES + 1), "headers": {"Content-Type": "application/json"}},
    ),
    "an unknown token": ("/v1/orders", {"json": order("W-{way}"), "headers": {"Authorization": "Bearer btr_no"}}),
    "a report of no ticket": ("/v1/reports", {"json": report("R-{way}", "T-9", "done")}),
    "a report that is none": ("/v1/reports", {"json": {"kind": "done"}}),
}


def _sent(client: httpx.Client, name: str, way: str) -> dict[str, Any]:
    """Send a request one way or the other, and return what its answer says, but for ids."""
    path, said = CASES[name]
    answer = client.request("POST", path, params={"long": "1"} if way == "long" else {}, **_of(said, way))
    told = {key: value for key, value in answer.json().items() if key not in ("key", "request_id", "order_id")}
    for entry in told.get("results", ()):
        del entry["key"], entry["order_id"]
    headers = {key: value for key, value in answer.headers.items() if key not in ("x-request-id", "content-length")}
    if "location" in headers:
        headers["location"] = "/v1/orders/its-key"
    return {"status": answer.status_code, "headers": headers, **told}


def _of(said: Any, way: str) -> Any:
    if isinstance(said, dict):
        return {key: _of(value, way) for key, value in said.items()}
    if isinstance(said, list):
        return [_of(value, way) for value in said]
    return said.replace("{way}", way) if isinstance(said, str) else said


@pytest.mark.parametrize("name", CASES)
def test_what_goes_the_short_way_is_answered_as_what_goes_the_long_way(name: str, client: httpx.Client) -> None:
    assert _sent(client, name, "short") == _sent(client, name, "long")


def test_who_has_no_token_and_who_may_not_are_refused_in_the_lane(client: httpx.Client, floor: Floor) -> None:
    station = token_with(floor, [Scope.REPORTS_WRITE], station="uv-1")
    assert client.post("/v1/orders", json=order()).json()["code"] == "token_missing"
    assert client.post("/v1/orders", json=order(), headers=station).json()["code"] == "scope_missing"
    foreign = client.post("/v1/reports", json=report("R-1", "T-1", "done", station="mug-1"), headers=station)
    assert (foreign.status_code, foreign.json()["code"]) == (403, "token_bound")


def test_the_lane_is_counted_by_its_route_and_a_repeat_by_key_is_kept_out_of_it(
    client: httpx.Client, floor: Floor
) -> None:
    keyed = {"Idempotency-Key": "once"}
    first = client.post("/v1/orders", json=order("W-1"), headers=keyed)
    again = client.post("/v1/orders", json=order("W-1"), headers=keyed)
    client.post("/v1/orders", json=order("W-2"))

    assert (again.status_code, again.content) == (201, first.content)
    counted = 'batcher_http_request_duration_seconds_count{method="POST",route="/v1/orders",status="2xx"} 3.0'
    assert counted in generate_latest(floor.metrics.registry).decode()
