"""
What the release bounds of its pieces come to for a batch: which of them go along, how long it may wait, when it closes.

Pieces of one batch may differ in their bounds. What lets it go sooner counts; to hold it back all must agree.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from batcher.planning.plan import Batch
from batcher.rules.bounds import BelowMinimum, ReleaseBounds


@dataclass(frozen=True)
class BatchBounds:
    """
    Bounds of a batch.

    Parameters
    ----------
    since
        For each different bounds of its pieces, since when the longest-waiting of them could have been started; none
        while none of them can.
    """

    since: Mapping[ReleaseBounds, datetime | None]

    @property
    def wait_until(self) -> datetime | None:
        """Return when a piece will have waited as long as it may; none: no bound ends its waiting."""
        ends = [
            since + timedelta(seconds=bounds.max_wait_s)
            for bounds, since in self.since.items()
            if since is not None and bounds.max_wait_s is not None
        ]
        return min(ends, default=None)

    def closed(self, now: datetime) -> bool:
        """Tell whether a closing time has passed since a piece could be started, also while nobody looked."""
        return any(
            since is not None and (last := closing.last_before(now)) is not None and last >= since
            for bounds, since in self.since.items()
            for closing in bounds.close_at
        )

    def next_closing(self, now: datetime) -> datetime | None:
        """Return the next closing time; none without any."""
        moments = [closing.next_after(now) for bounds in self.since for closing in bounds.close_at]
        return min((moment for moment in moments if moment is not None), default=None)

    @property
    def slack_floor_s(self) -> int:
        """Return the largest least slack of its pieces."""
        return max(bounds.slack_floor_s for bounds in self.since)

    @property
    def min_fill(self) -> float:
        """Return under which fill it is kept back at a closing time."""
        return min(bounds.min_fill for bounds in self.since)

    @property
    def target_fill(self) -> float:
        """Return from which fill on it is full."""
        return min(bounds.target_fill for bounds in self.since)

    @property
    def below_minimum(self) -> BelowMinimum:
        """Return what a closing time does to it under that fill."""
        held = all(bounds.below_minimum is BelowMinimum.HOLD for bounds in self.since)
        return BelowMinimum.HOLD if held else BelowMinimum.RUN

    @property
    def forecast(self) -> bool:
        """Tell whether waiting is weighed in money."""
        return any(bounds.forecast for bounds in self.since)

    @cached_property
    def timed(self) -> bool:
        """Tell whether what they say of a batch changes by itself: it may close, or its waiting is weighed."""
        return any(bounds.close_at or bounds.forecast for bounds in self.since)

    @property
    def exact(self) -> bool:
        """Tell whether it goes completely full or at its latest start only."""
        return all(bounds.exact for bounds in self.since)


def batch_bounds(
    jobs: Iterable[str], bounds_of: Mapping[str, ReleaseBounds], ready_at: Mapping[str, datetime]
) -> BatchBounds:
    """Return the bounds of a batch of some jobs."""
    since: dict[ReleaseBounds, datetime | None] = {}
    for job in jobs:
        bounds, ready = bounds_of[job], ready_at.get(job)
        before = since.setdefault(bounds, ready)
        if ready is not None and (before is None or ready < before):
            since[bounds] = ready
    return BatchBounds(since)


def within_window(batch: Batch, dues: Sequence[int], bounds_of: Mapping[str, ReleaseBounds]) -> Batch:
    """
    Return a batch without the pieces that leave too long after its first due one to fill it up.

    Parameters
    ----------
    dues
        Of each of its jobs.
    """
    first, kept = min(dues), []
    for job, due in zip(batch.jobs, dues, strict=True):
        window = bounds_of[job].fill_up_window_s
        if window is None or due - first <= window:
            kept.append(job)
    if len(kept) == len(batch.jobs):
        return batch
    return replace(
        batch, jobs=tuple(kept), placements={job: at for job, at in batch.placements.items() if job in set(kept)}
    )
