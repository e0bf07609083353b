"""
Which batches of a station share a visit to their setup state, so that a changeover serves all of them.

A batch that has time left goes along with an earlier one of its setup state, when no order can come any more that would
have to go with it, and when the state would hardly be visited again before its time: then waiting could save nothing
that another visit would not cost.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from batcher.planning.plan import Batch
from batcher.planning.problem import Station

_ALWAYS_ATTENDED_REACH_S = 86_400


@dataclass(frozen=True)
class Need:
    """By when a batch must have ended; seconds from time 0."""

    batch: Batch
    state: str
    by: int
    open_until: int | None = None  #: until when orders may come that must leave with its first due one; none: not known


def shared_visits(needs: Iterable[Need], station: Station, changeover_s: Mapping[str, int]) -> list[Need]:
    """
    Return the needs of one station's batches, those that go along with an earlier visit at its time.

    Parameters
    ----------
    changeover_s
        Longest changeover into each state; where there is none, visits cost nothing and none is shared.
    """
    visits: dict[str, Need] = {}
    settled = []
    for need in sorted(needs, key=lambda need: (need.by, need.batch.start)):
        visit = visits.get(need.state)
        if visit is not None and changeover_s.get(need.state, 0) and _goes_along(need, visit, station):
            settled.append(replace(need, by=max(visit.by, min(need.by, 0))))
        else:
            visits[need.state] = need
            settled.append(need)
    return settled


def _goes_along(need: Need, visit: Need, station: Station) -> bool:
    begins = max(0, visit.by - (visit.batch.end - visit.batch.start))
    if need.open_until is None or need.open_until > begins:
        return False
    return _attended(station, visit.by, need.by) < _shift(station)


def _attended(station: Station, start: int, end: int) -> int:
    """Return how long a station is attended between two moments."""
    if station.attended is None:
        return end - start
    return sum(max(0, min(end, closes) - max(start, opens)) for opens, closes in station.attended)


def _shift(station: Station) -> int:
    """Return how long a working day is: after that much, a state is visited again anyway."""
    if station.attended is None:
        return _ALWAYS_ATTENDED_REACH_S
    return max((closes - opens for opens, closes in station.attended), default=0)
