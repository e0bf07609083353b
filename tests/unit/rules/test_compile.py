"""A rules directory as the floor runs by it: every default filled in, every reference resolved."""

from datetime import date, time
from pathlib import Path

import pytest

from batcher.domain.calendars import Span
from batcher.rules.batch_rules import Mix
from batcher.rules.bounds import BelowMinimum, ClosingTime, ReleaseBounds
from batcher.rules.floor import Changeover, Sheet, TextSeconds
from batcher.rules.schema import load, load_rules
from batcher.rules.values import read_duration, write_duration
from tests.builders_rules import SMALL_FLOOR, rules_directory, told, utc

RULES = load_rules(SMALL_FLOOR)


def test_the_small_floor_has_no_warnings() -> None:
    assert load(SMALL_FLOOR).warnings == ()


def test_durations_shares_and_sizes_become_whole_units() -> None:
    assert RULES.site.pack_s == 600
    assert RULES.fixtures["sheet"].sheet == Sheet(1100, 600, gap_mm=5)
    assert RULES.planning.budget_s == 2.0
    assert RULES.planning.horizon_s == 7 * 86_400


def test_a_changeover_is_the_pairs_own_or_the_processs() -> None:
    press = RULES.processes["press"]

    assert press.changeover_between("mug-rack", "tile-rack") == Changeover(30, 5)
    assert press.changeover_between("tile-rack", "mug-rack") == Changeover(200, 60)
    assert press.changeover_between("mug-rack", "mug-rack") == Changeover(0, 0)


def test_a_station_starts_in_the_state_of_its_first_fixture_and_changes_over_at_its_running_cost() -> None:
    station = RULES.stations["uv-1"]

    assert station.initial_state == "tin-jig"
    assert station.changeover_cost_per_hour_minor == 1400
    assert station.silent_after_s == 1800
    assert station.fixtures is None


def test_a_station_without_attended_hours_never_needs_an_operator() -> None:
    assert RULES.stations["paper-1"].attended is None
    assert RULES.stations["paper-1"].runs is None


def test_hours_that_cross_midnight_end_on_the_next_day() -> None:
    night = RULES.stations["uv-2"].runs
    assert night is not None

    assert night.week[4] == (Span(time(22), time(6)),)
    assert night.week[5] == ()
    # Friday night runs into Saturday; CET is an hour ahead of UTC.
    assert night.intervals(utc("2026-01-16T12:00"), utc("2026-01-17T12:00")) == [
        (utc("2026-01-16T21:00"), utc("2026-01-17T05:00"))
    ]


def test_a_calendar_knows_breaks_and_the_public_holidays_of_its_part_of_the_country() -> None:
    day = RULES.stations["uv-1"].attended
    assert day is not None

    assert day.spans_on(date(2026, 1, 17)) == (Span(time(7), time(12)), Span(time(13), time(16)))
    assert not day.is_open_day(date(2026, 3, 8))  # Sunday
    assert not day.is_open_day(date(2027, 3, 8))  # women's day, a Monday: closed in Berlin only
    assert not day.is_open_day(date(2026, 12, 25))


def test_exceptions_win_over_weekday_and_holiday(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path)
    floor = directory / "floor.yaml"
    closing = "    public_holidays: DE-BE\n    exceptions: {2026-12-25: 08:00-10:00, 2026-12-24: closed}\n"
    floor.write_text(floor.read_text().replace("    public_holidays: DE-BE\n", closing, 1))

    calendar = load_rules(directory).stations["uv-1"].attended

    assert calendar is not None
    assert calendar.spans_on(date(2026, 12, 25)) == (Span(time(8), time(10)),)
    assert calendar.spans_on(date(2026, 12, 24)) == ()


def test_a_step_takes_its_process_from_its_fixture() -> None:
    print_step, press_step = RULES.products["mug"].route

    assert (print_step.process, print_step.width_mm, print_step.height_mm) == ("paper-print", 205, 95)
    assert (press_step.process, press_step.parallel, press_step.rest_s) == ("press", TextSeconds(480), 300)


def test_parallel_time_grows_with_the_text_up_to_its_limit() -> None:
    parallel = RULES.products["tile"].route[1].parallel

    assert parallel == TextSeconds(90, 10, 200)
    assert [parallel.seconds(text) for text in ("", "Anna", "A" * 30)] == [90, 130, 200]


def test_release_bounds_of_a_rule_lie_over_those_of_the_site() -> None:
    sheets, rest = RULES.batch_rules

    assert sheets.release == ReleaseBounds(
        slack_floor_s=7200,
        max_wait_s=36 * 3600,
        min_fill=0.5,
        close_at=(ClosingTime(frozenset(range(5)), time(16), RULES.site.zone),),
        below_minimum=BelowMinimum.HOLD,
    )
    assert rest.release == ReleaseBounds(slack_floor_s=5400)
    assert sheets.mix == Mix("product", 3)
    assert sheets.equal == ()
    assert rest.equal == ("product", "finish")
    assert rest.sort == ("order",)


def test_the_standard_tier_is_always_there() -> None:
    assert {tier.id: tier.late_cost_factor for tier in RULES.tiers.values()} == {"gold": 2, "standard": 1}


def test_a_sku_is_what_the_catalogue_says_or_what_a_pattern_takes() -> None:
    sign, tile = RULES.entry("SIGN-1"), RULES.entry("TILE-9")
    assert sign is not None
    assert tile is not None

    assert (sign.product, sign.finish) == ("sign", "natural")
    assert sign.attributes == {"description": "A sign\nof two lines"}
    assert (tile.product, tile.finish) == ("tile", "")
    assert RULES.entry("LAMP-1") is None


def test_attributes_of_catalogue_and_order_can_be_asked_for(tmp_path: Path) -> None:
    directory = rules_directory(
        tmp_path,
        batching="""\
batch_rules:
  - id: gifts
    where: {attributes: {gift-wrap: "yes"}}
    equal: [attribute.colour]
  - id: rest
""",
    )

    gifts = load_rules(directory).batch_rules[0]

    assert gifts.where.patterns == {"attribute.gift-wrap": ("yes",)}
    assert gifts.equal == ("attribute.colour",)


def test_country_no_is_norway(tmp_path: Path) -> None:
    directory = rules_directory(
        tmp_path, batching="batch_rules:\n  - id: norway\n    where: {country: NO}\n  - id: rest\n"
    )

    assert told(directory) == []
    assert load_rules(directory).batch_rules[0].where.patterns == {"country": ("NO",)}


def test_times_may_stand_without_quotes(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path)
    floor = directory / "floor.yaml"
    floor.write_text(floor.read_text().replace('"16:00"', "16:30"))

    assert load_rules(directory).services["next-day"].order_by == time(16, 30)


def test_a_rule_that_is_switched_off_hides_nothing(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path, batching="batch_rules:\n  - {id: all, active: false}\n  - id: rest\n")

    assert told(directory) == []


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (90, "90 s"), (900, "15 min"), (7200, "2 h"), (86_400, "1 d"), (90_000, "25 h")]
)
def test_a_duration_is_written_in_its_largest_whole_unit(seconds: int, text: str) -> None:
    assert write_duration(seconds) == text
    assert read_duration(text) == seconds
