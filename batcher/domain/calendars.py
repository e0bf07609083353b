"""
Weekly hours in local time, and the instants they mean.

Hours are local wall time and evaluated day by day, so that a night with a clock change is as long as it is.
Which days are public holidays is put in by `rules`; here they are plain dates.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

#: Start and end of an interval [start, end), aware UTC.
Interval = tuple[datetime, datetime]


@dataclass(frozen=True)
class Span:
    """Hours of one day, local; an end at or before the start lies on the next day (22:00-06:00, 00:00-24:00)."""

    start: time
    end: time


@dataclass(frozen=True)
class Calendar:
    """
    When something is open.

    Parameters
    ----------
    zone
        The time zone its hours are meant in.
    week
        Spans by weekday, Monday first; always seven.
    closed
        Dates without hours: public holidays and shutdowns.
    exceptions
        Dates with other hours than their weekday's; wins over `closed`.
    """

    zone: ZoneInfo
    week: tuple[tuple[Span, ...], ...]
    closed: frozenset[date] = frozenset()
    exceptions: dict[date, tuple[Span, ...]] = field(default_factory=dict)
    #: what has been worked out so far: the same fortnight is asked about again and again
    _days: dict[date, tuple[Interval, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def spans_on(self, day: date) -> tuple[Span, ...]:
        """Return the local hours of one date."""
        if day in self.exceptions:
            return self.exceptions[day]
        return () if day in self.closed else self.week[day.weekday()]

    def is_open_day(self, day: date) -> bool:
        """Tell whether a date has any hours."""
        return bool(self.spans_on(day))

    def intervals(self, start: datetime, end: datetime) -> list[Interval]:
        """Return the open intervals within [start, end), merged and in order, aware UTC."""
        merged: list[Interval] = []
        # hours of one day may be told in any order, and reach into those of the next
        for opened, closed in sorted(self._raw(start, end)):
            opens, closes = max(opened, start), min(closed, end)
            if opens >= closes:
                continue
            if merged and opens <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
            else:
                merged.append((opens, closes))
        return merged

    def _raw(self, start: datetime, end: datetime) -> Iterator[Interval]:
        day = start.astimezone(self.zone).date() - timedelta(days=1)
        last = end.astimezone(self.zone).date()
        while day <= last:
            hours = self._days.get(day)
            if hours is None:
                hours = self._days[day] = tuple(self._hours(day))
            yield from hours
            day += timedelta(days=1)

    def _hours(self, day: date) -> Iterator[Interval]:
        for span in self.spans_on(day):
            until = day if span.end > span.start else day + timedelta(days=1)
            yield local(day, span.start, self.zone), local(until, span.end, self.zone)


@lru_cache(maxsize=1 << 14)  # the same weeks are asked about again and again
def local(day: date, at: time, zone: ZoneInfo) -> datetime:
    """
    Return the instant of a local wall time, aware UTC.

    A time that a spring change skips means the instant the clock then shows (02:30 is 03:30);
    a time that happens twice in autumn means the first.
    """
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
