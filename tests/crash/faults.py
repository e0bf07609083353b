"""
Faults at the door to the disk: which call is hit, and how; `faults.c`, which is preloaded, does the hitting.

A killed call is not made: what is on the disk is what all calls before it have left. SQLite commits by writing and
syncing, so that a commit is many of these boundaries. Calls are counted for each part of the work by itself.
"""

import ctypes
import errno
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

#: The parts of a daemon's work; what it does between them is the first.
PARTS = (
    *("between", "migration", "start", "intake", "order file", "cancel", "reload"),
    *("plan commit", "release", "publish", "reports", "packing"),
)
#: The calls that change what is on a disk or what others were told, as `faults.c` numbers them.
CALLS = ("write", "pwrite", "fsync", "fdatasync", "ftruncate", "rename", "unlink")
#: How often each call is made, by part and call.
Counts = Mapping[tuple[str, str], int]
_SOURCE = Path(__file__).with_name("faults.c")
_ERRORS = (errno.EIO, errno.ENOSPC)
#: More calls than any process makes.
_FOR_GOOD = 10**9


@dataclass(frozen=True)
class Fault:
    """The n-th call of a kind within a part, counted over the life of a process, and what becomes of it."""

    part: str
    call: str
    first: int
    calls: int = 1  #: so many of its kind in a row, whichever part the others are in
    error: int = 0  #: they fail with it; 0: the process is killed

    @property
    def for_good(self) -> bool:
        """Tell whether the disk fails as long as the process lives."""
        return self.calls == _FOR_GOOD

    def arm(self) -> None:
        """Have it happen to this process."""
        last = ctypes.c_long(self.first + self.calls)
        _library().faults_arm(
            PARTS.index(self.part), CALLS.index(self.call), ctypes.c_long(self.first), last, self.error
        )


@contextmanager
def part(name: str) -> Iterator[None]:
    """Count what is done in here as of a part; without the library nothing is counted."""
    if not is_preloaded():
        yield
        return
    before = _library().faults_enter(PARTS.index(name))
    try:
        yield
    finally:
        _library().faults_enter(before)


def count_anew() -> None:
    """Forget the calls of the process that this one was forked from, if any are counted."""
    if is_preloaded():
        _library().faults_reset()


def count_calls() -> dict[tuple[str, str], int]:
    """Return how often this process has made each call so far, where it has."""
    found = {
        (name, call): int(_library().faults_count(number, kind))
        for number, name in enumerate(PARTS)
        for kind, call in enumerate(CALLS)
    }
    return {key: count for key, count in found.items() if count}


def some_fault(chance: random.Random, counts: Counts) -> Fault:
    """Return a fault somewhere in a life that makes `counts` calls: mostly a kill, else errors, once or on and on."""
    name = chance.choice(sorted({name for name, _ in counts}))
    call = chance.choice([call for call in CALLS if (name, call) in counts])
    first = chance.randint(1, counts[name, call])
    if chance.random() < 0.9:
        return Fault(name, call, first)
    return Fault(name, call, first, chance.choice((1, 1, 20, _FOR_GOOD)), chance.choice(_ERRORS))


def build(directory: Path) -> Path:
    """Compile the library; it must be preloaded into a process for its faults to happen there."""
    library = directory / "faults.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE)], check=True)
    return library


def with_faults(module: str, directory: Path, arguments: list[str]) -> list[str]:
    """Return the command that runs a module with the library preloaded."""
    return ["env", f"LD_PRELOAD={build(directory)}", sys.executable, "-m", module, *arguments]


def is_preloaded() -> bool:
    return "faults.so" in os.environ.get("LD_PRELOAD", "")


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(None)
    library.faults_count.restype = ctypes.c_long
    return library
