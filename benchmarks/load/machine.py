"""What the machine under the measurement gives: how long its disk takes to sync, and what a process has used."""

import os
import time
from contextlib import suppress
from pathlib import Path
from statistics import median

_SYNCS = 300


def fsync_ms(directory: Path) -> float:
    """Return the median milliseconds that writing and syncing a block of a file takes in a directory."""
    path, taken = directory / "fsync.probe", []
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        for _ in range(_SYNCS):
            began = time.perf_counter()
            os.write(fd, b"x" * 4096)
            os.fsync(fd)
            taken.append(time.perf_counter() - began)
    finally:
        os.close(fd)
        path.unlink()
    return 1000 * median(taken)


def cpu_s(pid: int) -> float:
    """Return the seconds of processor time that a process has used, without its children."""
    used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


def threads(pid: int) -> int:
    """Return how many threads a process has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def open_files(pid: int) -> int:
    """Return how many files, sockets and pipes a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def memory_mb(pid: int) -> float:
    """Return the megabytes that a process has in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def child_of(pid: int, name: str) -> int | None:
    """Return the child of a process that is called so; none while there is none."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended just now
            number, _, rest = stat.read_text().partition(" (")
            called, _, told = rest.rpartition(") ")
            if called == name and int(told.split()[1]) == pid:
                return int(number)
    return None
