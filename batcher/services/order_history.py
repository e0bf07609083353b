"""When jobs came and as what they count, in a few bytes each: a busy floor has millions of them in eight weeks."""

from array import array
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from batcher.planning.arrivals import Arrival

T = TypeVar("T", bound=Hashable)

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class CountedAs:
    """As what a job that came is counted: piece of a family, piece of a setup state, and how it was to be sent."""

    family: Arrival
    state: Arrival
    service: str


class OrderHistory:
    """The jobs that came, each by when its order was placed."""

    def __init__(self) -> None:
        self._placed_s: dict[CountedAs, array[float]] = {}

    def add(self, job: CountedAs, placed_at: datetime) -> None:
        """Add a job."""
        self._placed_s.setdefault(job, array("d")).append((placed_at - _BEGINNING).total_seconds())

    def forget(self, before: datetime) -> None:
        """Forget what was placed before a moment."""
        limit_s = (before - _BEGINNING).total_seconds()
        kept = {job: array("d", (at_s for at_s in placed if at_s >= limit_s)) for job, placed in self._placed_s.items()}
        self._placed_s = {job: placed for job, placed in kept.items() if placed}

    @property
    def first_at(self) -> datetime | None:
        """Return when the oldest was placed; none where there is none."""
        oldest_s = min((min(placed) for placed in self._placed_s.values()), default=None)
        return None if oldest_s is None else _BEGINNING + timedelta(seconds=oldest_s)

    def count_by(self, name: Callable[[CountedAs], T]) -> Counter[T]:
        """Return how many jobs came of each name."""
        counts: Counter[T] = Counter()
        for job, placed in self._placed_s.items():
            counts[name(job)] += len(placed)
        return counts
