"""
Reports as files that a station writes: read once they are whole, never lost, nothing of them trusted.

The folder only hands reports out and puts files away; a file stays where it is until the caller has committed what it
says, so that after a crash it is read again and found to be a repetition.
"""

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from batcher.dispatch.disk import Disk, reason_of
from batcher.dispatch.folders import StationFolders
from batcher.dispatch.report import INCOMPLETE, MAX_REPORT_BYTES, parse_report
from batcher.domain.batches import StationReport
from batcher.errors import DispatchError, DocumentError, Fault

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}\.json")


@dataclass(frozen=True)
class ReportFile:
    """One file of a report folder and what it says, or why it cannot be used."""

    path: Path
    content: StationReport | Fault


class ReportFolder:
    """
    The report folder of one station.

    Parameters
    ----------
    station
        Its id; a report in another station's name is a fault.
    patience
        Looks at a file that stays incomplete, unchanged, before it counts as broken.
    """

    def __init__(self, folders: StationFolders, station: str, *, patience: int = 5, disk: Disk | None = None) -> None:
        self._folders, self._station, self._patience = folders, station, patience
        self._disk = disk or Disk()
        self._waiting: dict[Path, tuple[tuple[int, int], int]] = {}  # path -> (size and time, looks)

    def read(self, limit: int = 500) -> Iterator[ReportFile]:
        """
        Yield what has come, oldest first, at most `limit` files; not what may still be being written.

        Raises
        ------
        DispatchError
            When the folder cannot be read.
        """
        try:
            with os.scandir(self._folders.reports) as entries:
                found = [(entry.stat(follow_symlinks=False), Path(entry.path)) for entry in entries if _meant(entry)]
        except OSError as error:
            raise DispatchError(
                f"reports of {self._station} cannot be read: {error}", reason=reason_of(error)
            ) from error
        found.sort(key=lambda file: (file[0].st_mtime_ns, file[1].name))
        self._waiting = {path: self._waiting[path] for _, path in found if path in self._waiting}
        for status, path in found[:limit]:
            content = self._judge(path, status)
            if content is not None:
                yield ReportFile(path, content)

    def done(self, path: Path, now: datetime) -> None:
        """
        Put away a report that has been dealt with, under the day of `now`.

        Raises
        ------
        DispatchError
            When it cannot be moved; it will be read again.
        """
        self._put_away(path, self._folders.done / now.date().isoformat())

    def reject(self, path: Path, reason: str) -> None:
        """
        Put a file away that could not be used, beside a text that says why.

        Raises
        ------
        DispatchError
            When it cannot be moved, and will be read again, or its reason cannot be written.
        """
        kept = self._put_away(path, self._folders.bad)
        try:
            kept.with_name(f"{kept.name}.reason.txt").write_text(f"{reason}\n", encoding="utf-8")
        except OSError as error:
            raise DispatchError(
                f"why {_shown(path)} is bad could not be told: {error}", reason=reason_of(error)
            ) from error

    def _judge(self, path: Path, status: os.stat_result) -> StationReport | Fault | None:
        """Return the report, what is wrong with the file, or none while it may not be whole yet."""
        if not _PLAIN_NAME.fullmatch(path.name):
            return Fault(_shown(path), "a report's file name is letters, digits, dots, - and _", "bad_name")
        if not stat.S_ISREG(status.st_mode):
            return Fault(_shown(path), "is not a regular file", "not_a_file")
        try:
            report = parse_report(_content(path))
        except FileNotFoundError:
            return None  # taken back by its writer
        except OSError as error:
            return Fault(_shown(path), f"cannot be read: {error.strerror}", "unreadable")
        except DocumentError as error:
            return self._fault(path, status, error)
        if report.station != self._station:
            return Fault(_shown(path), f"speaks for station {report.station}, not {self._station}", "not_your_folder")
        return report

    def _fault(self, path: Path, status: os.stat_result, error: DocumentError) -> Fault | None:
        first = error.faults[0]
        if first.code == INCOMPLETE:
            seen = (status.st_size, status.st_mtime_ns)
            before, looks = self._waiting.get(path, (seen, 0))
            looks = looks + 1 if seen == before else 1  # whoever still writes is given time
            self._waiting[path] = (seen, looks)
            if looks < self._patience:
                return None
        return Fault(_shown(path), str(error), first.code)

    def _put_away(self, path: Path, folder: Path) -> Path:
        name = path.name if _PLAIN_NAME.fullmatch(path.name) else f"unnamed-{_digest(path)}.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return self._move_beside(path, folder, name)
        except OSError as error:
            raise DispatchError(f"{_shown(path)} could not be put away: {error}", reason=reason_of(error)) from error

    def _move_beside(self, path: Path, folder: Path, name: str) -> Path:
        for copy in range(1, 10_000):
            target = folder / (name if copy == 1 else f"{name}.{copy}")
            try:
                self._disk.move(path, target)
            except FileExistsError:
                continue
            return target
        raise FileExistsError(errno.EEXIST, f"too many files of that name in {folder}", name)


def archived_reports(folders: StationFolders, since: datetime | None) -> list[StationReport]:
    """
    Return a station's reports that have been dealt with, from the day before `since` on, in their order.

    Raises
    ------
    DispatchError
        When the folder cannot be read.
    """
    first = "" if since is None else (since - timedelta(days=1)).date().isoformat()
    try:
        days = [day for day in folders.done.iterdir() if day.name >= first and day.is_dir()]
        paths = [path for day in days for path in day.iterdir() if path.is_file()]
        paths.sort(key=lambda path: (path.stat().st_mtime_ns, path.name))
        return [report for path in paths if (report := _report_in(path)) is not None]
    except OSError as error:
        raise DispatchError(f"{folders.done} cannot be read: {error}", reason=reason_of(error)) from error


def _report_in(path: Path) -> StationReport | None:
    try:
        return parse_report(_content(path))
    except DocumentError:
        return None  # put there by somebody else


def _meant(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith(".json") and not entry.name.startswith(".")


def _content(path: Path) -> bytes:
    # Not following a link and not waiting for a FIFO's writer, should one have come since we looked.
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(fd, "rb") as file:  # noqa: PTH123 - opened by descriptor
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "is not a regular file")
        return file.read(MAX_REPORT_BYTES + 1)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]


def _shown(path: Path) -> str:
    return repr(path.name)
