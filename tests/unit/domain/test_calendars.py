"""Weekly hours and the instants they mean, in London."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from batcher.domain.calendars import Calendar, Span, local

LONDON = ZoneInfo("Europe/London")
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
CLOSED: tuple[Span, ...] = ()


def calendar(*week: tuple[Span, ...]) -> Calendar:
    """Return a calendar of the first days of the week, closed on the others."""
    return Calendar(LONDON, (*week, *([CLOSED] * (7 - len(week)))))


def hours(found: list[tuple[datetime, datetime]]) -> list[tuple[str, str]]:
    return [(f"{opens:%d %H:%M}", f"{closes:%d %H:%M}") for opens, closes in found]


def test_hours_of_a_day_may_be_told_in_any_order() -> None:
    afternoon_first = calendar((Span(time(13), time(17)), Span(time(7), time(12))))
    assert hours(afternoon_first.intervals(MONDAY, MONDAY + timedelta(days=1))) == [
        ("23 07:00", "23 12:00"),
        ("23 13:00", "23 17:00"),
    ]


def test_a_night_shift_reaches_into_the_next_day_and_joins_its_hours() -> None:
    night = calendar((Span(time(22), time(6)),), (Span(time(5), time(9)),))
    assert hours(night.intervals(MONDAY, MONDAY + timedelta(days=2))) == [("23 22:00", "24 09:00")]


def test_an_exception_wins_over_weekday_and_holiday() -> None:
    day = date(2026, 11, 23)
    short = Calendar(LONDON, ((Span(time(7), time(19)),),) * 7, frozenset({day}), {day: (Span(time(7), time(13)),)})
    assert hours(short.intervals(MONDAY, MONDAY + timedelta(days=1))) == [("23 07:00", "23 13:00")]


def test_a_night_is_an_hour_longer_or_shorter_when_the_clocks_change() -> None:
    around = Calendar(LONDON, ((Span(time(22), time(6)),),) * 7)

    def length(saturday: datetime) -> timedelta:
        ((opens, closes),) = around.intervals(saturday + timedelta(hours=12), saturday + timedelta(hours=36))
        return closes - opens

    assert length(datetime(2026, 3, 28, tzinfo=UTC)) == timedelta(hours=7)
    assert length(datetime(2026, 10, 24, tzinfo=UTC)) == timedelta(hours=9)


minutes = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))
spans = st.tuples(minutes, minutes).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: Span(*pair))
weeks = st.lists(st.lists(spans, max_size=3).map(tuple), min_size=7, max_size=7).map(tuple)


@given(week=weeks, after=st.integers(0, 400 * 24 * 60))
def test_intervals_ascend_apart_and_lose_no_hours(week: tuple[tuple[Span, ...], ...], after: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=after)
    end = start + timedelta(days=3)
    found = Calendar(LONDON, week).intervals(start, end)
    moments = [moment for interval in found for moment in interval]
    assert moments == sorted(set(moments))
    for day in (start.date() + timedelta(days=ahead) for ahead in range(4)):
        for span in week[day.weekday()]:
            until = day if span.end > span.start else day + timedelta(days=1)
            opens, closes = local(day, span.start, LONDON), local(until, span.end, LONDON)
            if start <= opens < min(closes, end):
                assert any(begin <= opens < stop for begin, stop in found)
