"""Reports are read strictly, with every fault told."""

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from batcher.dispatch.report import MAX_REPORT_BYTES, parse_report
from batcher.domain.batches import StationReport
from batcher.errors import DocumentError

WHOLE: dict[str, object] = {
    "format": "batcher-report/1",
    "report_id": "T1-done",
    "station": "uv-1",
    "ticket_id": "T1",
    "kind": "done",
    "at": "2026-03-02T10:06:40+01:00",
    "items": {"i1": "failed"},
    "reason": "smudged",
}


def codes(content: bytes) -> set[tuple[str, str]]:
    with pytest.raises(DocumentError) as refused:
        parse_report(content)
    return {(fault.where, fault.code) for fault in refused.value.faults}


def test_a_whole_report_is_read() -> None:
    assert parse_report(json.dumps(WHOLE).encode()) == StationReport(
        report_id="T1-done",
        station="uv-1",
        ticket_id="T1",
        kind="done",
        at=datetime(2026, 3, 2, 9, 6, 40, tzinfo=UTC),
        items={"i1": "failed"},
        reason="smudged",
    )


def test_items_and_reason_may_be_left_out() -> None:
    report = parse_report(json.dumps({k: v for k, v in WHOLE.items() if k not in ("items", "reason")}).encode())
    assert (report.items, report.reason) == ({}, "")


def test_every_fault_is_told_at_once() -> None:
    bad = {"format": "batcher-report/2", "station": "../x", "ticket_id": 7, "kind": "melted", "at": "noon", "extra": 1}
    assert codes(json.dumps(bad).encode()) == {
        ("/format", "invalid"),
        ("/report_id", "missing"),
        ("/station", "invalid"),
        ("/ticket_id", "invalid"),
        ("/kind", "invalid"),
        ("/at", "invalid"),
        ("/extra", "unknown_field"),
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00",
        b"{",
        json.dumps(WHOLE).encode()[:-1],
        b"\xff\xfe{}",
        b"[" * 100_000,
        b"\xef\xbb\xbf{}",
        b"1" * 9_000,
    ],
)
def test_what_is_not_written_to_its_end_is_no_json(content: bytes) -> None:
    assert codes(content) == {("/", "not_json")}


@pytest.mark.parametrize("content", [b"[]", b"7", b"null", b'"done"', b"NaN"])
def test_json_that_is_no_object_is_invalid(content: bytes) -> None:
    assert {code for _, code in codes(content)} == {"invalid"}


def test_a_fact_given_twice_is_not_the_last_one() -> None:
    text = json.dumps(WHOLE).replace('"i1": "failed"', '"i1": "done", "i1": "failed"')
    assert codes(text.encode()) == {("/i1", "duplicate_key")}
    text = json.dumps(WHOLE).replace('"kind": "done"', '"kind": "done", "kind": "failed"')
    assert codes(text.encode()) == {("/kind", "duplicate_key")}


def test_a_report_over_its_size_is_refused_unread() -> None:
    assert codes(b" " * MAX_REPORT_BYTES + b"{}") == {("/", "too_large")}


@pytest.mark.parametrize(
    "change",
    [
        {"at": "2026-03-02T10:06:40"},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"at": 1_772_442_000},
        {"report_id": "a\nb"},
        {"report_id": ""},
        {"report_id": "x" * 101},
        {"station": "uv-1\n"},
        {"station": "#"},
        {"items": {"i1": "maybe"}},
        {"items": {"../i1": "done"}},
        {"items": {f"i{n}": "done" for n in range(1001)}},
        {"items": ["i1"]},
        {"reason": "x" * 501},
        {"reason": None},
        {"reason": "\ud800"},
    ],
)
def test_values_out_of_bounds_are_refused(change: dict[str, object]) -> None:
    assert {code for _, code in codes(json.dumps(WHOLE | change).encode())} == {"invalid"}


@pytest.mark.parametrize("at", ["1970-01-01T00:00:00Z", "2099-12-31T23:59:59+00:00"])
def test_a_clock_that_is_wrong_by_years_is_no_reason_to_refuse(at: str) -> None:
    assert parse_report(json.dumps(WHOLE | {"at": at}).encode()).kind == "done"


def test_the_published_schema_takes_what_we_take() -> None:
    path = Path(__file__).parents[3] / "config" / "report.schema.json"
    check = jsonschema.Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))
    check.validate(WHOLE)
    for change in ({"kind": "melted"}, {"items": {"../i1": "done"}}, {"extra": 1}, {"report_id": ""}):
        assert not check.is_valid(WHOLE | change)
