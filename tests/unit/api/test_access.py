"""Who may: every route against every scope from the one table, and what is there for tokens that are bound."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from batcher.api.access import ROUTES, Access, Bound
from batcher.api.app import create_app
from batcher.api.gate import Rate
from batcher.api.health import Health
from batcher.domain.access import SOURCE_SCOPES, STATION_SCOPES, Scope
from batcher.services.access import create_token, digest_of, new_secret, revoke_token
from batcher.services.context import Floor
from batcher.services.intake import take_orders
from tests.builders_access import bearer, token_with
from tests.builders_api import client_of, opened_floor, order, report, send_ticket
from tests.builders_floor import later

_PLACES = {
    "code": "X-y",
    "name": "shop",
    "ref": "W-1",
    "item_id": "I",
    "station": "uv-1",
    "batch_id": "B",
    "ticket_id": "T",
    "switch": "on",
    "ident": "R",
    "verb": "down",
    "rule": "cards",
    "path": "README.md",
}


def _routes(app: FastAPI) -> set[tuple[str, str]]:
    """Return every route that the application serves, as the server sees it."""
    found = set()
    for route in app.routes:
        for path, methods in _leaves(route):
            found |= {(method, path) for method in methods - {"HEAD"}}
    return found


def _leaves(route: object) -> Iterator[tuple[str, set[str]]]:
    if hasattr(route, "methods") and hasattr(route, "path"):
        yield route.path, set(route.methods or ())
    contexts = getattr(route, "effective_route_contexts", None)
    for context in contexts() if contexts is not None else ():
        yield context.path, set(context.methods or ())


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Floor, httpx.Client]]:
    """A floor with one order of `api`, and a client without a token."""
    with opened_floor(tmp_path_factory.mktemp("floor")) as floor:
        take_orders(floor, [order()], "api")
        health = Health()
        health.set_not_ready("stopping")  # streams end at once
        with client_of(create_app(floor, health)) as client:
            yield floor, client


@pytest.fixture(scope="module")
def keys(guarded: tuple[Floor, httpx.Client]) -> dict[str, dict[str, str]]:
    """One token for each scope, and one of each binding with everything that it can hold."""
    floor, _ = guarded
    made = {str(scope): token_with(floor, [scope]) for scope in Scope}
    made["source"] = token_with(floor, SOURCE_SCOPES, name="bound-source", source="other")
    made["station"] = token_with(floor, STATION_SCOPES, name="bound-station", station="uv-2")
    return made


def test_every_route_that_is_served_is_in_the_table_and_the_other_way_round(floor: Floor) -> None:
    assert _routes(create_app(floor, Health())) == set(ROUTES)


@pytest.mark.parametrize(("route", "access"), ROUTES.items(), ids=[" ".join(route) for route in ROUTES])
def test_a_route_lets_in_its_own_scope_and_no_other(
    guarded: tuple[Floor, httpx.Client], keys: dict[str, dict[str, str]], route: tuple[str, str], access: Access
) -> None:
    _, client = guarded
    method, path = route[0], route[1].replace(":path", "").format(**_PLACES)

    refused = {
        str(scope)
        for scope in Scope
        if client.request(method, path, headers=keys[str(scope)]).status_code in (401, 403)
    }
    # a page's form is judged by where it comes from before anybody asks who sends it
    stranger = client.request(method, path, headers={"Origin": "http://batcher"})

    if access.scope is None:
        assert (refused, stranger.status_code) == (
            set(),
            client.request(method, path, headers=keys["admin"]).status_code,
        )
    else:
        assert refused == {str(scope) for scope in Scope} - {str(access.scope)}
        assert (stranger.status_code, stranger.json()["code"]) == (401, "token_missing")


@pytest.mark.parametrize(("route", "access"), ROUTES.items(), ids=[" ".join(route) for route in ROUTES])
def test_a_token_that_is_bound_reaches_only_routes_that_keep_it_within_its_bounds(
    guarded: tuple[Floor, httpx.Client], keys: dict[str, dict[str, str]], route: tuple[str, str], access: Access
) -> None:
    _, client = guarded
    for bound, scopes in ((Bound.SOURCE, SOURCE_SCOPES), (Bound.STATION, STATION_SCOPES)):
        answer = client.request(route[0], route[1].replace(":path", "").format(**_PLACES), headers=keys[bound])
        allowed = access.scope is None or (access.scope in scopes and bound in access.bound)
        assert (answer.status_code != 403) == allowed, bound


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/orders/W-1"), ("GET", "/v1/orders/W-1/why"), ("POST", "/v1/orders/W-1/hold"),
     ("POST", "/v1/orders/W-1/release"), ("POST", "/v1/orders/W-1/cancel"), ("PATCH", "/v1/orders/W-1")],
)  # fmt: skip
def test_an_order_of_another_source_is_not_there(
    guarded: tuple[Floor, httpx.Client], keys: dict[str, dict[str, str]], method: str, path: str
) -> None:
    _, client = guarded
    body: dict[str, str] | None = None if method == "GET" else {}
    key = client.get("/v1/orders/W-1", headers=keys["orders:read"]).json()["key"]

    for ref in ("W-1", key):
        headers = {**keys["source"], "If-Match": '"1"'}
        answer = client.request(method, path.replace("W-1", ref), headers=headers, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_pieces_and_lists_show_a_bound_token_only_its_own_source(
    guarded: tuple[Floor, httpx.Client], keys: dict[str, dict[str, str]]
) -> None:
    _, client = guarded
    item = client.get("/v1/orders/W-1", headers=keys["orders:read"]).json()["items"][0]["id"]

    assert client.get(f"/v1/items/{item}", headers=keys["orders:read"]).status_code == 200
    assert client.get(f"/v1/items/{item}", headers=keys["source"]).status_code == 404
    assert client.get("/v1/orders", headers=keys["source"]).json()["orders"] == []
    assert client.get("/v1/orders?source=api", headers=keys["source"]).json()["orders"] == []


def test_a_bound_token_sends_orders_of_its_source_and_of_no_other(
    guarded: tuple[Floor, httpx.Client], keys: dict[str, dict[str, str]]
) -> None:
    _, client = guarded
    own = client.post("/v1/orders", json=order("W-9"), headers=keys["source"])
    foreign = client.post("/v1/orders?source=api", json=order("W-9"), headers=keys["source"])

    assert client.get(f"/v1/orders/{own.json()['key']}", headers=keys["orders:read"]).json()["source"] == "other"
    assert (foreign.status_code, foreign.json()["code"]) == (403, "token_bound")


def test_a_stations_token_sees_and_reports_for_its_own_station_alone(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders", json=order())
    send_ticket(floor, "uv-1", "uv-print")
    own = token_with(floor, STATION_SCOPES, station="uv-1")
    other = token_with(floor, STATION_SCOPES, station="uv-2")

    for path in ("/v1/tickets/T1", "/v1/batches/B-T1", "/v1/stations/uv-1", "/v1/tickets?station=uv-1"):
        assert client.get(path, headers=own).status_code == 200, path
        assert client.get(path, headers=other).status_code == 404, path
    assert [ticket["id"] for ticket in client.get("/v1/tickets", headers=own).json()] == ["T1"]
    assert client.get("/v1/tickets", headers=other).json() == []
    assert client.get("/v1/batches", headers=other).json() == []
    assert [station["id"] for station in client.get("/v1/stations", headers=other).json()] == ["uv-2"]
    assert client.post("/v1/stations/uv-1/down", json={}, headers=other).status_code == 404
    told = report("r1", "T1", "accepted")
    assert client.post("/v1/reports", json=told, headers=other).json()["code"] == "token_bound"
    assert client.post("/v1/reports", json=told, headers=own).status_code == 200


def test_a_token_that_is_unknown_expired_or_revoked_is_refused_at_once(floor: Floor, client: httpx.Client) -> None:
    headers = token_with(floor, [Scope.ORDERS_READ], name="shop", days=1)

    unknown = client.get("/v1/orders", headers=bearer("btr_no-such"))
    good = client.get("/v1/orders", headers=headers)
    with client_of(create_app(later(floor, days=1), Health())) as tomorrow:
        expired = tomorrow.get("/v1/orders", headers=headers)
    revoke_token(floor, "shop")
    revoked = client.get("/v1/orders", headers=headers)

    assert [answer.status_code for answer in (unknown, good, expired, revoked)] == [401, 200, 401, 401]
    codes = [answer.json()["code"] for answer in (unknown, expired, revoked)]
    assert codes == ["token_unknown", "token_expired", "token_revoked"]
    assert "Bearer" in unknown.headers["www-authenticate"]


def test_only_digests_of_tokens_are_kept(tmp_path: Path) -> None:
    with opened_floor(tmp_path) as floor:
        secret = create_token(floor, "shop", [Scope.ADMIN], days=1).secret

    assert all(secret.encode() not in path.read_bytes() for path in tmp_path.iterdir())


def test_without_tokens_this_machine_is_served_and_nobody_behind_a_proxy(floor: Floor, client: httpx.Client) -> None:
    near = client.get("/v1/orders")
    proxied = client.get("/v1/orders", headers={"X-Forwarded-For": "127.0.0.1"})

    assert (near.status_code, proxied.status_code) == (200, 401)


def test_a_browser_may_give_a_token_as_password_to_look_and_for_nothing_else(
    floor: Floor, client: httpx.Client
) -> None:
    headers = token_with(floor, [Scope.FLOOR_READ, Scope.ORDERS_WRITE])
    secret = headers["Authorization"].removeprefix("Bearer ")
    basic = {"Authorization": "Basic " + base64.b64encode(f"me:{secret}".encode()).decode()}

    assert client.get("/", headers=basic).status_code == 200
    assert client.post("/v1/orders", json=order(), headers=basic).status_code == 401


def test_the_operators_token_of_this_run_may_do_everything(floor: Floor) -> None:
    secret = new_secret()
    token_with(floor, [Scope.QUOTES])
    with client_of(create_app(floor, Health(), operator=digest_of(secret))) as client:
        made = client.post("/v1/tokens", json={"name": "shop", "scopes": ["orders:read"]}, headers=bearer(secret))
        listed = client.get("/v1/tokens", headers=bearer(secret)).json()
        read = client.get("/v1/orders", headers=bearer(made.json()["secret"]))
        again = client.post("/v1/tokens", json={"name": "shop", "scopes": ["orders:read"]}, headers=bearer(secret))
        gone = client.post("/v1/tokens/shop/revoke", json={}, headers=bearer(secret))
        after = client.get("/v1/orders", headers=bearer(made.json()["secret"]))

    assert (made.status_code, read.status_code, again.status_code, gone.status_code, after.status_code) == (
        201, 200, 409, 200, 401,
    )  # fmt: skip
    assert all("secret" not in token for token in listed)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"scopes": []}, "scopes_empty"),
        ({"days": 0}, "days_range"),
        ({"days": 4000}, "days_range"),
        ({"name": "a b"}, "id_invalid"),
        ({"station": "no-such", "scopes": ["reports:write"]}, "station_unknown"),
        ({"source": "shop", "scopes": ["floor:read"]}, "scope_unbound"),
        ({"station": "uv-1", "scopes": ["orders:read"]}, "scope_unbound"),
        ({"source": "shop", "station": "uv-1"}, "bound_twice"),
    ],
)
def test_a_token_that_would_allow_nothing_or_what_its_binding_cannot_mean_is_not_made(
    client: httpx.Client, change: dict[str, object], code: str
) -> None:
    answer = client.post("/v1/tokens", json={"name": "shop", "scopes": ["orders:read"], **change})

    assert answer.status_code == 422
    assert code in {fault["code"] for fault in answer.json()["errors"]}


def test_a_caller_that_asks_too_much_waits_and_others_do_not(floor: Floor) -> None:
    slow = replace(floor, settings=floor.settings.model_copy(update={"requests_per_s": 1.0}))
    shop, other = (token_with(floor, [Scope.ORDERS_READ], name=name) for name in ("shop", "other"))
    with client_of(create_app(slow, Health())) as client:
        answers = [client.get("/v1/orders", headers=shop) for _ in range(8)]
        spared = client.get("/v1/orders", headers=other)

    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].json()["code"] == "rate_limited"
    assert int(refused[0].headers["retry-after"]) >= 1
    assert spared.status_code == 200


def test_a_caller_gets_its_rate_back_as_time_passes() -> None:
    now = [0.0]
    rate = Rate(2.0, lambda: now[0])

    at_once = [rate.take("shop") == 0 for _ in range(5)]
    now[0] += timedelta(seconds=1).total_seconds()
    later_on = [rate.take("shop") == 0 for _ in range(3)]

    assert (at_once, later_on) == ([True] * 4 + [False], [True, True, False])
