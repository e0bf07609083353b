"""
What was sent to a station, kept beside its folder and outside the database: which pieces were on which ticket.

A database that comes from a backup knows nothing of the tickets sent since; this does. A line is on the medium before
its ticket is published, and has no personal text. What is done with what is found is in `services.reconciling`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from time import time

from batcher.dispatch.disk import Disk, reason_of
from batcher.dispatch.folders import StationFolders
from batcher.errors import DispatchError

#: A file that has grown so large is left, and another is begun.
_LARGE = 1 << 20
#: A backup older than this is not reconciled from here any more.
KEPT_S = 60 * 86_400
#: In place of a ticket: what is above it has been reconciled.
_CLOSED = "reconciled_at"
#: What a machine needs of a piece and nobody else: left out.
_PERSONAL = frozenset({"text", "artwork", "sku", "product", "finish"})


class SentJournal:
    """
    The journal of one station; files of ours alone, one line a ticket.

    Parameters
    ----------
    folders
        The station's folders; the stage folder must exist.
    disk
        The steps on the disk.
    """

    def __init__(self, folders: StationFolders, disk: Disk | None = None) -> None:
        self._folder, self._disk = folders.stage, disk or Disk()
        self._file: Path | None = None  #: none: what we write next begins another

    def note(self, documents: Sequence[Mapping[str, object]]) -> None:
        """
        Write down durably what is about to be published.

        Raises
        ------
        DispatchError
            When it cannot be written; then nothing may be published.
        """
        self._append([_without_texts(document) for document in documents])

    def close(self, now: datetime) -> None:
        """
        Note durably that all that was noted so far has been reconciled, and is not asked for any more.

        Raises
        ------
        DispatchError
            When it cannot be written.
        """
        self._append([{_CLOSED: now.isoformat()}])

    def _append(self, lines_of: Sequence[Mapping[str, object]]) -> None:
        lines = "".join(f"{json.dumps(line)}\n" for line in lines_of)
        try:
            begun, self._file = self._file, None  # after a failure the same file is never written or synced again
            path = begun or self._next()
            self._disk.append(path, lines.encode())
            if begun is None:
                self._disk.sync_folder(self._folder)
            self._file = path if path.stat().st_size < _LARGE else None
        except OSError as error:
            raise DispatchError(f"what is sent cannot be noted: {error}", reason=reason_of(error)) from error

    def tickets(self) -> Iterator[dict[str, object]]:
        """
        Yield what was noted since the journal was closed last, the latest first.

        A line that a crash cut short was never sent.

        Raises
        ------
        DispatchError
            When the folder cannot be read.
        """
        try:
            for path in reversed(self._files()):
                for line in reversed(path.read_bytes().splitlines()):
                    document = _whole(line)
                    if document is not None and _CLOSED in document:
                        return
                    if document is not None:
                        yield document
        except OSError as error:
            raise DispatchError(f"what was sent cannot be read: {error}", reason=reason_of(error)) from error

    def _next(self) -> Path:
        """Return the name of the next file, and let go of those that are too old to be of use."""
        files = self._files()
        for path in files[:-1]:
            if path.stat().st_mtime < time() - KEPT_S:
                self._disk.remove(path)
        number = int(files[-1].stem.removeprefix("sent-")) if files else 0
        return self._folder / f"sent-{number + 1:08}.jsonl"

    def _files(self) -> list[Path]:
        return sorted(path for path in self._folder.iterdir() if _is_ours(path.name))


def _is_ours(name: str) -> bool:
    return name.startswith("sent-") and name.endswith(".jsonl") and name[5:-6].isdigit()


def _whole(line: bytes) -> dict[str, object] | None:
    try:
        document: dict[str, object] = json.loads(line)
    except ValueError:
        return None
    return document


def _without_texts(document: Mapping[str, object]) -> dict[str, object]:
    items = document.get("items", ())
    assert isinstance(items, Sequence)
    return {**document, "items": [{k: v for k, v in item.items() if k not in _PERSONAL} for item in items]}
