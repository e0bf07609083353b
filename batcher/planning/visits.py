"""
Which batches of a station share a visit to their setup state, so that a changeover serves all of them.

A batch that has time left goes along with an earlier one of its setup state, when the state would hardly be visited
again before its time, and when what may still come that must leave with it is no reason to wait: nothing can, or the
changeover that is saved is worth more than another one and another batch for late comers, by the chance of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import exp
from typing import Protocol

from batcher.planning.plan import Batch
from batcher.planning.problem import Station

_ALWAYS_ATTENDED_REACH_S = 86_400
#: Orders that leave within so long of each other may well be made on one visit.
_SAME_ROUND_S = 5400


class Coming(Protocol):
    """What is expected; seconds from time 0."""

    def __call__(self, state: str, start: int, end: int, leaves_by: int) -> float:
        """Return how many pieces come between two moments for a setup state and must have left by a third."""


@dataclass(frozen=True)
class Need:
    """
    By when a batch must have ended; seconds from time 0.

    Parameters
    ----------
    by
        Slack floor and the steps behind it left out.
    due
        Of its first due order.
    open_until
        Until when orders may come that must leave with its first due one; none: not known.
    visit_cost, batch_cost
        Of a changeover to its state, and of another batch beside it: nothing when it is full, and takes no more anyway.
    """

    batch: Batch
    state: str
    by: int
    due: int = 0
    open_until: int | None = None
    visit_cost: float = 0.0
    batch_cost: float = 0.0


def shared_visits(
    needs: Iterable[Need], station: Station, changeover_s: Mapping[str, int], coming: Coming | None = None
) -> list[Need]:
    """
    Return the needs of one station's batches, those that go along with an earlier visit at its time.

    Parameters
    ----------
    changeover_s
        Longest changeover into each state; where there is none, visits cost nothing and none is shared.
    coming
        What is expected; none: nothing is known, and whatever may come is waited for.
    """
    visits: dict[str, Need] = {}
    settled = []
    for need in sorted(needs, key=lambda need: (need.by, need.batch.start)):
        visit = visits.get(need.state)
        if visit is not None and changeover_s.get(need.state, 0) and _goes_along(need, visit, station, coming):
            settled.append(replace(need, by=max(visit.by, min(need.by, 0))))
        else:
            visits[need.state] = need
            settled.append(need)
    return settled


def _goes_along(need: Need, visit: Need, station: Station, coming: Coming | None) -> bool:
    begins = max(0, visit.by - (visit.batch.end - visit.batch.start))
    chance = _chance_of_late_comers(need, begins, coming)
    if chance and chance * (need.visit_cost + need.batch_cost) >= need.visit_cost:
        return False
    return _attended(station, visit.by, need.by) < _shift(station)


def _chance_of_late_comers(need: Need, begins: int, coming: Coming | None) -> float:
    """Return the chance that something comes after a moment that must leave with this need."""
    if need.open_until is not None and need.open_until <= begins:
        return 0.0
    if need.open_until is None or coming is None:
        return 1.0
    return 1 - exp(-coming(need.state, begins, need.open_until, need.due + _SAME_ROUND_S))


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
