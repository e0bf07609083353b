"""Bodies that are no order at all: each gets its own answer, none a stack trace, none is kept."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from batcher.api.bodies import MAX_BODY_BYTES
from tests.builders_api import order

_JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "body_empty"),
        (b"{", 400, "json_invalid"),
        (b"{'order_id': 1}", 400, "json_invalid"),
        (b"null", 422, "body_not_object"),
        (b'"text"', 422, "body_not_object"),
        (b"[" * 10_000, 400, "json_too_deep"),
        (b"[" * 200_000 + b"]" * 200_000, 400, "json_too_deep"),
        (b'{"order_id": "A", "order_id": "B"}', 400, "json_duplicate_key"),
        (b'{"order_id": NaN}', 400, "json_invalid"),
        (b'{"order_id": Infinity}', 400, "json_invalid"),
        (b'{"quantity": ' + b"9" * 5000 + b"}", 400, "number_out_of_range"),
        (b'{"order_id": "\xff"}', 400, "encoding_invalid"),
        ('{"order_id": "A"}'.encode("utf-16"), 400, "encoding_invalid"),
        (b'{"order_id": "\\ud800"}', 422, "text_invalid_unicode"),
    ],
)
def test_a_body_that_is_no_strict_json_is_refused_with_its_own_code(
    client: httpx.Client, body: bytes, status: int, code: str
) -> None:
    answer = client.post("/v1/orders", content=body, headers=_JSON)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "Traceback" not in answer.text


def test_a_byte_order_mark_is_allowed(client: httpx.Client) -> None:
    body = b"\xef\xbb\xbf" + json.dumps(order()).encode()

    assert client.post("/v1/orders", content=body, headers=_JSON).status_code == 201


@pytest.mark.parametrize("headers", [{"Content-Type": "text/plain"}, {}, {"Content-Type": "application/jsonp"}])
def test_another_media_type_is_refused_so_that_no_page_elsewhere_can_post_here(
    client: httpx.Client, headers: dict[str, str]
) -> None:
    answer = client.post("/v1/orders", content=json.dumps(order()), headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_unsupported")


def test_a_compressed_body_is_refused_unread(client: httpx.Client) -> None:
    answer = client.post("/v1/orders", content=b"\x1f\x8b", headers={**_JSON, "Content-Encoding": "gzip"})

    assert (answer.status_code, answer.json()["code"]) == (415, "encoding_unsupported")


def test_a_body_over_the_limit_is_refused_by_its_announced_length(client: httpx.Client) -> None:
    answer = client.post("/v1/orders", content=b" " * (MAX_BODY_BYTES + 1), headers=_JSON)

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert answer.headers["connection"] == "close"


def test_a_body_over_the_limit_is_refused_when_it_comes_in_pieces_of_unknown_number(client: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(6):
            yield b" " * 1024 * 1024

    answer = client.post("/v1/orders", content=pieces(), headers=_JSON)

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"order_id": "../../etc/cron.d/x"}, "id_invalid"),
        ({"order_id": "A" * 65}, "id_too_long"),
        ({"order_id": "A\n"}, "id_invalid"),
        ({"order_id": "١٢٣"}, "id_invalid"),
        ({"lines": []}, "items_empty"),
        ({"lines": [{"sku": "X", "quantity": True}]}, "qty_invalid"),
        ({"lines": [{"sku": "X", "quantity": 1.5}]}, "qty_invalid"),
        ({"lines": [{"sku": "X", "quantity": "3"}]}, "qty_invalid"),
        ({"lines": [{"sku": "X", "quantity": 10**9}]}, "qty_over_limit"),
        ({"lines": [{"sku": "X", "quantity": 1, "text": "a\u0000"}]}, "text_control_char"),
        ({"lines": [{"sku": "X", "quantity": 1, "line_id": "1"}] * 2}, "item_duplicate"),
    ],
)
def test_bad_content_is_refused_with_its_code_and_not_quoted_at_length(
    client: httpx.Client, change: dict[str, Any], code: str
) -> None:
    answer = client.post("/v1/orders", json=order(**change))

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert len(answer.text) < 2000


def test_at_most_twenty_faults_are_told(client: httpx.Client) -> None:
    answer = client.post("/v1/orders", json=order(**{f"unknown_{k}": 1 for k in range(100)}))

    assert len(answer.json()["errors"]) == 20
