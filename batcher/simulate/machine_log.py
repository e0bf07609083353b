"""
A virtual machine's own log: what it really did, kept apart from everything batcher knows.

Append-only JSON lines, on the medium before anything of it is told. It is the machine's memory after a restart and
the witness against which "nothing lost, nothing made twice" is checked.
"""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import TracebackType

from batcher.errors import StoreLockedError


class Event(StrEnum):
    """What can happen to a ticket at a machine."""

    ACCEPTED = "accepted"  #: taken out of the hot folder, queued
    LOADED = "loaded"  #: on the bed; a changeover may come first
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  #: no piece of it came out right
    REFUSED = "refused"  #: never started: unreadable, for another station, or made before


@dataclass(frozen=True)
class LogEntry:
    """One line; `at` is floor time, `items` the outcome by item id where the batch has ended."""

    at: datetime
    ticket_id: str
    event: Event
    items: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


class MachineLog:
    """
    The log of one machine, opened for appending by one process at a time.

    A line torn by a crash was never told to anybody and is cut off.

    Raises
    ------
    StoreLockedError
        When another process runs the same machine.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise StoreLockedError(f"{path} is in use: this machine is run by another process already") from error
        self._file.truncate(_whole(path.read_bytes()))

    def append(self, entry: LogEntry) -> None:
        """Write one line and wait until it is on the medium."""
        line = {"at": entry.at.isoformat(), "ticket_id": entry.ticket_id, "event": entry.event.value}
        more = {"items": dict(entry.items)} if entry.items else {}
        why = {"reason": entry.reason} if entry.reason else {}
        self._file.write(json.dumps(line | more | why).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> "MachineLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_log(path: Path) -> list[LogEntry]:
    """Return the entries of a machine's log, oldest first, also while the machine writes it; none without a file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    return [_read_line(line) for line in content[: _whole(content)].splitlines()]


def _whole(content: bytes) -> int:
    """Return the length of the whole lines."""
    return content.rfind(b"\n") + 1


def _read_line(line: bytes) -> LogEntry:
    found = json.loads(line)
    return LogEntry(
        at=datetime.fromisoformat(found["at"]),
        ticket_id=found["ticket_id"],
        event=Event(found["event"]),
        items=found.get("items", {}),
        reason=found.get("reason", ""),
    )
