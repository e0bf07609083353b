"""An order changed by its sender: while no work has begun, by the version that was seen, whole or not at all."""

from typing import Any

import httpx
import pytest

from batcher.services.context import Floor
from batcher.store import events, orders
from tests.builders_api import order, send_ticket


def _patch(client: httpx.Client, change: Any, version: int | None = 1, ref: str = "W-1") -> httpx.Response:
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    return client.patch(f"/v1/orders/{ref}", json=change, headers=headers)


def test_a_change_takes_the_place_of_what_was_and_is_judged_anew(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders", json=order(attributes={"a": "1", "b": "2"}))

    answer = _patch(
        client,
        {"service": "standard", "attributes": {"b": None, "c": "3"},
         "lines": [{"sku": "TIN-CAK-NATURAL-01", "quantity": 2, "text": "Ada"}]},
    )  # fmt: skip

    assert (answer.status_code, answer.json()["service"], answer.json()["pieces"]) == (200, "standard", 2)
    assert answer.headers["etag"] == f'"{answer.json()["version"]}"'
    assert answer.json()["version"] > 1
    assert len(client.get("/v1/orders/W-1").json()["items"]) == 2
    key = answer.json()["key"]
    with floor.store.read() as session:
        content = orders.order_content(session, key)
        told = [(e.kind, e.data.get("changed")) for e in events.events_of(session, order_key=key)]
    assert content.attributes == {"a": "1", "c": "3"}
    assert ("order", ["attributes", "lines", "service"]) in told
    assert ("promise", None) in told


def test_who_has_not_seen_the_order_as_it_is_cannot_change_it(client: httpx.Client) -> None:
    client.post("/v1/orders", json=order())

    without = _patch(client, {"tier": "standard"}, version=None)
    first = _patch(client, {"country": "DE"})
    stale = _patch(client, {"country": "FR"})
    seen = client.get("/v1/orders/W-1")

    assert [a.status_code for a in (without, first, stale)] == [428, 200, 412]
    assert (without.json()["code"], stale.json()["code"]) == ("version_required", "version_conflict")
    assert (seen.json()["country"], seen.headers["etag"]) == ("DE", first.headers["etag"])


@pytest.mark.parametrize("action", ["hold", "cancel"])
def test_an_action_on_what_was_changed_meanwhile_is_refused_where_the_sender_says_what_they_saw(
    client: httpx.Client, action: str
) -> None:
    client.post("/v1/orders", json=order())
    _patch(client, {"country": "DE"})

    answer = client.post(f"/v1/orders/W-1/{action}", json={}, headers={"If-Match": '"1"'})

    assert (answer.status_code, answer.json()["code"]) == (412, "version_conflict")


def test_a_change_after_work_has_begun_is_too_late(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders", json=order())
    send_ticket(floor, "uv-1", "uv-print")
    version = client.get("/v1/orders/W-1").json()["version"]

    answer = _patch(client, {"country": "DE"}, version=version)

    assert (answer.status_code, answer.json()["code"]) == (409, "too_late")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ([], "body_not_object"),
        ({"order_id": "W-2"}, "field_not_writable"),
        ({"state": "complete"}, "field_not_writable"),
        ({"prioritty": 1}, "field_unknown"),
        ({"service": None}, "field_required"),
        ({"lines": []}, "items_empty"),
        ({"attributes": {"a": 1}}, "type_invalid"),
    ],
)
def test_a_change_with_faults_changes_nothing(client: httpx.Client, change: Any, code: str) -> None:
    client.post("/v1/orders", json=order())

    answer = _patch(client, change)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert client.get("/v1/orders/W-1").headers["etag"] == '"1"'


def test_a_change_mends_a_held_order_and_another_holds_it_again(client: httpx.Client) -> None:
    client.post("/v1/orders", json=order(tier="no-such"))
    mended = _patch(client, {"tier": None})
    broken = _patch(client, {"tier": "nor-this"}, version=mended.json()["version"])
    other = _patch(client, {"lines": [{"sku": "NO-SUCH", "quantity": 1}]}, version=broken.json()["version"])

    states = [(a.json()["state"], a.json()["held_code"]) for a in (mended, broken, other)]
    assert states == [("waiting", None), ("held", "tier_unknown"), ("held", "tier_unknown")]
    assert "NO-SUCH" in other.json()["held_reason"]


def test_a_hold_by_hand_outlives_a_change(client: httpx.Client) -> None:
    client.post("/v1/orders", json=order())
    held = client.post("/v1/orders/W-1/hold", json={"reason": "asked to wait"}).json()

    assert _patch(client, {"country": "DE"}, version=held["version"]).json()["held_code"] == "by_hand"


def test_the_first_document_sent_again_after_a_change_is_still_recognised(client: httpx.Client) -> None:
    client.post("/v1/orders", json=order())
    _patch(client, {"country": "DE"})

    assert client.post("/v1/orders", json=order()).status_code == 200
    assert client.get("/v1/orders/W-1").json()["country"] == "DE"


def test_a_change_may_say_that_it_is_a_merge_patch(client: httpx.Client) -> None:
    client.post("/v1/orders", json=order())

    headers = {"If-Match": '"1"', "Content-Type": "application/merge-patch+json"}
    assert client.patch("/v1/orders/W-1", content=b'{"country": "DE"}', headers=headers).status_code == 200
