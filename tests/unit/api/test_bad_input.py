"""
The catalogue of bad input, case by case: what comes in wrong through HTTP, and the answer it gets.

Each case is numbered as in the catalogue (1 to 68). Those that belong to another door name the test that holds them.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from batcher.api.app import create_app
from batcher.api.bodies import MAX_BODY_BYTES
from batcher.api.health import Health
from batcher.services.context import Floor
from batcher.store import orders
from tests.builders_api import client_of, opened_floor, order

_JSON = {"Content-Type": "application/json"}
_LINE = {"sku": "TIN-CAK-NATURAL-01", "quantity": 1, "text": "Ada"}
ROOT = Path(__file__).parents[3]

Post = Callable[[Any], httpx.Response]
Answer = tuple[int, str | None]


def raw(body: bytes, **headers: str) -> Post:
    """Post bytes as they are."""
    return lambda client: client.post("/v1/orders", content=body, headers={**_JSON, **headers})


def doc(**changes: Any) -> Post:
    """Post an order with fields changed; a field that is `...` is left out."""
    document = {name: value for name, value in order(**{"order_id": "bad", **changes}).items() if value is not ...}
    return lambda client: client.post("/v1/orders", json=document)


def line(**changes: Any) -> Post:
    """Post an order with its line changed."""
    return doc(lines=[{**_LINE, **changes}])


def kept(ref: str, **changes: Any) -> Post:
    """Post an order that is accepted, under an id of its own."""
    return lambda client: client.post("/v1/orders", json=order(ref, **changes))


def worded(ref: str, text: str) -> Post:
    """Post an order whose text is accepted."""
    return kept(ref, lines=[{**_LINE, "text": text}])


def get(path: str, **headers: str) -> Post:
    return lambda client: client.get(path, headers=headers)


def ask(method: str, path: str, **headers: str) -> Post:
    return lambda client: client.request(method, path, headers=headers)


def _pieces() -> Iterator[bytes]:
    for _ in range(MAX_BODY_BYTES // 2**20 + 2):
        yield b" " * 2**20


#: What comes in and the answer, by number and name; no code: it is taken in.
CASES: dict[tuple[int, str], tuple[Post, Answer]] = {
    (1, "empty body"): (raw(b""), (400, "body_empty")),
    (2, "truncated"): (raw(b'{"order_id": "A"'), (400, "json_invalid")),
    (2, "not JSON"): (raw(b"order_id=A"), (400, "json_invalid")),
    (3, "null"): (raw(b"null"), (422, "body_not_object")),
    (3, "a string"): (raw(b'"A"'), (422, "body_not_object")),
    (3, "an empty list"): (raw(b"[]"), (422, "list_length")),
    (4, "text/plain"): (raw(b"{}", **{"Content-Type": "text/plain"}), (415, "media_type_unsupported")),
    (5, "gzip"): (raw(b"\x1f\x8b", **{"Content-Encoding": "gzip"}), (415, "encoding_unsupported")),
    (6, "announced too large"): (raw(b" " * (MAX_BODY_BYTES + 1)), (413, "body_too_large")),
    (6, "too large in pieces"): (
        lambda client: client.post("/v1/orders", content=_pieces(), headers=_JSON), (413, "body_too_large"),
    ),
    (7, "10,000 deep"): (raw(b"[" * 10_000), (400, "json_too_deep")),
    (7, "200,000 deep"): (raw(b"[" * 200_000 + b"]" * 200_000), (400, "json_too_deep")),
    (8, "key twice"): (raw(b'{"order_id": "A", "order_id": "B"}'), (400, "json_duplicate_key")),
    (9, "NaN"): (raw(b'{"order_id": NaN}'), (400, "json_invalid")),
    (9, "Infinity"): (raw(b'{"order_id": -Infinity}'), (400, "json_invalid")),
    (10, "5000 digits"): (raw(b'{"order_id": ' + b"9" * 5000 + b"}"), (400, "number_out_of_range")),
    (11, "no UTF-8"): (raw(b'{"order_id": "\xff"}'), (400, "encoding_invalid")),
    (11, "UTF-16"): (raw('{"order_id": "A"}'.encode("utf-16")), (400, "encoding_invalid")),
    (11, "byte order mark"): (raw(b"\xef\xbb\xbf" + json.dumps(order("bom")).encode()), (201, None)),
    (12, "lone surrogate"): (raw(b'{"order_id": "\\ud800"}'), (422, "text_invalid_unicode")),
    (13, "NUL in a text"): (line(text="A\0"), (422, "text_control_char")),
    (13, "NUL in a word"): (doc(country="D\0"), (422, "text_control_char")),
    (14, "misspelt field"): (doc(prioritty=1), (422, "field_unknown")),
    (15, "state"): (doc(state="complete"), (422, "field_not_writable")),
    (15, "ticket_id"): (doc(ticket_id="T"), (422, "field_not_writable")),
    (15, "epoch"): (doc(epoch=9), (422, "field_not_writable")),
    (16, "no order_id"): (doc(order_id=...), (422, "field_required")),
    **{
        (17, repr(ident)): (doc(order_id=ident), (422, "id_invalid"))
        for ident in ("../../etc/cron.d/x", "..\\x", "/abs", "C:\\x", "CON", "a:b", "A\n", "١٢٣")
    },
    **{
        (18, repr(ident)): (doc(order_id=ident), (422, "id_invalid"))
        for ident in (".", "..", "-A", ".hidden", "A.", "A ", "")
    },
    (19, "65 characters"): (doc(order_id="A" * 65), (422, "id_too_long")),
    (19, "300 bytes"): (doc(order_id="é" * 150), (422, "id_too_long")),
    (20, "the same id"): (kept("Case-1"), (201, None)),
    (20, "in other case"): (kept("case-1"), (201, None)),
    (21, "composed"): (doc(order_id="\u00e9"), (422, "id_invalid")),
    (21, "decomposed"): (doc(order_id="e\u0301"), (422, "id_invalid")),
    **{
        (26, repr(number)): (line(quantity=number), (422, "qty_invalid"))
        for number in (0, -1, 1.5, "3", True)
    },
    (27, "a thousand million"): (line(quantity=10**9), (422, "qty_over_limit")),
    (28, "no lines"): (doc(lines=[]), (422, "items_empty")),
    (28, "10,001 lines"): (doc(lines=[{"sku": "X", "quantity": 1}] * 10_001), (422, "items_too_many")),
    (29, "line id twice"): (doc(lines=[{**_LINE, "line_id": "1"}] * 2), (422, "item_duplicate")),
    (30, "unknown SKU"): (kept("no-sku", lines=[{"sku": "NO-SUCH", "quantity": 1}]), (202, None)),
    (31, "too late already"): (kept("late", placed_at="2026-11-02T08:00:00Z"), (202, None)),
    (33, "no offset"): (kept("wall", placed_at="2026-11-23T08:30:00"), (201, None)),
    (34, "skipped"): (doc(placed_at="2026-03-29T01:30:00"), (422, "local_time_nonexistent")),
    (34, "twice"): (doc(placed_at="2026-10-25T01:30:00"), (422, "local_time_ambiguous")),
    (34, "twice, with offset"): (kept("fold", placed_at="2026-10-25T01:30:00+01:00"), (202, None)),
    (35, "year 1"): (doc(placed_at="0001-01-01T00:00:00Z"), (422, "datetime_out_of_range")),
    (35, "year 9999"): (doc(placed_at="9999-12-31T23:59:59Z"), (422, "datetime_out_of_range")),
    (35, "no leap year"): (doc(placed_at="2027-02-29T00:00:00Z"), (422, "datetime_invalid")),
    (35, "24:00"): (doc(placed_at="2026-11-23T24:00:00Z"), (422, "datetime_invalid")),
    (36, "Mars"): (doc(placed_at="2026-11-23T08:30:00[Mars/Phobos]"), (422, "datetime_invalid")),
    (36, "a path"): (doc(placed_at="2026-11-23T08:30:00 ../../etc/passwd"), (422, "datetime_invalid")),
    (37, "a megabyte"): (line(text="A" * 2**20), (422, "text_too_long")),
    (38, "emoji family"): (worded("emoji", "👨‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿👋🏽"), (201, None)),
    (39, "override"): (line(text="A\u202eB"), (422, "text_bidi_control")),
    (39, "isolate"): (line(text="A\u2066B"), (422, "text_bidi_control")),
    (39, "Hebrew and its mark"): (worded("hebrew", "שלום\u200f"), (201, None)),
    **{
        (40, f"U+{ord(character):04X}"): (line(text=f"A{character}"), (422, "text_forbidden_char"))
        for character in ("\u200b", "\U000e0041", "\ue000", "\u0378", "\u2060")
    },
    **{
        (41, repr(character)): (line(text=f"A{character}B"), (422, "text_control_char"))
        for character in ("\r", "\n", "\t", "\u2028")
    },
    (42, "400 marks"): (line(text="A" + "\u0301" * 400), (422, "text_too_many_marks")),
    (43, "entities"): (worded("xml", '<!ENTITY x SYSTEM "/a">&x; ]]></Text>'), (201, None)),
    (44, "formula"): (worded("formula", "=HYPERLINK(1) +cmd|x @SUM"), (201, None)),
    (45, "templates"): (worded("template", "{{7*7}} ${jndi:x} %n%s"), (201, None)),
    (46, "label language"): (worded("zpl", "^XA^FO50,50 M3 S1000"), (201, None)),
    (46, "escape"): (line(text="\x1b%-12345X"), (422, "text_control_char")),
    (47, "SQL"): (worded("sql", "'; DROP TABLE orders;--"), (201, None)),
    (48, "blank"): (line(text="   "), (422, "text_empty")),
    **{
        (number, url): (line(artwork=url), (422, code))
        for number, code, urls in (
            (49, "url_scheme", ("file:///etc/passwd", "ftp://shop.example/a.png", "gopher://x/1", "data:image/png,x")),
            (50, "url_forbidden_address", (
                "http://169.254.169.254/latest", "https://127.0.0.1/a", "https://[::1]/a", "https://10.1.2.3/a",
                "https://0.0.0.0/a", "https://2130706433/a", "https://0x7f.1/a", "https://[::ffff:169.254.169.254]/a",
                "https://localhost./a", "https://shop.localhost/a",
            )),
            (53, "url_invalid", (
                "https://user:pw@shop.example/a.png", "https://shop.example:22/a.png",
                "https://shop.example/a\r\nHost: b",
            )),
        )
        for url in urls
    },
    (60, "unknown token"): (get("/v1/orders", Authorization="Bearer btr_x"), (401, "token_unknown")),
    (60, "another scheme"): (get("/v1/orders", Authorization="Digest x"), (401, "token_unknown")),
    (61, "token in the address"): (get("/v1/orders?access_token=btr_x"), (400, "token_in_url")),
    (62, "forged origin"): (get("/v1/orders", **{"X-Forwarded-For": "127.0.0.1"}), (401, "token_missing")),
    (63, "TRACE"): (ask("TRACE", "/v1/orders"), (405, "method_not_allowed")),
    (63, "PUT"): (ask("PUT", "/v1/orders"), (405, "method_not_allowed")),
    (63, "unknown path"): (get("/v1/nope"), (404, "not_found")),
    **{
        (65, name): (doc(**{name: "x"}), (422, "field_unknown"))
        for name in ("phone", "email", "recipient", "address")
    },
    (66, "cancel unknown"): (
        lambda client: client.post("/v1/orders/NOPE/cancel", json={}), (404, "not_found"),
    ),
    (68, "limit too large"): (get("/v1/orders?limit=1000000000"), (422, "limit_range")),
    (68, "limit below nothing"): (get("/v1/orders?limit=-1"), (422, "limit_range")),
    (68, "cursor made up"): (get("/v1/orders?after=zzz"), (400, "cursor_invalid")),
    (68, "cursor with SQL"): (get("/v1/orders?after=%27%20OR%201"), (400, "cursor_invalid")),
}  # fmt: skip

_ARTWORK = "tests/unit/services/test_artwork.py::test_artwork_"
#: Cases that need more than one request, or that are another door's: the test that holds each.
ELSEWHERE = {
    22: "tests/unit/api/test_orders.py::test_the_same_order_again_is_a_replay_and_with_other_content_a_conflict",
    23: "tests/unit/api/test_orders.py::test_the_same_order_again_is_a_replay_and_with_other_content_a_conflict",
    24: "tests/unit/api/test_orders.py::test_the_same_order_again_is_a_replay_and_with_other_content_a_conflict",
    25: "tests/unit/api/test_once.py::test_a_key_used_for_another_body_is_refused",
    32: "tests/unit/api/test_bad_input.py::test_an_order_that_cannot_be_in_time_is_kept_and_says_so",
    51: "tests/unit/net/test_addresses.py::test_a_name_that_leads_inside_is_not_dialled_whatever_else_it_leads_to",
    52: _ARTWORK + "that_cannot_be_used_holds_its_order_with_the_reason_and_no_other",
    54: _ARTWORK + "is_bounded_in_size_time_and_steps",
    55: _ARTWORK + "that_is_no_picture_to_print_holds_its_order",
    56: _ARTWORK + "that_cannot_be_used_holds_its_order_with_the_reason_and_no_other",
    57: "tests/unit/api/test_orders.py::test_of_a_list_that_must_be_kept_whole_nothing_is_kept_when_one_is_bad",
    58: "tests/unit/api/test_limits.py::test_a_full_disk_is_told_as_such_and_nothing_is_kept",
    59: "tests/unit/api/test_limits.py::test_a_floor_with_all_the_orders_it_can_take_says_when_to_come_back",
    64: "tests/unit/daemon/test_server.py::test_requests_that_two_readers_would_read_differently_are_refused",
    67: "tests/unit/api/test_changes.py::test_who_has_not_seen_the_order_as_it_is_cannot_change_it",
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Floor, httpx.Client]]:
    with opened_floor(tmp_path_factory.mktemp("floor")) as floor, client_of(create_app(floor, Health())) as client:
        yield floor, client


@pytest.mark.parametrize(
    ("send", "expected"),
    CASES.values(),
    ids=[f"case {number} {name}".encode("ascii", "replace").decode() for number, name in CASES],
)
def test_bad_input_gets_its_own_answer_and_leaves_nothing(
    opened: tuple[Floor, httpx.Client], send: Callable[[httpx.Client], httpx.Response], expected: Answer
) -> None:
    floor, client = opened

    answer = send(client)

    status, code = expected
    assert (answer.status_code, answer.json().get("code")) == (status, code)
    assert "Traceback" not in answer.text
    assert len(answer.text) < 3000
    with floor.store.read() as session:
        assert orders.find_orders(session, "bad") == []


def test_every_case_of_the_catalogue_is_held_here_or_by_a_test_that_exists() -> None:
    assert {number for number, _ in CASES} | set(ELSEWHERE) == set(range(1, 69))
    for place in ELSEWHERE.values():
        path, _, name = place.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), place


def test_texts_are_kept_as_they_came_whatever_they_look_like(opened: tuple[Floor, httpx.Client]) -> None:
    floor, client = opened
    texts = {"t-1": "</Text>]]>", "t-2": "'; DROP TABLE orders;--", "t-3": "{{7*7}}", "t-4": "=1+1"}
    for ref, text in texts.items():
        worded(ref, text)(client)

    with floor.store.read() as session:
        found = {ref: orders.items_of(session, orders.find_orders(session, ref)[0].key)[0].text for ref in texts}

    assert found == texts


def test_an_order_that_cannot_be_in_time_is_kept_and_says_so(opened: tuple[Floor, httpx.Client]) -> None:
    _, client = opened

    answer = kept("hopeless", placed_at="2026-11-02T08:00:00Z")(client)

    assert answer.json()["held_code"] == "service_impossible"


def test_an_order_that_is_over_cannot_be_cancelled_and_one_that_was_cancelled_is_answered_the_same(
    opened: tuple[Floor, httpx.Client],
) -> None:
    _, client = opened
    kept("twice")(client)

    first, second = (client.post("/v1/orders/twice/cancel", json={}) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
