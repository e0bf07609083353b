"""
The marks of a station's stage folder: a small file with an id, by which the folder is known again, and the epochs.

A token that is gone says that its ticket was published, but only in the folder in which it was staged. A folder that
was made anew, comes from a backup or is another machine's has no mark, or another one. What follows is in `services`.

Each leader leaves an empty file named for its epoch. None is ever written again, so that a leader of before that wakes
up in the middle of its claim takes nothing back.
"""

import re
from contextlib import suppress

from batcher.dispatch.disk import Disk, reason_of
from batcher.dispatch.folders import StationFolders
from batcher.errors import DispatchError

_NAME = "folder-id"
_LONGEST = 64
_EPOCH = re.compile(r"epoch-([0-9]{1,18})")


def read_mark(folders: StationFolders) -> str | None:
    """
    Return the id of a station's stage folder; none when it has none.

    Raises
    ------
    DispatchError
        When the folder cannot be looked into: then nobody knows.
    """
    path = folders.stage / _NAME
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            return file.read(_LONGEST).strip() or None
    except FileNotFoundError as error:
        if folders.stage.is_dir():
            return None
        raise DispatchError(f"{folders.stage} is not there", reason=reason_of(error)) from error
    except OSError as error:
        raise DispatchError(f"{path} cannot be read: {error}", reason=reason_of(error)) from error


def write_mark(folders: StationFolders, mark: str, disk: Disk | None = None) -> None:
    """
    Give a stage folder its id, durably; an unfinished one is replaced.

    Raises
    ------
    DispatchError
        When it cannot be written.
    """
    disk, path = disk or Disk(), folders.stage / _NAME
    part = path.with_suffix(".part")
    try:
        disk.remove(part)
        disk.write_new(part, f"{mark}\n".encode())
        disk.move(part, path)
        disk.sync_folder(folders.stage)
    except OSError as error:
        raise DispatchError(f"{path} cannot be written: {error}", reason=reason_of(error)) from error


def latest_epoch(folders: StationFolders) -> int:
    """
    Return the latest epoch that has begun in a stage folder; 0 when none has.

    Raises
    ------
    DispatchError
        When the folder cannot be looked into.
    """
    return max(_epochs(folders), default=0)


def claim(folders: StationFolders, epoch: int, disk: Disk) -> None:
    """
    Note durably that an epoch has begun, and take away the marks of those before it.

    Raises
    ------
    DispatchError
        When it cannot be noted.
    """
    try:
        with suppress(FileExistsError):
            disk.write_new(folders.stage / f"epoch-{epoch}", b"")
        disk.sync_folder(folders.stage)
        for over in _epochs(folders):
            if over < epoch:
                disk.remove(folders.stage / f"epoch-{over}")
    except OSError as error:
        raise DispatchError(f"{folders.stage} cannot be claimed: {error}", reason=reason_of(error)) from error


def _epochs(folders: StationFolders) -> list[int]:
    try:
        names = [entry.name for entry in folders.stage.iterdir()]
    except OSError as error:
        raise DispatchError(f"{folders.stage} cannot be looked into: {error}", reason=reason_of(error)) from error
    return [int(found[1]) for name in names if (found := _EPOCH.fullmatch(name))]
