"""
Station reports as they came, each once, with what was made of it.

Whether a report is applied is decided in `services`; here it becomes evidence, also when it was refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, tuple_, update
from sqlmodel import Session

from batcher.domain.batches import StationReport
from batcher.store import tables
from batcher.store.many import insert_many
from batcher.store.rows import chunks, columns


@dataclass(frozen=True)
class StoredReport:
    """One report; `body` has its ``items``, ``reason`` and ``at``."""

    seq: int
    station: str
    report_id: str
    ticket_id: str
    kind: str
    body: dict[str, object]
    received_at: datetime
    outcome: str  #: applied, out_of_order, rejected or orphan
    code: str
    message: str
    replays: int  #: how often the same report came again


_REPORTS = select(*columns(tables.reports, StoredReport)).where(
    tuple_(tables.reports.c.station, tables.reports.c.report_id).in_(bindparam("these", expanding=True))
)


@dataclass(frozen=True)
class Judged:
    """A report that has not come before, with what was made of it."""

    report: StationReport
    outcome: str
    code: str = ""
    message: str = ""


def record_reports(s: Session, judged: Sequence[Judged], now: datetime) -> None:
    """Keep reports that have not come before, with what was made of them."""
    rows = [
        {
            "station": entry.report.station,
            "report_id": entry.report.report_id,
            "ticket_id": entry.report.ticket_id,
            "kind": entry.report.kind,
            "body": {
                "items": entry.report.items,
                "reason": entry.report.reason,
                "at": entry.report.at.isoformat(),
            },
            "received_at": now,
            "outcome": entry.outcome,
            "code": entry.code,
            "message": entry.message,
            "replays": 0,
        }
        for entry in judged
    ]
    insert_many(s, tables.reports, rows)


def count_replay(s: Session, report: StoredReport) -> None:
    """Note that a report has come once more."""
    reports = tables.reports
    s.execute(update(reports).where(reports.c.seq == report.seq).values(replays=reports.c.replays + 1))


def find_reports(s: Session, named: Sequence[tuple[str, str]]) -> dict[tuple[str, str], StoredReport]:
    """Return reports by station and what that calls them, as far as they came before."""
    found = [StoredReport(*row) for part in chunks(named) for row in s.execute(_REPORTS, {"these": part})]
    return {(report.station, report.report_id): report for report in found}


def list_reports(
    s: Session, *, station: str | None = None, outcome: str | None = None, limit: int = 100
) -> list[StoredReport]:
    """Return reports, the newest first."""
    reports = tables.reports
    statement = select(*columns(reports, StoredReport)).order_by(reports.c.seq.desc()).limit(limit)
    if station is not None:
        statement = statement.where(reports.c.station == station)
    if outcome is not None:
        statement = statement.where(reports.c.outcome == outcome)
    return [StoredReport(*row) for row in s.execute(statement)]
