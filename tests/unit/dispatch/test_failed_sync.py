"""
A sync that failed is not tried again on the same file.

Once the system has told that a file's content did not reach the medium, it takes it for clean: the next sync of that
file says that all is well, and what failed is nowhere. Only content that is written anew counts.
"""

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from batcher.dispatch.disk import Disk
from batcher.dispatch.folder_mark import write_mark
from batcher.dispatch.folders import StationFolders, station_folders
from batcher.dispatch.hotfolder import HotFolder
from batcher.errors import DispatchError
from tests.builders_stations import a_station

DOCUMENTS = ({"ticket_id": "T1", "items": []}, {"ticket_id": "T2", "items": []})
#: More syncs of files than two hand-overs take.
MANY = 12


class DiskThatFailsOnce(Disk):
    """Fails its n-th sync of a file, and tells which file is synced although it has failed before."""

    def __init__(self, fail_at: int) -> None:
        self.syncs, self.again, self._fail_at = 0, list[int](), fail_at
        self._failed: dict[int, int] = {}

    def sync(self, fd: int) -> None:
        self.syncs += 1
        inode = os.fstat(fd).st_ino
        if inode in self._failed:
            self.again.append(inode)
        if self.syncs == self._fail_at:
            self._failed[inode] = os.dup(fd)  # held open, so that no other file gets its number
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().sync(fd)

    def close(self) -> None:
        for fd in self._failed.values():
            os.close(fd)


def _until_it_works(what: Callable[[], object]) -> None:
    for _ in range(2):
        with suppress(DispatchError):
            what()
            return
    raise AssertionError("one failure, and it did not work the second time")


def _hand_over(folders: StationFolders, disk: Disk) -> None:
    """Hand two tickets over as the outbox does, each step tried again when it has failed."""
    _until_it_works(lambda: write_mark(folders, "mark", disk))
    hot = HotFolder(folders, disk)
    _until_it_works(lambda: hot.lead(1))
    for document in DOCUMENTS:
        ticket_id = str(document["ticket_id"])
        _until_it_works(partial(hot.stage, ticket_id, ticket_id.encode()))
        _until_it_works(partial(hot.note, [document]))
        _until_it_works(partial(hot.publish, ticket_id))


def test_a_file_whose_sync_failed_is_written_anew_and_never_synced_again(tmp_path: Path) -> None:
    failed = 0
    for fail_at in range(1, MANY):
        folders = station_folders(tmp_path / str(fail_at), a_station())
        folders.create()
        disk = DiskThatFailsOnce(fail_at)
        _hand_over(folders, disk)
        failed += disk.syncs >= fail_at
        disk.close()
        assert disk.again == [], f"the file of sync {fail_at}"
        assert {path.name: path.read_text() for path in folders.hot.iterdir()} == {"T1.json": "T1", "T2.json": "T2"}
    assert 4 <= failed < MANY - 1, "every sync of a file has failed once"
