"""Due times: order-by edges, holidays, Sundays and both nights on which the clocks change."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.domain.calendars import Span
from batcher.errors import ConfigError, OrderRejectedError
from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import load_rules
from batcher.rules.sla import collection_day, counted_day, last_call_at, promise, shortest_lead_s
from tests.builders_rules import DEMO_FLOOR, an_order, utc

RULES = load_rules(DEMO_FLOOR)
MUG = "MUG-CER-WHITE-01"


def leave_by(placed: str, service: str, rules: RuleSet = RULES) -> str:
    """Return the leave-by time of an order placed at a London wall time, as London's clocks show it."""
    zone = RULES.site.zone
    placed_at = datetime.fromisoformat(placed).replace(tzinfo=zone)
    found = promise(rules, an_order(MUG, placed_at=placed_at, service=service), placed_at)
    return found.leave_by_at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("service", "placed", "expected"),
    [
        # 2026-06-15 is a Monday.
        ("same-day", "2026-06-15T10:59:59", "Mon 2026-06-15 18:00"),
        ("same-day", "2026-06-15T11:00:00", "Tue 2026-06-16 18:00"),
        ("next-day", "2026-06-15T15:59:59", "Mon 2026-06-15 19:00"),
        ("next-day", "2026-06-15T16:00:00", "Tue 2026-06-16 19:00"),
        ("standard", "2026-06-15T15:59:59", "Wed 2026-06-17 17:00"),
        ("standard", "2026-06-15T16:00:00", "Thu 2026-06-18 17:00"),
        ("economy", "2026-06-15T15:59:59", "Fri 2026-06-19 17:00"),
        ("economy", "2026-06-15T16:00:00", "Mon 2026-06-22 17:00"),
    ],
)
def test_an_order_counts_for_its_day_only_before_the_order_by_time(service: str, placed: str, expected: str) -> None:
    assert leave_by(placed, service) == expected


@pytest.mark.parametrize(
    ("service", "placed", "expected"),
    [
        ("same-day", "2026-06-15T09:00", "Mon 2026-06-15 11:00"),
        ("same-day", "2026-06-15T11:00", "Tue 2026-06-16 11:00"),
        ("standard", "2026-06-15T17:00", "Tue 2026-06-16 16:00"),
        # What is ordered on Saturday after four leaves on Monday with what is ordered then.
        ("next-day", "2026-06-20T16:00", "Mon 2026-06-22 16:00"),
    ],
)
def test_the_last_call_is_when_an_order_would_leave_a_collection_later(
    service: str, placed: str, expected: str
) -> None:
    placed_at = datetime.fromisoformat(placed).replace(tzinfo=RULES.site.zone)
    found = last_call_at(RULES.services[service], placed_at).astimezone(RULES.site.zone)
    assert found.strftime("%a %Y-%m-%d %H:%M") == expected
    just_before = (found - timedelta(seconds=1)).replace(tzinfo=None).isoformat()
    assert leave_by(just_before, service) == leave_by(placed, service)


@pytest.mark.parametrize(
    ("service", "placed", "expected"),
    [
        ("next-day", "2026-06-20T15:00", "Sat 2026-06-20 19:00"),
        ("next-day", "2026-06-20T16:00", "Mon 2026-06-22 19:00"),
        ("same-day", "2026-06-21T09:00", "Mon 2026-06-22 18:00"),
        ("standard", "2026-06-19T12:00", "Mon 2026-06-22 17:00"),
        # Counted for Sunday: Monday is the first collection day after it, Tuesday the second.
        ("standard", "2026-06-20T17:00", "Tue 2026-06-23 17:00"),
        # Economy is not collected on Saturdays.
        ("economy", "2026-06-19T12:00", "Thu 2026-06-25 17:00"),
        ("economy", "2026-06-20T12:00", "Thu 2026-06-25 17:00"),
    ],
)
def test_sundays_and_days_without_collection_are_passed_over(service: str, placed: str, expected: str) -> None:
    assert leave_by(placed, service) == expected


