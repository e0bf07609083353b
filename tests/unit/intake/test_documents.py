"""Order documents: what is accepted, and the code of everything that is not."""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.domain.orders import OrderIn, OrderLine
from batcher.errors import OrderRejectedError
from batcher.intake.documents import load_json, parse_order
from tests.builders_intake import LONDON, document, line


def parse(doc: object) -> OrderIn:
    return parse_order(doc, source="shop", zone=LONDON)


def codes(doc: object) -> list[tuple[str, str]]:
    with pytest.raises(OrderRejectedError) as caught:
        parse(doc)
    return [(fault.where, fault.code) for fault in caught.value.faults]


def test_a_good_document_becomes_an_order() -> None:
    order = parse(
        document(
            channel="web",
            tier="gold",
            country="United Kingdom",
            carrier="post",
            attributes={"gift": "yes"},
            lines=[
                {"line_id": 7, "sku": "MUG-1", "quantity": 2, "text": "Zoë", "price": 9.99},
                {"sku": "TIN 2/b", "quantity": 1, "artwork": "art-1.png", "attributes": {"font": "serif"}},
            ],
        )
    )
    assert (order.source, order.order_id, order.service, order.tier) == ("shop", "A-1", "next-day", "gold")
    assert (order.channel, order.country, order.carrier, order.attributes) == (
        "web",
        "United Kingdom",
        "post",
        {"gift": "yes"},
    )
    assert order.placed_at == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert order.lines == (
        OrderLine("7", "MUG-1", 2, "Zoë"),
        OrderLine("2", "TIN 2/b", 1, "", "art-1.png", {"font": "serif"}),
    )


