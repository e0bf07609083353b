"""
The lock file beside a SQLite database: one daemon at a time, held by the kernel for as long as it lives.

A lock dies with its process, so there is nothing to clean up after a crash; the pid inside is for people.
"""

import fcntl
import os
import time
from pathlib import Path

from batcher.errors import StoreLockedError, StoreUnavailableError

#: Someone asking who holds the lock takes it for an instant; a daemon starting just then tries again.
_TRIES = 10
_PAUSE_S = 0.02


class FileLock:
    """An exclusive lock on a file, from construction until `release`."""

    def __init__(self, path: Path) -> None:
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
        except OSError as error:
            raise StoreUnavailableError(f"{path} cannot be opened: {error.strerror}") from error
        if not self._take():
            os.close(self._fd)
            raise StoreLockedError(f"{path.with_suffix('')} is in use by process {_read_pid(path) or 'unknown'}")
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def _take(self) -> bool:
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_PAUSE_S)
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            return True
        return False

    def release(self) -> None:
        """Let it go."""
        os.close(self._fd)


def lock_path(database: Path) -> Path:
    """Return the lock file of a database file."""
    return database.with_name(database.name + ".lock")


def holder(path: Path) -> int | None:
    """Return the pid of the process that holds a lock file, -1 in the instant before it is told; none: nobody does."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreUnavailableError(f"{path} cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read_pid(path) or -1
    finally:
        os.close(fd)
    return None


def _read_pid(path: Path) -> int | None:
    text = path.read_text(encoding="ascii", errors="replace").strip()
    return int(text) if text.isdigit() else None
