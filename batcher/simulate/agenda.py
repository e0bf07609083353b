"""What will happen on a simulated floor, in order of time: things to do, each at its moment."""

import heapq
from collections.abc import Callable
from datetime import datetime
from itertools import count


class Agenda:
    """Things to do by moment; those of one moment in the order in which they were put down."""

    def __init__(self) -> None:
        self._entries: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = count()

    def put(self, at: datetime, what: Callable[[], None]) -> None:
        """Put something down for a moment."""
        heapq.heappush(self._entries, (at, next(self._numbers), what))

    def next_at(self) -> datetime | None:
        """Return the next moment at which something happens; none when nothing will."""
        return self._entries[0][0] if self._entries else None

    def do_due(self, now: datetime) -> None:
        """Do everything that is due by now, also what doing it puts down for now."""
        while self._entries and self._entries[0][0] <= now:
            heapq.heappop(self._entries)[2]()
