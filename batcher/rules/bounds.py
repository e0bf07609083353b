"""
Bounds of a release: how long what waits may wait, and when it must go.

Given for all, for a batch rule, a process, a product and a service, each of these over the ones before. What they do is
`planning.release`'s work.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from batcher.domain.calendars import local

#: What somebody gives of `ReleaseBounds`, by field; the rest stays as it was.
GivenBounds = Mapping[str, Any]


class BelowMinimum(StrEnum):
    """What happens when a closing time comes and a batch is under `min_fill`."""

    RUN = "run"
    HOLD = "hold"


@dataclass(frozen=True)
class ClosingTime:
    """A weekly moment at which waiting batches of the rule close; weekday 0 is Monday."""

    weekdays: frozenset[int]
    at: time
    zone: ZoneInfo

    def last_before(self, now: datetime) -> datetime | None:
        """Return the latest such moment at or before `now` within a week, aware UTC."""
        day = now.astimezone(self.zone).date()
        for back in range(8):
            candidate = day - timedelta(days=back)
            moment = local(candidate, self.at, self.zone)
            if candidate.weekday() in self.weekdays and moment <= now:
                return moment
        return None

    def next_after(self, now: datetime) -> datetime | None:
        """Return the first such moment after `now` within a week, aware UTC."""
        day = now.astimezone(self.zone).date()
        for ahead in range(8):
            candidate = day + timedelta(days=ahead)
            moment = local(candidate, self.at, self.zone)
            if candidate.weekday() in self.weekdays and moment > now:
                return moment
        return None


@dataclass(frozen=True)
class ReleaseBounds:
    """When a batch may, and must, stop waiting; hard bounds around the release policy."""

    slack_floor_s: int = 3600  #: kept between the end of the last step and the latest moment that still is in time
    max_wait_s: int | None = None  #: its oldest job waits no longer
    min_fill: float = 0.0  #: 0..1; under it a closing time does not release, when `below_minimum` is hold
    target_fill: float = 1.0  #: 0..1; counts as full from here on
    close_at: tuple[ClosingTime, ...] = ()
    below_minimum: BelowMinimum = BelowMinimum.RUN
    forecast: bool = False  #: weigh one more piece against the risk of waiting for it
    fill_up_window_s: int | None = None  #: pieces that leave so much later than its first due one are not put in
    exact: bool = False  #: only completely full batches, until the latest start comes


def bounded(bounds: ReleaseBounds, *given: GivenBounds) -> ReleaseBounds:
    """Return bounds with what is given laid over them, the last on top."""
    for changes in given:
        if changes:
            bounds = replace(bounds, **changes)
    return bounds
