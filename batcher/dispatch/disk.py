"""
The steps on a disk that hand-overs are made of.

Each method is one step after which the process may be gone; which steps follow which is decided by the callers.
Tests put in a disk that stops, or fails, at the n-th step.
"""

import ctypes
import errno
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
#: What file systems and kernels without the no-replace flag answer.
_NO_SUCH_FLAG = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})

_REASONS = {
    errno.ENOENT: "folder_missing",
    errno.ENOTDIR: "folder_missing",
    errno.EACCES: "not_writable",
    errno.EPERM: "not_writable",
    errno.EROFS: "not_writable",
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EXDEV: "other_file_system",
    errno.EEXIST: "name_taken",
}


class Disk:
    """The real disk; every method raises `OSError` as the system told it."""

    def open_new(self, path: Path) -> int:
        """Create a file that must not exist, open for writing; a link of that name is not followed."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)

    def write(self, fd: int, content: bytes) -> None:
        """Write all of it."""
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(fd, rest) :]

    def sync(self, fd: int) -> None:
        """Wait until the file's content is on the medium."""
        os.fsync(fd)

    def sync_folder(self, path: Path) -> None:
        """Wait until the folder's entries are on the medium."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def move(self, source: Path, target: Path) -> None:
        """
        Rename in one step within a file system; an existing target is an error, never overwritten.

        A hard link and an unlink would not do: a kill between the two leaves the name in both places, and a target
        that was consumed meanwhile could be made a second time.
        """
        rename = _rename_noreplace()
        if rename is not None:
            number = rename(source, target)
            if number == 0:
                return
            if number not in _NO_SUCH_FLAG:
                raise OSError(number, os.strerror(number), str(source), None, str(target))
        # The caller's names are unique, so nothing of ours can come between the look and the rename.
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        os.rename(source, target)  # noqa: PTH104 - never a copy, as shutil.move would across file systems

    def remove(self, path: Path) -> None:
        """Remove a file, if it is there."""
        path.unlink(missing_ok=True)

    def write_new(self, path: Path, content: bytes) -> None:
        """
        Write a new file whose content is on the medium when this returns.

        A file that could not be written whole is removed: after a failed fsync the same file is never trusted again.
        """
        fd = self.open_new(path)
        try:
            self._fill(fd, content)
        except OSError:
            with suppress(OSError):
                self.remove(path)
            raise

    def append(self, path: Path, content: bytes) -> None:
        """Add to a file, made when it is not there; what was added is on the medium when this returns."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        self._fill(os.open(path, flags, 0o640), content)

    def shorten(self, path: Path, size: int) -> None:
        """Have a file end after so many bytes, durably."""
        fd = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.ftruncate(fd, size)
            self.sync(fd)
        finally:
            os.close(fd)

    def _fill(self, fd: int, content: bytes) -> None:
        try:
            self.write(fd, content)
            self.sync(fd)
        finally:
            os.close(fd)


def reason_of(error: OSError) -> str:
    """Return the stable word for what is wrong with a disk or folder."""
    return _REASONS.get(error.errno or 0, "io_error")


@cache
def _rename_noreplace() -> Callable[[Path, Path], int] | None:
    """Return the system's renameat2 as a function giving an error number; none where there is no such call."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return None
    call.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)

    def rename(source: Path, target: Path) -> int:
        result = call(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _RENAME_NOREPLACE)
        return 0 if result == 0 else ctypes.get_errno()

    return rename
