"""
Station reports as they came, each once, with what was made of it.

Whether a report is applied is decided in `services`; here it becomes evidence, also when it was refused.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session

from batcher.domain.batches import StationReport
from batcher.store import tables
from batcher.store.rows import columns


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


_REPORT = select(*columns(tables.reports, StoredReport)).where(
    tables.reports.c.station == bindparam("station"), tables.reports.c.report_id == bindparam("report")
)


def record_report(
    s: Session, report: StationReport, *, now: datetime, outcome: str, code: str = "", message: str = ""
) -> StoredReport:
    """Keep a report that has not come before, with what was made of it."""
    values = {
        "station": report.station,
        "report_id": report.report_id,
        "ticket_id": report.ticket_id,
        "kind": report.kind,
        "body": {"items": report.items, "reason": report.reason, "at": report.at.isoformat()},
        "received_at": now,
        "outcome": outcome,
        "code": code,
        "message": message,
        "replays": 0,
    }
    s.execute(insert(tables.reports), values)
    stored = find_report(s, report.station, report.report_id)
    assert stored is not None
    return stored


def count_replay(s: Session, report: StoredReport) -> None:
    """Note that a report has come once more."""
    reports = tables.reports
    s.execute(update(reports).where(reports.c.seq == report.seq).values(replays=reports.c.replays + 1))


def find_report(s: Session, station: str, report_id: str) -> StoredReport | None:
    """Return a report by what its station calls it; none when it never came."""
    row = s.execute(_REPORT, {"station": station, "report": report_id}).one_or_none()
    return None if row is None else StoredReport(*row)


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
