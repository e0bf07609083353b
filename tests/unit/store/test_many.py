"""Many rows in one go: the same as one by one, on both databases."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select

from batcher.errors import InvariantError
from batcher.store import tables
from batcher.store.many import insert_many
from batcher.store.session import Store

NOW = datetime(2026, 11, 23, 8, 5, 0, 123456, tzinfo=UTC)


def _report(number: int, **changes: object) -> dict[str, object]:
    report = {
        "station": "press-1", "report_id": f"r-{number}", "ticket_id": "T", "kind": "done", "received_at": NOW,
        "body": {"words": ["Zoë \U0001f381", "\"'\\\n\t", ""], "none": None, "number": 0.1, "yes": True},
        "outcome": "applied", "code": "", "message": "% \N{BULLET} :name ?",
    }  # fmt: skip
    return report | changes


def test_rows_are_kept_as_if_they_had_come_one_by_one(store: Store) -> None:
    reports = tables.reports
    with store.write() as s:
        s.execute(insert(reports).values(**_report(0)))
        insert_many(s, reports, [_report(number) for number in range(1, 200)])

    with store.read() as s:
        rows = s.execute(select(reports).order_by(reports.c.seq)).all()
    assert [row.report_id for row in rows] == [f"r-{number}" for number in range(200)]
    assert len({(row.station, str(row.body), row.received_at, row.message, row.replays) for row in rows}) == 1
    assert rows[-1].body == _report(0)["body"]
    assert rows[-1].received_at == NOW


def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(InvariantError, match="aware"), store.write() as s:
        insert_many(s, tables.reports, [_report(1, received_at=NOW.replace(tzinfo=None))])


def test_no_rows_are_no_statement(store: Store) -> None:
    with store.write() as s:
        insert_many(s, tables.reports, [])