@pytest.mark.parametrize(
    ("service", "placed", "expected"),
    [
        # Easter 2026: Good Friday 3 April, Easter Monday 6 April.
        ("next-day", "2026-04-02T16:30", "Sat 2026-04-04 19:00"),
        ("next-day", "2026-04-04T16:30", "Tue 2026-04-07 19:00"),
        ("standard", "2026-04-02T12:00", "Tue 2026-04-07 17:00"),
        ("economy", "2026-04-02T12:00", "Fri 2026-04-10 17:00"),
        # Christmas 2026: 25 and 26 December, the 28th for Boxing Day on a Saturday; New Year's Day a Friday.
        ("same-day", "2026-12-24T11:00", "Tue 2026-12-29 18:00"),
        ("economy", "2026-12-24T12:00", "Mon 2027-01-04 17:00"),
        # In 2011 there was a royal wedding.
        ("next-day", "2011-04-28T17:00", "Sat 2011-04-30 19:00"),
    ],
)
def test_public_holidays_are_passed_over(service: str, placed: str, expected: str) -> None:
    assert leave_by(placed, service) == expected


def test_the_leave_by_time_is_local_on_both_sides_of_the_spring_change() -> None:
    # Clocks go forward on Sunday 29 March 2026 at 01:00 UTC.
    saturday = promise(RULES, an_order(MUG, placed_at=utc("2026-03-28T15:59")), utc("2026-03-28T15:59"))
    monday = promise(RULES, an_order(MUG, placed_at=utc("2026-03-28T16:00")), utc("2026-03-28T16:00"))

    assert saturday.leave_by_at == utc("2026-03-28T19:00")
    assert monday.leave_by_at == utc("2026-03-30T18:00")


def test_the_leave_by_time_is_local_on_both_sides_of_the_autumn_change() -> None:
    # Clocks go back on Sunday 25 October 2026 at 01:00 UTC.
    saturday = promise(RULES, an_order(MUG, placed_at=utc("2026-10-24T14:59")), utc("2026-10-24T14:59"))
    monday = promise(RULES, an_order(MUG, placed_at=utc("2026-10-24T15:00")), utc("2026-10-24T15:00"))

    assert saturday.leave_by_at == utc("2026-10-24T18:00")
    assert monday.leave_by_at == utc("2026-10-26T19:00")


def test_an_order_by_time_that_the_clocks_skip_is_the_moment_they_jump_to() -> None:
    service = replace(RULES.services["next-day"], order_by=time(1, 30))

    assert counted_day(service, utc("2026-03-29T00:59:59")) == date(2026, 3, 29)
    # 01:30 does not exist; the clocks then show 02:30.
    assert counted_day(service, utc("2026-03-29T01:29:59")) == date(2026, 3, 29)
    assert counted_day(service, utc("2026-03-29T01:30:00")) == date(2026, 3, 30)


def test_an_order_by_time_that_happens_twice_is_the_first_one() -> None:
    service = replace(RULES.services["next-day"], order_by=time(1, 30))

    assert counted_day(service, utc("2026-10-25T00:29:59")) == date(2026, 10, 25)
    assert counted_day(service, utc("2026-10-25T00:30:00")) == date(2026, 10, 26)
    # 01:10 for the second time: the order-by time has passed already.
    assert counted_day(service, utc("2026-10-25T01:10:00")) == date(2026, 10, 26)


def test_the_day_is_the_local_one_and_not_that_of_utc() -> None:
    # 23:30 UTC on Monday is 00:30 on Tuesday in summer.
    assert counted_day(RULES.services["next-day"], utc("2026-06-15T23:30")) == date(2026, 6, 16)


def test_a_courier_who_comes_early_that_day_moves_the_leave_by_time() -> None:
    service = RULES.services["next-day"]
    early = {date(2026, 12, 24): (Span(time(0), time(14)),), date(2026, 12, 23): ()}
    rules = replace(
        RULES,
        services={"next-day": replace(service, collection_days=replace(service.collection_days, exceptions=early))},
    )

    assert leave_by("2026-12-24T12:00", "next-day", rules) == "Thu 2026-12-24 14:00"
    assert leave_by("2026-12-23T12:00", "next-day", rules) == "Thu 2026-12-24 14:00"


