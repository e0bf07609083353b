"""
What is finished leaves the database: written to the archive, read back, and only then deleted, a little at a time.

Killed at any moment it begins again: what was written and not deleted does not count. What is read back later is what
was known when it left, without the texts, which are forgotten before. Safe mode archives nothing.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from batcher.dispatch.disk import Disk
from batcher.dispatch.folders import station_folders
from batcher.dispatch.sent_journal import KEPT_S
from batcher.errors import ConflictError, NotFoundError
from batcher.services.archive_files import ArchiveFiles
from batcher.services.context import Floor
from batcher.store import archive, finished
from batcher.store.archive import ArchivedOrder
from batcher.store.finished import Kind, Record
from batcher.store.session import Session

log = structlog.get_logger()

#: Orders, or tickets, that leave in one commit: it lasts a few hundredths of a second, and intake waits for it.
_AT_ONCE = 100
#: Rows of the record, and reports, that are looked through in one go.
_LOOKED = 1000
#: Commits of one turn.
_COMMITS = 40


@dataclass(frozen=True)
class Archived:
    """What one turn has archived."""

    counts: dict[str, int]  #: by kind
    more: bool  #: there may be more that can leave at once
    kept_back: int  #: orders that are old enough and may not leave yet


def archive_finished(floor: Floor, *, disk: Disk | None = None) -> Archived:
    """
    Archive what has been finished for long enough, some at a time.

    Raises
    ------
    ArchiveError
        The archive cannot be written: nothing is deleted.
    """
    days = floor.settings.archive_days
    counts: Counter[str] = Counter()
    if not days or floor.safe.mode is not None:
        return Archived({}, more=False, kept_back=0)
    before = floor.now() - timedelta(days=days)
    move = _Mover(floor, ArchiveFiles(floor.settings.archive_folder, disk))
    turns: list[Callable[[], tuple[int, bool]]] = [
        lambda: move.orders(before),
        lambda: move.tickets(before),
        lambda: move.loose(Kind.EVENT, before),
        lambda: move.loose(Kind.REPORT, before),
    ]
    left = _COMMITS
    for kind, turn in zip(Kind, turns, strict=True):
        going = True
        while going and left:
            moved, going = turn()
            left -= 1
            counts[kind] += moved
    _forget_read_reports(floor, before)
    with floor.store.read() as session:
        kept_back = finished.count_kept_back(session, before)
    _tell(floor, counts, kept_back)
    return Archived(dict(counts), more=left == 0, kept_back=kept_back)


def find_archived(floor: Floor, ref: str, *, source: str | None = None) -> ArchivedOrder:
    """
    Return what is known of an order in the archive, by its id or our key.

    Raises
    ------
    NotFoundError
        There is none of that name, or none of that source.
    ConflictError
        Several sources had one.
    """
    with floor.store.read() as session:
        found = [order for order in archive.archived_orders(session, ref) if source in (None, order.source)]
    if not found:
        raise NotFoundError("archived order", ref)
    if len(found) > 1:
        keys = ", ".join(f"{order.key} ({order.source})" for order in found)
        raise ConflictError(f"several sources had an order {ref}; name one by its key: {keys}")
    return found[0]


def read_archived(floor: Floor, order: ArchivedOrder) -> dict[str, Any]:
    """
    Return all that was known of an order when it left.

    Raises
    ------
    ArchiveError
        Its file is not there, or is damaged.
    """
    records = ArchiveFiles(floor.settings.archive_folder).read(order.file, order.place)
    return next(record for record in records if record["kind"] == Kind.ORDER and record["id"] == order.key)


def archive_faults(floor: Floor) -> list[str]:
    """Return what is wrong with the archive, in plain words; empty when all that left can be read."""
    with floor.store.read() as session:
        sizes = archive.file_sizes(session)
    return ArchiveFiles(floor.settings.archive_folder).faults(sizes)


@dataclass(frozen=True)
class _Mover:
    """Moves what is finished, one commit at a time; each tells how much moved, and whether to go on at once."""

    floor: Floor
    files: ArchiveFiles

    def orders(self, before: datetime) -> tuple[int, bool]:
        """Move some orders."""

        def find(session: Session) -> list[Record]:
            return finished.order_records(session, finished.finished_orders(session, before, _AT_ONCE))

        return self._move(find)

    def tickets(self, before: datetime) -> tuple[int, bool]:
        """Move some tickets."""

        def find(session: Session) -> list[Record]:
            return finished.ticket_records(session, finished.finished_tickets(session, before, _AT_ONCE))

        return self._move(find)

    def loose(self, kind: Kind, before: datetime) -> tuple[int, bool]:
        """Look through the next events, or reports, and move those that belong to nothing else."""
        look = finished.loose_events if kind is Kind.EVENT else finished.loose_reports
        with self.floor.store.read() as session:
            after = archive.looked_until(session, kind)
            _, until = look(session, after, before, _LOOKED)
        if until == after:
            return 0, False
        moved, _ = self._move(
            lambda session: look(session, after, before, _LOOKED)[0],
            then=lambda session: archive.note_looked(session, kind, until),
        )
        return moved, True

    def _move(
        self, find: Callable[[Session], Sequence[Record]], then: Callable[[Session], None] = lambda _: None
    ) -> tuple[int, bool]:
        """Write what is found, and delete it if all of it is still the same; what changed is for another turn."""
        now = self.floor.now()
        with self.floor.store.read() as session:
            records, sizes = find(session), archive.file_sizes(session)
        stretch = self.files.append(records, now.date(), self.floor.store.epoch, sizes) if records else None
        with self.floor.store.write() as session:
            same = {record.ident: record for record in find(session)}
            if any(same.get(record.ident) != record for record in records):
                return 0, False
            if stretch is not None:
                archive.move_out(session, records, stretch, now)
            then(session)
        return len(records), len(records) == _AT_ONCE


def _forget_read_reports(floor: Floor, before: datetime) -> None:
    """Remove files of reports that were read long ago: what they say is in the database, or in the archive."""
    # a database from a backup is reconciled with them for as long as with what was sent
    day = min(before, floor.now() - timedelta(seconds=KEPT_S)).date().isoformat()
    for station in floor.rules.current.stations.values():
        done = station_folders(floor.settings.state_dir, station).done
        for folder in sorted(done.iterdir()) if done.is_dir() else ():
            if folder.is_dir() and folder.name < day:
                for path in folder.glob("*.json*"):
                    path.unlink(missing_ok=True)
                if not any(folder.iterdir()):
                    folder.rmdir()


def _tell(floor: Floor, counts: Counter[str], kept_back: int) -> None:
    for kind in Kind:
        floor.metrics.archived.labels(kind=kind.value).inc(counts[kind])
    floor.metrics.archive_kept_back.set(kept_back)
    if counts.total():
        log.info("archived", **{f"{kind}s": count for kind, count in counts.items() if count})
