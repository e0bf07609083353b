"""
A virtual machine's folders: where it finds tickets, keeps them, and puts its reports.

Every hand-over is one rename, so that no one ever sees half a file. What the files mean is in `virtual_station`.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from batcher.simulate.machine_log import Event, LogEntry

#: What is told, in the order in which it happens to a ticket.
_TOLD = {Event.ACCEPTED: 1, Event.RUNNING: 2, Event.DONE: 3, Event.FAILED: 3}


@dataclass(frozen=True)
class MachineFolders:
    """Where a machine finds tickets and puts reports, and its own home, on the hot folder's file system."""

    hot: Path
    reports: Path
    home: Path

    @property
    def taken(self) -> Path:
        """Tickets it has taken and not yet made."""
        return self.home / "taken"

    @property
    def made(self) -> Path:
        """Tickets it has made."""
        return self.home / "made"

    @property
    def refused(self) -> Path:
        """Files it would not make."""
        return self.home / "refused"

    @property
    def log(self) -> Path:
        """Return the path of its log."""
        return self.home / "log.jsonl"

    def create(self) -> None:
        """Create what is missing."""
        for path in (self.hot, self.reports, self.taken, self.made, self.refused):
            path.mkdir(parents=True, exist_ok=True)


def ticket_files(folder: Path) -> list[Path]:
    """Return the visible ticket files of a folder by name; a ticket's id is its file's stem."""
    visible = (path for path in folder.iterdir() if path.suffix == ".json" and not path.name.startswith("."))
    return sorted(path for path in visible if path.is_file())


def put_away(path: Path, folder: Path) -> None:
    """Move a file into a folder, beside others of its name."""
    target, copies = folder / path.name, 1
    while target.exists():
        copies += 1
        target = folder / f"{path.name}.{copies}"
    path.rename(target)


def write_report(folder: Path, station: str, entry: LogEntry) -> None:
    """
    Write the report of one line of the log, if it is one that is told.

    The same line always gives the same report: told again, it is a repetition. Names sort as things happened, for
    reports that are written within one tick of the file system's clock.
    """
    if entry.event not in _TOLD:
        return
    report_id = f"{entry.ticket_id}-{entry.event}"
    report: dict[str, object] = {
        "format": "batcher-report/1",
        "report_id": report_id,
        "station": station,
        "ticket_id": entry.ticket_id,
        "kind": entry.event.value,
        "at": entry.at.isoformat(),
        "items": {item_id: outcome for item_id, outcome in entry.items.items() if outcome != entry.event.value},
        "reason": entry.reason,
    }
    hidden = folder / f".{report_id}.tmp"
    hidden.write_text(json.dumps(report), encoding="utf-8")
    hidden.rename(folder / f"{entry.ticket_id}.{_TOLD[entry.event]}-{entry.event}.json")
