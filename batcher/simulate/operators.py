"""
When a machine can begin a batch: with an operator beside it, or from its magazine while nobody is there.

Pure arithmetic on a station's calendars; the queue and the clock are in `virtual_station`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from batcher.domain.calendars import Calendar, Interval
from batcher.rules.floor import Station

#: How far back the beginning of an unattended gap is looked for: longer than any holiday.
_BACK = timedelta(days=15)
_AHEAD = timedelta(days=22)


def earliest_begin(
    station: Station,
    at: datetime,
    *,
    changeover_s: int,
    run_s: int,
    unattended_ok: bool,
    begun_at: Sequence[datetime],
) -> datetime | None:
    """
    Return the first moment at or after `at` when a batch can be loaded, its changeover included.

    Parameters
    ----------
    begun_at
        When earlier batches were loaded; those of the same unattended gap have used up its magazine.

    Returns
    -------
    datetime or None
        None when there is no such moment within three weeks.
    """
    lasts = timedelta(seconds=changeover_s + run_s)
    alone = unattended_ok and (changeover_s == 0 or station.setup_unattended)
    windows = _hours(station.runs, at)
    attended = _hours(station.attended, at)
    for window in windows:
        for (start, end), manned in _shifts(window, attended):
            begin = max(at, start)
            if begin >= end or begin + lasts > window[1]:
                continue
            used = sum(start <= moment < end for moment in begun_at)
            if manned or (alone and used < station.magazine):
                return begin
    return None


def _hours(calendar: Calendar | None, at: datetime) -> list[Interval]:
    start, end = at - _BACK, at + _AHEAD
    return [(start, end)] if calendar is None else calendar.intervals(start, end)


def _shifts(window: Interval, attended: Sequence[Interval]) -> Iterator[tuple[Interval, bool]]:
    """Cut a window into stretches with (true) and without (false) an operator, in order."""
    at, closes = window
    for opens, ends in attended:
        start, end = max(opens, at), min(ends, closes)
        if start >= end:
            continue
        if at < start:
            yield (at, start), False
        yield (start, end), True
        at = end
    if at < closes:
        yield (at, closes), False
