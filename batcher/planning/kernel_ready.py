"""
The compiled search, made ready: compiled once on a machine, kept in a cache, loaded in a moment from then on.

Compiling takes most of a minute, a budget may be a second: so nobody who plans compiles. `ready` loads what the cache
has; where it has nothing, `start_building` has a process of its own fill it, while plans are improved without. On a
machine that forbids code made at run time neither does anything.
"""

import hashlib
import importlib.metadata
import mmap
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: What is compiled, and so what the cache is named after.
_PARTS = ("tables", "layout", "timing", "changes", "chance", "moves", "search")
_SOURCES = ("layout", *(f"kernel_{part}" for part in _PARTS))
_MARKER = "ready"
_LOCK = "building"
#: A build that has not ended by then has died.
_STALE_S = 900.0


@dataclass(frozen=True)
class Kernel:
    """The compiled entries of `kernel_search`, which tells what they take."""

    build: Callable[..., bool]
    run: Callable[..., None]
    probe: Callable[..., int]


_loaded: Kernel | None = None


def ready(*, at_once: bool = False) -> Kernel | None:
    """
    Return the compiled search if this machine's cache has it.

    Parameters
    ----------
    at_once
        Only if this process, or the one it was forked from, has loaded it already: loading takes about a second.
    """
    global _loaded
    if _loaded is None and not at_once and _may_run_made_code():
        for directory in _directories():
            with suppress(OSError, ImportError):
                if _trusted(directory) and (directory / _MARKER).is_file():
                    _loaded = compiled(directory)
                    break
    return _loaded


def ready_at_last() -> Kernel | None:
    """Return the compiled search, compiled here and now if it takes that; none: this machine cannot."""
    found = ready()
    if found is None and _may_run_made_code():
        with suppress(ImportError):
            fill_cache()
            found = ready()
    return found


def compiled(directory: Path) -> Kernel:
    """Return the compiled search out of a cache directory, compiled into it when it is not there."""
    import numba  # half a second that only those pay who search

    from batcher.planning import kernel_search

    numba.config.CACHE_DIR = str(directory)  # type: ignore[attr-defined]
    flat, table = numba.int64[::1], numba.int64[:, ::1]
    build = numba.njit(cache=True, error_model="numpy")(kernel_search.build)
    build.compile((flat, table, flat))
    run = numba.njit(cache=True, error_model="numpy")(kernel_search.run)
    run.compile((flat, flat, numba.int64, numba.float64, numba.int64))
    probe = numba.njit(cache=True, error_model="numpy")(kernel_search.probe)
    probe.compile((flat, flat, flat, numba.int64, numba.int64))
    return Kernel(build, run, probe)


def fill_cache() -> Path | None:
    """Compile into the first cache directory that can be written to, and return it; none: there is none."""
    for directory in _directories():
        lock = directory / _LOCK
        with suppress(OSError):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock.touch()
            if _trusted(directory):
                compiled(directory)
                (directory / _MARKER).touch()
                lock.unlink()
                return directory
    return None


def start_building() -> None:
    """Have a process of its own fill the cache, unless one is at it or the machine forbids it."""
    if not _may_run_made_code() or any(_being_filled(directory) for directory in _directories()):
        return
    nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    with suppress(OSError):
        command = [sys.executable, "-m", "batcher.planning.kernel_build"]
        os.posix_spawn(sys.executable, command, os.environ, file_actions=nowhere, setsid=True)


def _directories() -> Iterator[Path]:
    """
    Name where the compiled search may be cached, best first.

    Their last part names the sources and the compiler: what was compiled from others is never loaded.
    """
    digest = hashlib.sha256()
    for source in _SOURCES:
        digest.update(Path(__file__).with_name(f"{source}.py").read_bytes())
    try:
        compiler = "-".join(importlib.metadata.version(name) for name in ("numba", "llvmlite", "numpy"))
    except importlib.metadata.PackageNotFoundError:
        return
    name = f"kernel-{compiler}-{sys.implementation.cache_tag}-{os.uname().machine}-{digest.hexdigest()[:16]}"
    for variable, below in (("CACHE_DIRECTORY", ""), ("XDG_CACHE_HOME", "batcher"), ("HOME", ".cache/batcher")):
        root = os.environ.get(variable)
        if root:
            yield Path(root) / below / name


def _trusted(directory: Path) -> bool:
    """Tell whether only this user, or root, can have put code there."""
    about = directory.stat()
    return about.st_uid in (os.getuid(), 0) and not about.st_mode & 0o022


def _being_filled(directory: Path) -> bool:
    with suppress(OSError):
        return time.time() - (directory / _LOCK).stat().st_mtime < _STALE_S
    return False


def _may_run_made_code() -> bool:
    """Tell whether the machine lets memory be written to and run; systemd's MemoryDenyWriteExecute forbids it."""
    try:
        mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()
    except OSError:
        return False
    return True
