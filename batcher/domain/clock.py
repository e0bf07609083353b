"""
The one source of time: the wall clock, a floor's clock that runs N times as fast, or one that is set by hand.

Everything takes an instant or a clock as an argument; nothing else asks the system.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


class FloorClock(Protocol):
    """What tells a floor its time."""

    def now(self) -> datetime:
        """Return the floor's time, aware UTC."""

    def real_seconds(self, floor_seconds: float) -> float:
        """Return how long `floor_seconds` last on the wall clock."""


@dataclass(frozen=True)
class Clock:
    """
    A floor's clock.

    Parameters
    ----------
    speed
        Floor seconds in one real second; 1 is the wall clock.
    floor_at
        Floor time at the anchor, aware UTC.
    anchor_at
        Wall-clock instant at which the floor's time was `floor_at`. Processes that are given the
        same three values agree on the time, also after a restart.
    """

    speed: float = 1.0
    floor_at: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    anchor_at: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    # The wall clock may step; a process follows it from the monotonic clock after its start.
    _wall: float = field(default_factory=time.time, compare=False)
    _monotonic: float = field(default_factory=time.monotonic, compare=False)

    def now(self) -> datetime:
        """Return the floor's time, aware UTC."""
        if self.speed == 1.0 and self.floor_at == self.anchor_at:
            return datetime.now(UTC)
        wall_s = self._wall + (time.monotonic() - self._monotonic)
        real_s = wall_s - self.anchor_at.timestamp()
        return self.floor_at + timedelta(seconds=real_s * self.speed)

    def real_seconds(self, floor_seconds: float) -> float:
        """Return how long `floor_seconds` last on the wall clock."""
        return floor_seconds / self.speed


class SteppedClock:
    """A clock that stands until it is set: a simulation's, of which no second lasts."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the moment it was set to, aware UTC."""
        return self._now

    def set(self, now: datetime) -> None:
        """Stand at another moment."""
        self._now = now

    def real_seconds(self, floor_seconds: float) -> float:  # noqa: ARG002 - a clock like any other
        """Return 0: nobody waits for it."""
        return 0.0
