"""Who is there: the site's shift, and for each station when it changes between attended and unattended."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from batcher.rules.floor import Station

#: So far ahead the next change is looked for; nobody plans a longer shutdown by the board.
_AHEAD = timedelta(days=14)


@dataclass(frozen=True)
class Presence:
    """Whether an operator is there, and until when that lasts; none: it does not change in a fortnight."""

    attended: bool
    until: datetime | None


def presence_at(station: Station, now: datetime) -> Presence:
    """Return whether a station is attended; one that needs nobody always is."""
    if station.attended is None:
        return Presence(attended=True, until=None)
    shifts = station.attended.intervals(now, now + _AHEAD)
    if not shifts:
        return Presence(attended=False, until=None)
    start, end = shifts[0]
    if start > now:
        return Presence(attended=False, until=start)
    return Presence(attended=True, until=end if end < now + _AHEAD else None)


def shift_at(stations: Iterable[Station], now: datetime) -> Presence | None:
    """Return whether somebody is on the floor at all; none where no station ever needs anybody."""
    found = [presence_at(station, now) for station in stations if station.attended is not None]
    if not found:
        return None
    there = [each.until for each in found if each.attended]
    if there:
        return Presence(attended=True, until=None if None in there else max(at for at in there if at is not None))
    coming = [each.until for each in found if each.until is not None]
    return Presence(attended=False, until=min(coming) if coming else None)
