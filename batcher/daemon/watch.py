"""
Tells that something in a directory has changed, once an editor or a deployment has gone quiet.

What to do about it (read again, check, swap) is the caller's. A directory that is replaced as a whole,
by a symbolic link turned elsewhere for instance, is noticed by its identity and watched anew.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from watchfiles import awatch

#: Milliseconds without a further change before one signal is given, and the most it is put off for.
_QUIET_MS = 300
_LONGEST_MS = 3_000
#: Milliseconds between looks whether the directory itself has been replaced.
_LOOK_MS = 2_000


async def changes(directory: Path, stop: asyncio.Event, *, look_ms: int = _LOOK_MS) -> AsyncIterator[frozenset[Path]]:
    """
    Yield the paths changed below a directory, gathered until it is quiet, until `stop`.

    A directory that was replaced, or has come back, yields the directory itself. Temporary files of editors
    and hidden version-control folders are not told.
    """
    identity = _identity(directory)
    while not stop.is_set():
        if identity is None:
            await _pause(stop, look_ms)
        else:
            try:
                async for changed in _watch(directory, stop, look_ms):
                    if changed:
                        yield changed
                    if _identity(directory) != identity:
                        break
            except FileNotFoundError:  # it went away before it could be watched
                await _pause(stop, look_ms)
        found = _identity(directory)
        if found is not None and found != identity:
            yield frozenset({directory})
        identity = found


async def _watch(directory: Path, stop: asyncio.Event, look_ms: int) -> AsyncIterator[frozenset[Path]]:
    """Yield changes, and nothing at all every `look_ms`."""
    async for raw in awatch(
        directory,
        stop_event=stop,
        debounce=_LONGEST_MS,
        step=_QUIET_MS,
        rust_timeout=look_ms,
        yield_on_timeout=True,
    ):
        yield frozenset(Path(path) for _, path in raw)


def _identity(directory: Path) -> tuple[int, int] | None:
    """Return which directory the path means now; none when there is none."""
    try:
        found = directory.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


async def _pause(stop: asyncio.Event, look_ms: int) -> None:
    try:
        await asyncio.wait_for(stop.wait(), look_ms / 1000)
    except TimeoutError:
        return