@pytest.mark.parametrize(
    ("doc", "where", "code"),
    [
        ([], "/", "body_not_object"),
        (None, "/", "body_not_object"),
        ("order", "/", "body_not_object"),
        (document(prioritty=1), "/prioritty", "field_unknown"),
        (document(email="zoe@example.com"), "/email", "field_unknown"),
        (document(**{"a/b~\n": 1}), "/a~1b~0�", "field_unknown"),
        (document(status="done"), "/status", "field_not_writable"),
        (document(ticket_id="T"), "/ticket_id", "field_not_writable"),
        (document(epoch=3), "/epoch", "field_not_writable"),
        (document(order_id=...), "/order_id", "field_required"),
        (document(service=...), "/service", "field_required"),
        (document(placed_at=...), "/placed_at", "field_required"),
        (document(lines=...), "/lines", "field_required"),
        *((document(order_id=bad), "/order_id", "id_invalid") for bad in (
            "../../etc/cron.d/x", "..\\x", "/abs", "C:\\x", "CON", "nul.txt", "a:b", ".", "..", "-x", ".hidden", "x.",
            "x ", "x\n", "١٢٣", "cafe\u0301", "caf\u00e9", "", 5, True, None,
        )),
        (document(order_id="x" * 65), "/order_id", "id_too_long"),
        *((line(quantity=bad), "/lines/0/quantity", "qty_invalid") for bad in (0, -1, 1.5, "3", True, None)),
        (line(quantity=10**9), "/lines/0/quantity", "qty_over_limit"),
        (line(quantity=...), "/lines/0/quantity", "field_required"),
        (line(sku=""), "/lines/0/sku", "text_empty"),
        (line(sku=5), "/lines/0/sku", "type_invalid"),
        (line(sku="x" * 201), "/lines/0/sku", "text_too_long"),
        (line(line_id=-1), "/lines/0/line_id", "id_invalid"),
        (line(line_id=True), "/lines/0/line_id", "id_invalid"),
        (line(colour="red"), "/lines/0/colour", "field_unknown"),
        (document(lines=[]), "/lines", "items_empty"),
        (document(lines={}), "/lines", "type_invalid"),
        (document(lines=["x"]), "/lines/0", "type_invalid"),
        (document(lines=[{"sku": "M", "quantity": 1}] * 10_001), "/lines", "items_too_many"),
        (document(lines=[{"sku": "M", "quantity": 6000}] * 2), "/lines", "qty_over_limit"),
        (
            document(lines=[{"line_id": 1, "sku": "M", "quantity": 1}, {"line_id": "1", "sku": "M", "quantity": 1}]),
            "/lines/1/line_id",
            "item_duplicate",
        ),
        *((document(placed_at=bad), "/placed_at", "datetime_invalid") for bad in (
            5, "", "yesterday", "2026-11-23", "20261123T080000", "2027-02-29T08:00:00", "2026-11-23T24:00:00",
            "2026-11-23T08:00:00 Mars/Phobos", "2026-11-23T08:00:00\n",
        )),
        (document(placed_at="0001-01-01T00:00:00"), "/placed_at", "datetime_out_of_range"),
        (document(placed_at="9999-12-31T23:59:59Z"), "/placed_at", "datetime_out_of_range"),
        (document(placed_at="2026-03-29T01:30:00"), "/placed_at", "local_time_nonexistent"),
        (document(placed_at="2026-10-25T01:30:00"), "/placed_at", "local_time_ambiguous"),
        (line(text="x" * 1001), "/lines/0/text", "text_too_long"),
        (line(text="x" * 10**6), "/lines/0/text", "text_too_long"),
        (line(text="   "), "/lines/0/text", "text_empty"),
        (line(text=5), "/lines/0/text", "type_invalid"),
        *((line(text=bad), "/lines/0/text", "text_control_char") for bad in (
            "a\u0000b", "a\nb", "a\r\nb", "\tx", "\x1b%-12345X", "a\u2028b",
        )),
        (line(text="\ud800"), "/lines/0/text", "text_invalid_unicode"),
        (line(text="a\u202eb"), "/lines/0/text", "text_bidi_control"),
        (line(text="a\u2066b"), "/lines/0/text", "text_bidi_control"),
        *((line(text=bad), "/lines/0/text", "text_forbidden_char") for bad in (
            "a\u200bb", "a\ue000b", "a\u0378b", "\U000e0041", "a\ufeffb",
        )),
        (line(text="e" + "\u0301" * 400), "/lines/0/text", "text_too_many_marks"),
        (document(attributes={"a": 1}), "/attributes/a", "type_invalid"),
        (document(attributes={"": "x"}), "/attributes/", "text_empty"),
        (document(attributes=[]), "/attributes", "type_invalid"),
        (document(attributes={str(n): "x" for n in range(51)}), "/attributes", "attributes_too_many"),
        (document(country="\u202e"), "/country", "text_bidi_control"),
    ],
)  # fmt: skip
def test_a_bad_document_is_refused_with_its_place_and_code(doc: Any, where: str, code: str) -> None:
    assert codes(doc) == [(where, code)]


def test_all_faults_are_told_at_once() -> None:
    doc = document(order_id="../x", prioritty=1, lines=[{"sku": "M", "quantity": 0}, {"quantity": 1}])
    assert sorted(codes(doc)) == [
        ("/lines/0/quantity", "qty_invalid"),
        ("/lines/1/sku", "field_required"),
        ("/order_id", "id_invalid"),
        ("/prioritty", "field_unknown"),
    ]


def test_a_refusal_never_tells_the_input_at_length() -> None:
    with pytest.raises(OrderRejectedError) as caught:
        parse(document(**{"x" * 5000: 1}, order_id="secret" * 50))
    assert len(str(caught.value)) < 300
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "美咲's Room",
        "שלום",
        "مرحبا\u200f!",
        "नमस्ते",
        "👨‍👩‍👧‍👦",
        "👍🏽 🇬🇧",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "❤️",
        "\U0001fae8",  # newer than this Python's Unicode tables may be
        "=HYPERLINK(x)",
        "{{7*7}} ${jndi:x} %n%s",
        "'; DROP TABLE orders",
        "<!DOCTYPE x><!ENTITY y>]]></Text>",
        "non\u00a0breaking",
        "",
    ],
)
def test_a_text_is_kept_exactly_as_it_was_written(text: str) -> None:
    assert parse(line(text=text)).lines[0].text == text


