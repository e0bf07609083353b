"""
Random requests over the published schema: whatever comes in, no answer says that batcher failed.

Every operation of the schema gets parameters, headers and bodies made after its own description, some of them spoilt.
`make fuzz` looks at REQUESTS=2000; `make test` at a few.
"""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from batcher.api.app import create_app
from batcher.api.health import Health
from batcher.services.access import digest_of, new_secret
from tests.builders_api import client_of, order, report, send_ticket
from tests.fuzz.floor import fuzzed_floor

_REQUESTS = int(os.environ.get("REQUESTS", "60"))
_SCHEMA: dict[str, Any] = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text(encoding="utf-8"))
#: A stream does not end by itself.
_OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in _SCHEMA["paths"].items()
    for method, operation in methods.items()
    if not path.endswith("/stream")
]

_TEXT = st.text(max_size=40) | st.sampled_from(["W-1", "T1", "uv-1", "next-day", "TIN-CAK-NATURAL-01", "0", "\0", "é"])
_ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=8,
)


_PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-(10**6), 10**6),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "null": st.none(),
}


def _after(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return what a schema describes, now and then spoilt."""
    return _described(schema) | _ANYTHING


def _deferred(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.deferred(lambda: _described(schema))


def _described(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return _described(_SCHEMA["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    for alternatives in ("anyOf", "oneOf"):
        if alternatives in schema:
            return st.one_of([_deferred(one) for one in schema[alternatives]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("type") in _PLAIN:
        return _PLAIN[schema["type"]]
    match schema.get("type"):
        case "object":
            fields = {name: _after(form) for name, form in schema.get("properties", {}).items()}
            needed = schema.get("required", [])
            return st.fixed_dictionaries(
                {name: fields[name] for name in needed}, optional={n: f for n, f in fields.items() if n not in needed}
            )
        case "array":
            return st.lists(_after(schema.get("items", {})), max_size=3)
        case "string" if schema.get("format") == "date-time":
            return st.datetimes().map(lambda at: at.isoformat() + "Z")
        case "string":
            return _TEXT
    return _ANYTHING


@st.composite
def _requests(draw: st.DrawFn) -> tuple[str, str, dict[str, str], bytes | None]:
    method, path, operation = draw(st.sampled_from(_OPERATIONS))
    query = []
    headers = {}
    for parameter in operation.get("parameters", []):
        value = draw(_described(parameter["schema"]))
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", quote(str(value) or "x", safe=""))
        elif value is not None and draw(st.booleans()):
            if parameter["in"] == "query":
                query.append(f"{parameter['name']}={quote(str(value), safe='')}")
            else:
                headers[parameter["name"]] = "".join(c for c in str(value) if " " < c < "\x7f")
    body = None
    if "requestBody" in operation:
        headers["Content-Type"] = "application/json"
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        good = st.just(order("W-1")) | st.just(report("r1", "T1", "accepted"))
        body = draw(st.binary(max_size=20) | (_after(schema) | good).map(lambda doc: json.dumps(doc).encode()))
    return method, path + ("?" + "&".join(query) if query else ""), headers, body


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    secret = new_secret()
    with ExitStack() as stack:
        floor = stack.enter_context(fuzzed_floor(tmp_path_factory.mktemp("floor")))
        send_ticket(floor, "uv-1", "uv-print")
        client = stack.enter_context(client_of(create_app(floor, Health(), operator=digest_of(secret))))
        stack.enter_context(capture_logs())
        # tokens are made on the way, and close the door to all who have none
        client.headers["Authorization"] = f"Bearer {secret}"
        yield client


@settings(max_examples=_REQUESTS, suppress_health_check=list(HealthCheck), deadline=None)
@given(request=_requests())
def test_no_request_makes_batcher_fail(
    client: httpx.Client, request: tuple[str, str, dict[str, str], bytes | None]
) -> None:
    method, path, headers, body = request
    answer = client.request(method, path, headers=headers, content=body)

    assert answer.status_code < 500 or "/healthz" in path or "/readyz" in path, answer.text
    if answer.status_code >= 400 and "/readyz" not in path and "/healthz" not in path:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"]
