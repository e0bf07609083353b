"""
Views that people look at, each painted once for all of them, and only as often as the machine can well afford.

What a view shows is read by `services.board`; how changes reach a browser is in `stream`.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress

from batcher.api.board.parts import Painter, Shown

#: Seconds for which a look is good enough for everybody.
FRESH_S = 1.0
#: A view that takes long to make is made less often: it may take a fifth of one core, and no more.
_REST = 4.0
#: Views kept beside each other; the one that nobody asked for longest goes first.
_MOST = 64


class Watched:
    """
    One view, shared by all who look at it.

    Parameters
    ----------
    paint
        Makes it, in a thread; never called twice at once.
    monotonic
        Seconds of a clock that only goes forward.
    """

    def __init__(self, paint: Callable[[], Shown], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._paint, self._monotonic = paint, monotonic
        self._until = float("-inf")
        self._making: asyncio.Task[Shown] | None = None
        self._shown: Shown | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._again = asyncio.Event()

    def look_again(self) -> None:
        """Make it anew, and wake those who wait; safe to call from any thread."""
        self._until = float("-inf")
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._again.set()
        self._again = asyncio.Event()

    async def pause(self) -> None:
        """Wait until it is worth asking anew: for as long as a look is good enough, or until there is a reason."""
        self._loop = asyncio.get_running_loop()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._again.wait(), FRESH_S)

    async def now(self) -> Shown:
        """Return the view, at most a few seconds old; who asks while it is being made gets the same one."""
        if self._shown is not None and self._monotonic() < self._until:
            return self._shown
        if self._making is None or self._making.done():
            self._making = asyncio.create_task(self._make())
        return await asyncio.shield(self._making)

    async def _make(self) -> Shown:
        began = self._monotonic()
        self._shown = await asyncio.to_thread(self._paint)
        took = self._monotonic() - began
        self._until = self._monotonic() + max(FRESH_S, _REST * took)
        return self._shown


class Views:
    """Every view that somebody looked at of late, by what it shows."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Watched] = OrderedDict()

    def get(self, key: Hashable, painter: Callable[[], Painter]) -> Watched:
        """Return a view, made anew when nobody has asked for it lately."""
        watched = self._kept.get(key)
        if watched is None:
            watched = self._kept[key] = Watched(painter().paint)
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return watched

    def look_again(self) -> None:
        """Make every view anew the next time: somebody has just changed something."""
        for watched in list(self._kept.values()):
            watched.look_again()
