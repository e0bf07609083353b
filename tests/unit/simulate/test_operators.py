"""When a batch can be loaded: operators, unattended gaps, running hours."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from batcher.domain.calendars import Calendar
from batcher.rules.floor import Station
from batcher.simulate.operators import earliest_begin
from tests.builders_stations import LONDON, a_station, day_shift

#: Monday, 22:00 in London: the gap lasts from 19:00 to 07:00.
NIGHT = datetime(2026, 3, 2, 22, tzinfo=UTC)
MORNING = datetime(2026, 3, 3, 7, tzinfo=UTC)

begin = partial(earliest_begin, changeover_s=0, run_s=600, unattended_ok=False, begun_at=())


def attended(*, magazine: int = 0, setup_unattended: bool = False, runs: Calendar | None = None) -> Station:
    return a_station(attended=day_shift(), magazine=magazine, setup_unattended=setup_unattended, runs=runs)


def test_a_station_that_needs_nobody_begins_at_once() -> None:
    assert begin(a_station(), NIGHT) == NIGHT


def test_within_the_shift_it_begins_at_once_even_if_the_run_outlasts_it() -> None:
    late = MORNING + timedelta(hours=11, minutes=59)
    assert begin(attended(), late, run_s=7200) == late
    assert begin(attended(), late + timedelta(minutes=1)) == MORNING + timedelta(
        days=1
    )  # the shift ends at 19:00 sharp


def test_nobody_comes_on_sunday() -> None:
    assert begin(attended(), datetime(2026, 3, 7, 20, tzinfo=UTC)) == datetime(2026, 3, 9, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("magazine", "unattended_ok", "changeover_s", "setup_unattended", "at_once"),
    [
        (1, True, 0, False, True),
        (0, True, 0, False, False),
        (1, False, 0, False, False),
        (1, True, 60, False, False),
        (1, True, 60, True, True),
    ],
)
def test_with_nobody_there_it_takes_magazine_fixture_and_set_up(
    magazine: int, unattended_ok: bool, changeover_s: int, setup_unattended: bool, at_once: bool
) -> None:
    station = attended(magazine=magazine, setup_unattended=setup_unattended)
    found = begin(station, NIGHT, changeover_s=changeover_s, unattended_ok=unattended_ok)
    assert found == (NIGHT if at_once else MORNING)


def test_the_magazine_counts_what_was_begun_in_the_same_gap_only() -> None:
    begun_at = [
        NIGHT - timedelta(hours=4),
        NIGHT - timedelta(hours=3),
        NIGHT - timedelta(days=1),
    ]  # 18:00, 19:00, before
    take = partial(begin, unattended_ok=True, begun_at=begun_at)
    assert take(attended(magazine=2), NIGHT) == NIGHT
    assert take(attended(magazine=1), NIGHT) == MORNING


def test_a_batch_lies_in_one_window_with_its_changeover() -> None:
    short = Calendar(LONDON, (day_shift(8, 12).week[0],) * 7)
    station = a_station(runs=short)
    at = datetime(2026, 3, 3, 11, 30, tzinfo=UTC)
    assert begin(station, at, run_s=1800) == at
    assert begin(station, at, run_s=1800, changeover_s=1) == datetime(2026, 3, 4, 8, tzinfo=UTC)
    assert begin(station, at, run_s=5 * 3600) is None


def test_hours_are_local_through_the_night_the_clocks_change() -> None:
    assert begin(attended(), datetime(2026, 3, 28, 23, tzinfo=UTC)) == datetime(2026, 3, 30, 6, tzinfo=UTC)


def test_a_long_shutdown_is_one_gap() -> None:
    closed = frozenset(date(2026, 3, day) for day in range(3, 12))
    station = a_station(attended=Calendar(LONDON, day_shift().week, closed=closed), magazine=1)
    begun_at = [NIGHT]
    found = begin(station, NIGHT + timedelta(days=6), unattended_ok=True, begun_at=begun_at)
    assert found == datetime(2026, 3, 12, 7, tzinfo=UTC)
