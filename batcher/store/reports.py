"""
Station reports as they came, each once, with what was made of it.

Whether a report is applied is decided in `services`; here it becomes evidence, also when it was refused.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session

from batcher.domain.batches import StationReport
from batcher.store import tables
from batcher.store.rows import columns


@dataclass(frozen=True)
class StoredReport:
    """One report."""

    seq: int
    station: str
    report_id: str
    ticket_id: str
    kind: str
    body: dict[str, object]
    received_at: datetime
    outcome: str  #: applied, replayed, out_of_order, rejected or orphan
    code: str
    message: str
    replays: int  #: how often the same report came again


_REPORT = select(*columns(tables.reports, StoredReport)).where(
    tables.reports.c.station == bindparam("station"), tables.reports.c.report_id == bindparam("report")
)


def record_report(
    s: Session,
    report: StationReport | Mapping[str, object],
    *,
    station: str | None = None,
    report_id: str | None = None,
    ticket_id: str | None = None,
    kind: str | None = None,
    body: Mapping[str, object] | None = None,
    now: datetime,
    outcome: str,
    code: str = "",
    message: str = "",
) -> StoredReport:
    """
    Keep a report; one that came before (same station and report id) is only counted again.

    Parameters
    ----------
    report
        The report, or the raw document when it could not be read; then at least `station` and `report_id` name it.
    """
    raw = _plain(report)
    ident = (station or str(raw.get("station", "")), report_id or str(raw.get("report_id", "")))
    found = find_report(s, *ident)
    if found is not None:
        s.execute(update(tables.reports).where(tables.reports.c.seq == found.seq).values(replays=found.replays + 1))
    else:
        values = {
            "station": ident[0],
            "report_id": ident[1],
            "ticket_id": ticket_id or str(raw.get("ticket_id", "")),
            "kind": kind or str(raw.get("kind", "")),
            "body": dict(raw if body is None else body),
            "received_at": now,
            "outcome": outcome,
            "code": code,
            "message": message,
            "replays": 0,
        }
        s.execute(insert(tables.reports), values)
    stored = find_report(s, *ident)
    assert stored is not None
    return stored


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


def _plain(report: StationReport | Mapping[str, object]) -> Mapping[str, object]:
    return {**asdict(report), "at": report.at.isoformat()} if isinstance(report, StationReport) else report