@pytest.mark.parametrize(
    ("placed_at", "expected"),
    [
        ("2026-07-01T08:00:00", datetime(2026, 7, 1, 7, tzinfo=UTC)),
        ("2026-07-01 08:00", datetime(2026, 7, 1, 7, tzinfo=UTC)),
        ("2026-07-01T08:00:00Z", datetime(2026, 7, 1, 8, tzinfo=UTC)),
        ("2026-10-25T01:30:00+01:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T01:30:00+00:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("2040-01-01T00:00:00.5-05:00", datetime(2040, 1, 1, 5, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_a_time_means_one_instant(placed_at: str, expected: datetime) -> None:
    assert parse(document(placed_at=placed_at)).placed_at == expected


def test_the_same_content_has_the_same_hash_however_it_is_written() -> None:
    one = parse(document(placed_at="2026-07-01T08:00:00"))
    same = json.loads(json.dumps(document(placed_at="2026-07-01T07:00:00+00:00"), sort_keys=True))
    same["lines"][0] |= {"line_id": "1", "price": 1}
    assert parse(same).content_hash == one.content_hash
    assert len(one.content_hash) == 64


@pytest.mark.parametrize(
    "changes",
    [
        {"service": "x"}, {"tier": "gold"}, {"channel": "web"}, {"country": "x"}, {"carrier": "x"}, {"order_id": "A-2"},
        {"attributes": {"a": "b"}}, {"placed_at": "2026-11-23T08:00:01"},
        {"lines": [{"line_id": 1, "sku": "MUG-1", "quantity": 2, "text": "Zoe"}]},
        {"lines": [{"line_id": 1, "sku": "MUG-1", "quantity": 3, "text": "Zoë"}]},
        {"lines": [{"line_id": 2, "sku": "MUG-1", "quantity": 2, "text": "Zoë"}]},
        {"lines": [{"line_id": 1, "sku": "MUG-1", "quantity": 2, "text": "Zoë", "artwork": "a"}]},
    ],
)  # fmt: skip
def test_any_change_that_matters_changes_the_hash(changes: dict[str, Any]) -> None:
    assert parse(document(**changes)).content_hash != parse(document()).content_hash


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "body_empty"),
        (b" \n", "body_empty"),
        (b"\xef\xbb\xbf", "body_empty"),
        (b'{"a": ', "json_invalid"),
        (b"{'a': 1}", "json_invalid"),
        (b'{"a": NaN}', "json_invalid"),
        (b"[Infinity]", "json_invalid"),
        (b'"a\nb"', "json_invalid"),
        (b"[" * 10_000, "json_too_deep"),
        (b"[" * 200_000 + b"]" * 200_000, "json_too_deep"),
        (b"[" * 40 + b"]" * 40, "json_too_deep"),
        (b'{"qty":1,"qty":9}', "json_duplicate_key"),
        (b"[" + b"9" * 5000 + b"]", "number_out_of_range"),
        (b"[1e999]", "number_out_of_range"),
        (b'"\xff"', "encoding_invalid"),
        ('{"a": 1}'.encode("utf-16"), "encoding_invalid"),
        (b'["\\ud800"]', "text_invalid_unicode"),
        (b'{"\\udfff": 1}', "text_invalid_unicode"),
    ],
)
def test_json_that_could_be_misread_is_refused(text: bytes, code: str) -> None:
    with pytest.raises(OrderRejectedError) as caught:
        load_json(text)
    assert [fault.code for fault in caught.value.faults] == [code]


def test_bad_json_is_told_with_line_and_column() -> None:
    with pytest.raises(OrderRejectedError, match=r"^2:7: "):
        load_json(b'{\n  "a" 1}')


def test_good_json_is_read_with_or_without_a_byte_order_mark() -> None:
    assert load_json(b'\xef\xbb\xbf{"a": [1, 2.5, "\xc3\xa9", null, true]}') == {"a": [1, 2.5, "é", None, True]}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(list(document())), json_values) | json_values)
def test_whatever_comes_in_is_an_order_or_a_refusal(changes: Any) -> None:
    doc = document(**changes) if isinstance(changes, dict) else changes
    with contextlib.suppress(OrderRejectedError):
        parse(doc)


@given(st.binary(max_size=50))
def test_whatever_bytes_come_in_are_json_or_a_refusal(data: bytes) -> None:
    with contextlib.suppress(OrderRejectedError):
        load_json(data)
