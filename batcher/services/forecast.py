"""
Where live tickets leave each station: when it will be free, in which state, how full its magazine still is.

Frozen work is not replanned; the planner starts where this ends.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from batcher.domain.states import TicketState
from batcher.rules.floor import Station
from batcher.store.batches import InHand

#: No station is without an operator for longer, or what began before that does not count.
_LONGEST_GAP = timedelta(days=14)


@dataclass(frozen=True)
class StationOutlook:
    """A station after its live tickets."""

    free_at: datetime
    setup_state: str
    live: int  #: live tickets, the running one included
    ticket_ends: Mapping[str, datetime]  #: expected end by ticket id
    magazine_used: int  #: batches begun, or to begin, in the unattended gap at `free_at`; 0 when attended then
    on_probation: bool = False  #: back from quarantine: it is given one ticket at a time until it has made one


def station_outlook(
    station: Station,
    live: Iterable[InHand],
    known_state: str | None,
    recent_begins: Iterable[datetime],
    now: datetime,
) -> StationOutlook:
    """
    Walk a station's live tickets in their sequence from now on.

    A running ticket ends when its planned duration has passed since it started, but not before now; one that waits
    starts after the one before it, and when an operator is there if it needs one.

    Parameters
    ----------
    known_state
        Setup state as last reported; none: as the rules assume at first.
    recent_begins
        When its latest batches began, finished ones included.
    """
    at, state, count = now, known_state or station.initial_state, 0
    ends: dict[str, datetime] = {}
    begins = list(recent_begins)
    for entry in sorted(live, key=lambda entry: entry.sequence):
        run = entry.end_at - entry.start_at
        if entry.state is TicketState.RUNNING and entry.started_at is not None:
            end = max(now, entry.started_at + run)
        else:
            begin = _next_begin(station, entry, at)
            begins.append(begin)
            end = begin + timedelta(seconds=entry.changeover_s) + run
        at, state, count = max(at, end), entry.setup_state, count + 1
        ends[entry.ticket_id] = end
    return StationOutlook(at, state, count, ends, _used_of_magazine(station, begins, at))


def _next_begin(station: Station, entry: InHand, at: datetime) -> datetime:
    """Return when a waiting ticket can begin: at once, or when the operator comes if it needs one."""
    if station.attended is None or entry.unattended_ok:
        return at
    openings = station.attended.intervals(at, at + timedelta(days=14))
    return max(at, openings[0][0]) if openings else at


def unattended_since(station: Station, now: datetime) -> datetime | None:
    """Return since when a station with a magazine has had no operator; none while it has one, or never needs one."""
    if station.attended is None or not station.magazine:
        return None
    shifts = station.attended.intervals(now - _LONGEST_GAP, now + timedelta(seconds=1))
    if not shifts:
        return now - _LONGEST_GAP
    return shifts[-1][1] if shifts[-1][1] <= now else None


def _used_of_magazine(station: Station, begins: Iterable[datetime], at: datetime) -> int:
    """Return how many batches begin in the unattended gap that contains `at`."""
    if station.attended is None or not station.magazine:
        return 0
    shifts = station.attended.intervals(at - _LONGEST_GAP, at + timedelta(seconds=1))
    gap_start = shifts[-1][1] if shifts else at - _LONGEST_GAP
    return sum(begin >= gap_start for begin in begins) if gap_start <= at else 0
