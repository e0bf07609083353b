from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from batcher.simulate.scenario import Scenario, breakdowns, chance, early_by, with_late_operators
from tests.builders_stations import MONDAY, a_station, day_shift

YEAR = timedelta(weeks=52)


def test_luck_hangs_on_the_seed_and_the_name_alone() -> None:
    assert chance(1, "piece", "o-7", 2).random() == chance(1, "piece", "o-7", 2).random()
    assert chance(1, "piece", "o-7", 2).random() != chance(2, "piece", "o-7", 2).random()
    assert chance(1, "piece", "o-7", 2).random() != chance(1, "piece", "o-7", 3).random()


def test_breakdowns_come_about_as_often_as_wanted_and_never_overlap() -> None:
    found = breakdowns(Scenario(downs_per_week=2), "uv-1", MONDAY, MONDAY + YEAR)
    assert 60 < len(found) < 150
    assert all(down < up for down, up in found)
    assert all(up <= later for (_, up), (later, _) in pairwise(found))
    assert found != breakdowns(Scenario(downs_per_week=2), "uv-2", MONDAY, MONDAY + YEAR)


def test_a_calm_floor_never_breaks_down() -> None:
    assert breakdowns(Scenario(), "uv-1", MONDAY, MONDAY + YEAR) == []


def test_operators_come_late_on_some_days_to_all_stations_alike() -> None:
    scenario = Scenario(late_operators=0.5, late_operators_s=3600)
    first, last = date(2026, 3, 2), date(2026, 3, 28)
    one = with_late_operators(a_station("uv-1", attended=day_shift()), scenario, first, last)
    other = with_late_operators(a_station("uv-2", attended=day_shift()), scenario, first, last)

    assert one.attended is not None
    opened = [opens.hour for opens, _ in one.attended.intervals(MONDAY.replace(hour=0), MONDAY + timedelta(days=26))]
    assert set(opened) == {7, 8}
    assert one.attended == other.attended


def test_a_station_that_needs_nobody_has_nobody_come_late() -> None:
    station = a_station()
    assert with_late_operators(station, Scenario(late_operators=1), date(2026, 3, 2), date(2026, 3, 9)) is station


def test_who_comes_after_the_shift_does_not_come() -> None:
    scenario = Scenario(late_operators=1, late_operators_s=13 * 3600)
    station = with_late_operators(a_station(attended=day_shift()), scenario, date(2026, 3, 2), date(2026, 3, 3))
    assert station.attended is not None
    assert station.attended.intervals(MONDAY.replace(hour=0), MONDAY + timedelta(days=1)) == []


def test_couriers_come_early_on_their_share_of_days() -> None:
    scenario = Scenario(early_couriers=0.3, early_couriers_s=1800)
    days = [date(2026, 1, 1) + timedelta(days=k) for k in range(300)]
    early = [early_by(scenario, day) for day in days]
    assert set(early) == {timedelta(), timedelta(minutes=30)}
    assert 60 < sum(map(bool, early)) < 120
    assert not any(early_by(replace(scenario, early_couriers=0), day) for day in days)