def test_tiers_multiply_both_late_costs() -> None:
    now = utc("2026-06-15T09:00")
    plain = promise(RULES, an_order(MUG, placed_at=now, service="same-day"), now)
    gold = promise(RULES, an_order(MUG, placed_at=now, service="same-day", tier="gold"), now)

    assert (plain.late_cost_minor, plain.late_cost_per_hour_minor) == (900, 120)
    assert (gold.late_cost_minor, gold.late_cost_per_hour_minor) == (1800, 240)


def test_how_the_date_came_about_is_told_in_plain_words() -> None:
    now = utc("2026-12-24T16:30")

    how = promise(RULES, an_order(MUG, placed_at=now, service="standard", tier="gold"), now).how

    assert how == (
        "placed Thu 24 Dec 2026 16:30, not before 16:00: counts for Fri 25 Dec 2026; "
        "standard: collection day 2 after it is Wed 30 Dec 2026, complete by 17:00; "
        "tier gold: late costs times 2"
    )


def test_the_shortest_lead_is_the_longest_route_with_rests_and_packing() -> None:
    order = an_order(MUG, placed_at=utc("2026-06-15T09:00"))
    apron = an_order("APR-ADU-NATURAL-01", placed_at=order.placed_at, text="Anna")
    both = (*order.lines, *apron.lines)

    assert shortest_lead_s(RULES, order.lines) == 210 + (120 + 480 + 300) + 900
    assert shortest_lead_s(RULES, apron.lines) == 240 + (420 + 4 * 20) + 900
    assert shortest_lead_s(RULES, both) == 210 + (120 + 480 + 300) + 900
    assert shortest_lead_s(RULES, an_order("NOT-SOLD", placed_at=order.placed_at).lines) == 0


def test_an_order_whose_work_alone_takes_too_long_is_not_possible() -> None:
    order = an_order(MUG, placed_at=utc("2026-06-15T09:59"), service="same-day")
    latest = utc("2026-06-15T17:00") - timedelta(seconds=shortest_lead_s(RULES, order.lines))

    assert promise(RULES, order, latest).possible
    late = promise(RULES, order, latest + timedelta(seconds=1))
    assert not late.possible
    assert late.leave_by_at == utc("2026-06-15T17:00")
    assert late.how.endswith("too late already when it came in: the work alone takes longer")


def test_an_unknown_service_and_tier_are_refused_together() -> None:
    order = an_order(MUG, placed_at=utc("2026-06-15T10:59"), service="drone", tier="iron")

    with pytest.raises(OrderRejectedError) as caught:
        promise(RULES, order, order.placed_at)

    assert [fault.code for fault in caught.value.faults] == ["service_unknown", "tier_unknown"]
    assert "use one of: same-day, next-day, standard, economy" in str(caught.value)


def test_a_courier_that_never_comes_again_is_told_and_not_waited_for() -> None:
    service = RULES.services["next-day"]
    never = replace(service, collection_days=replace(service.collection_days, week=((),) * 7))

    with pytest.raises(ConfigError, match="no collection within 400 days"):
        collection_day(never, date(2026, 6, 15))


@settings(max_examples=200, deadline=None)
@given(
    placed_at=st.integers(0, 25 * 365 * 86_400).map(lambda s: utc("2010-01-01T00:00") + timedelta(seconds=s)),
    service_id=st.sampled_from(sorted(RULES.services)),
)
def test_as_many_collection_days_lie_before_the_leave_by_day_as_the_service_says(
    placed_at: datetime, service_id: str
) -> None:
    service = RULES.services[service_id]
    found = promise(RULES, an_order(MUG, placed_at=placed_at, service=service_id), placed_at)
    counted, day = counted_day(service, placed_at), found.leave_by_at.astimezone(RULES.site.zone).date()
    between = [counted + timedelta(days=ahead) for ahead in range((day - counted).days + 1)]
    open_days = [one for one in between if service.collection_days.is_open_day(one)]

    assert open_days[-1] == day
    if service.collection == 0:
        assert open_days == [day]
    else:
        assert len([one for one in open_days if one > counted]) == service.collection
    assert found.leave_by_at > placed_at
