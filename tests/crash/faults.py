"""
Faults at the door to the disk: which call is hit, and how; `faults.c`, which is preloaded, does the hitting.

A killed call is not made: what is on the disk is what all calls before it have left. SQLite commits by writing and
syncing, so that a commit is many of these boundaries.
"""

import ctypes
import errno
import os
import random
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

#: The calls that change what is on a disk or what others were told, as `faults.c` numbers them.
CALLS = ("write", "pwrite", "fsync", "fdatasync", "ftruncate", "rename", "unlink")
_SOURCE = Path(__file__).with_name("faults.c")
_ERRORS = (errno.EIO, errno.ENOSPC)
#: More calls than any process makes.
_FOR_GOOD = 10**9


@dataclass(frozen=True)
class Fault:
    """The n-th call of a kind, counted over the life of a process, and what becomes of it and those after it."""

    call: str
    first: int
    calls: int = 1  #: so many in a row
    error: int = 0  #: they fail with it; 0: the process is killed

    @property
    def for_good(self) -> bool:
        """Tell whether the disk fails as long as the process lives."""
        return self.calls == _FOR_GOOD

    def arm(self) -> None:
        """Have it happen to this process."""
        kind = CALLS.index(self.call)
        before = _library().faults_count(kind)
        _library().faults_arm(
            kind, ctypes.c_long(before + self.first), ctypes.c_long(before + self.first + self.calls), self.error
        )


def count_calls() -> dict[str, int]:
    """Return how often this process has made each call so far."""
    return {call: _library().faults_count(kind) for kind, call in enumerate(CALLS)}


def some_fault(chance: random.Random, counts: Mapping[str, int]) -> Fault:
    """Return a fault somewhere in a life that makes `counts` calls: mostly a kill, else errors, once or on and on."""
    call = chance.choice([call for call in CALLS if counts.get(call)])
    first = chance.randint(1, counts[call])
    if chance.random() < 0.8:
        return Fault(call, first)
    return Fault(call, first, chance.choice((1, 1, 20, _FOR_GOOD)), chance.choice(_ERRORS))


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


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(None)
    library.faults_count.restype = ctypes.c_long
    return library
