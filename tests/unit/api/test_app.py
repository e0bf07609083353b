"""What holds for every request: the form of failures, headers, probes, the published schema."""

import json
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from batcher.api import gate
from batcher.api.access import ROUTES, Access
from batcher.api.app import create_app
from batcher.api.health import Health
from batcher.errors import (
    BatcherError,
    ConflictError,
    Fault,
    InvariantError,
    NotFoundError,
    OrderRejectedError,
    RulesError,
    StorageFullError,
    StoreLockedError,
    StoreUnavailableError,
    TooLateError,
    TransitionError,
    VersionError,
)
from batcher.services.context import Floor
from tests.builders_api import client_of, opened_floor, order
from tests.docs_openapi import COPY, schema


def _app_that_fails(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """Return an application to which a route /fails may be added."""
    monkeypatch.setattr(gate, "ROUTES", {**ROUTES, ("GET", "/fails"): Access(None)})
    return create_app(floor, Health())


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFoundError("order", "1"), 404, "not_found"),
        (ConflictError("other content"), 409, "conflict"),
        (TransitionError("order", "1", "complete", "held"), 409, "transition_not_allowed"),
        (OrderRejectedError((Fault("/a", "is missing", "field_required"),)), 422, "field_required"),
        (VersionError("order", "1", 3, 2), 412, "version_conflict"),
        (TooLateError("order", "1", "complete", "changed"), 409, "too_late"),
        (StorageFullError("secret detail"), 507, "storage_full"),
        (StoreLockedError("held by 7"), 503, "store_locked"),
        (StoreUnavailableError("no answer"), 503, "store_unavailable"),
        (RulesError((Fault("a.yaml:1:1", "no"),)), 500, "internal"),
        (InvariantError("secret detail"), 500, "internal"),
        (ValueError("secret detail"), 500, "internal"),
    ],
)
def test_each_class_of_error_has_one_status_and_the_one_form_of_body(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    app = _app_that_fails(floor, monkeypatch)

    @app.get("/fails")
    def fails() -> None:
        raise error

    with client_of(app) as client, capture_logs():
        answer = client.get("/fails")

    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:batcher:problem:{code}"
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert "secret" not in answer.text
    assert ("retry-after" in answer.headers) == (status in (503, 507))


def test_a_failure_nobody_expected_is_logged_under_the_request_id_it_was_answered_with(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = _app_that_fails(floor, monkeypatch)

    @app.get("/fails")
    def fails() -> None:
        raise BatcherError("our own fault")

    with client_of(app) as client, capture_logs((merge_contextvars,)) as logs:
        answer = client.get("/fails")

    (entry,) = [entry for entry in logs if entry["event"] == "request_failed"]
    assert (entry["path"], entry["request_id"]) == ("/fails", answer.headers["x-request-id"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nope", 404), ("PUT", "/v1/orders", 405), ("TRACE", "/", 405), ("GET", "/v1/orders/", 404)],
)
def test_unknown_paths_and_methods_get_a_problem_without_a_banner(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)

    assert answer.status_code == status
    assert answer.json()["status"] == status
    assert "server" not in answer.headers


def test_every_answer_is_for_now_only_and_loads_nothing_from_elsewhere(client: httpx.Client) -> None:
    for path in ("/", "/docs", "/v1/orders", "/nope", "/metrics", "/static/board.css"):
        headers = client.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"


def test_a_database_that_is_gone_is_told_as_unavailable(tmp_path: Path) -> None:
    with opened_floor(tmp_path) as floor:
        app = create_app(floor, Health())
        with floor.store.write() as session:
            session.connection().exec_driver_sql("ALTER TABLE orders RENAME TO gone")
        with client_of(app) as client:
            answer = client.post("/v1/orders", json=order())

    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    assert "table" not in answer.text


def test_health_names_the_loop_that_stands_still(floor: Floor) -> None:
    now = [0.0]
    health = Health(lambda: now[0])
    health.register("plan", 60)

    with client_of(create_app(floor, health)) as client:
        well = client.get("/healthz")
        now[0] = 100
        ill, board = client.get("/healthz"), client.get("/")

    assert (well.status_code, well.json()) == (200, {"status": "ok", "stale": []})
    assert ill.status_code == 503
    assert ill.json()["stale"] == [{"loop": "plan", "silent_s": 100.0, "budget_s": 60.0}]
    assert "loop plan made no progress" in board.text


def test_ready_only_between_start_and_stop(client: httpx.Client, health: Health) -> None:
    starting = client.get("/readyz")
    health.set_ready()
    ready = client.get("/readyz")
    health.set_not_ready("stopping")
    stopping = client.get("/readyz")

    assert [answer.status_code for answer in (starting, ready, stopping)] == [503, 200, 503]
    assert stopping.json() == {"ready": False, "reason": "stopping"}


def test_metrics_come_in_the_form_the_scraper_asks_for(client: httpx.Client) -> None:
    client.post("/v1/orders", json=order())

    plain = client.get("/metrics")
    open_metrics = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})

    assert 'batcher_orders_received_total{outcome="created"} 1.0' in plain.text
    assert plain.headers["content-type"].startswith("text/plain")
    assert open_metrics.headers["content-type"].startswith("application/openmetrics-text")
    assert open_metrics.text.endswith("# EOF\n")


def test_the_schema_names_every_route_and_every_reference_in_it_leads_somewhere(client: httpx.Client) -> None:
    schema = client.get("/openapi.json").json()

    for_programs = {path for _, path in ROUTES if path.startswith("/v1/")} | {"/healthz", "/readyz", "/metrics"}
    assert set(schema["paths"]) == for_programs
    text = json.dumps(schema)
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= set(schema["components"]["schemas"])
    assert {"OrderDocument", "OrderChange", "ReportDocument", "Reason", "TokenWanted", "Problem"} <= named
    assert "#/$defs" not in text


def test_the_reference_page_shows_every_route(client: httpx.Client) -> None:
    page = client.get("/docs").text

    for path in client.get("/openapi.json").json()["paths"]:
        assert f"<code>{path}</code>" in page
    for link in re.findall(r'href="#([^"]*)"', page):
        assert f'id="{link}"' in page


def test_the_published_schema_is_what_the_application_says() -> None:
    assert COPY.read_text(encoding="utf-8") == schema(), "python -m tests.docs_openapi writes it anew"
    assert json.loads(schema())["openapi"].startswith("3.1")
