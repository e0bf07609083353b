from collections import Counter
from dataclasses import replace

import pytest

from batcher.planning.arrivals import Arrival, ArrivalForecast, forecast
from batcher.planning.waiting import Stake, Waiting, worth_of_waiting

HOUR = 3600
STAKE = Stake(price=150, changeover=0, holds=15, late=3000, seconds=600)


def rates(**by_hour: float) -> ArrivalForecast:
    """Return a forecast of one family; ``h9=2`` is two pieces between 9 and 10 on Monday."""
    hours = [by_hour.get(f"h{hour}", 0.0) for hour in range(168)]
    return ArrivalForecast({"tins": tuple(hours)})


def test_expected_pieces_are_counted_by_the_part_of_each_hour() -> None:
    told = rates(h9=2, h10=4)
    assert told.expected("tins", 9 * HOUR + 1800, HOUR) == 3
    assert told.expected("tins", 9 * HOUR, 0) == 0
    assert told.expected("mugs", 9 * HOUR, HOUR) == 0


def test_the_week_begins_anew_behind_sunday_night() -> None:
    assert rates(h0=1, h167=1).expected("tins", 167 * HOUR, 2 * HOUR) == 2
    assert rates(h5=1).expected("tins", 0, 2 * 168 * HOUR) == 2


def weeks(count: float) -> dict[int, float]:
    """Return how often each hour of the week was seen in so many weeks."""
    return dict.fromkeys(range(168), count)


def test_a_kind_seen_often_is_expected_as_it_came() -> None:
    came = [Arrival("uv", "tins", 9)] * 400 + [Arrival("uv", "mugs", 10)] * 4
    told = forecast(Counter(came), weeks(40))
    assert abs(told.rates["tins"][9] - 10) < 0.4


def test_a_kind_seen_once_is_drawn_to_the_mean_of_its_process() -> None:
    came = [Arrival("uv", "tins", 9)] * 20 + [Arrival("uv", "mugs", 9)] + [Arrival("press", "bags", 9)]
    told = forecast(Counter(came), weeks(4))
    assert told.rates["mugs"][9] / told.rates["tins"][9] == pytest.approx(2 / 21)
    assert sum(told.rates["bags"]) == pytest.approx(1 / 4)


def test_rates_keep_the_number_of_pieces_that_came() -> None:
    came = [Arrival("uv", "tins", 9)] * 6 + [Arrival("uv", "mugs", 40)] * 2
    told = forecast(Counter(came), weeks(2))
    assert sum(sum(of_kind) for of_kind in told.rates.values()) == pytest.approx(4)


def test_an_hour_of_the_week_not_seen_yet_is_expected_to_be_like_that_hour_of_any_day() -> None:
    monday = dict.fromkeys(range(24), 1.0)
    told = forecast({Arrival("uv", "tins", 9): 6}, monday)
    assert told.rates["tins"][9] == told.rates["tins"][24 + 9] == 6
    assert told.rates["tins"][24 + 10] == 0


def test_waiting_pays_while_pieces_come_and_there_is_time() -> None:
    assert worth_of_waiting(STAKE, expected=5, slack=8 * HOUR, margin=HOUR).pays


def test_waiting_for_what_hardly_comes_risks_more_than_it_saves() -> None:
    assert not worth_of_waiting(STAKE, expected=0.01, slack=2 * HOUR, margin=0).pays


def test_a_larger_margin_and_cheaper_lateness_make_waiting_safer() -> None:
    tight = worth_of_waiting(STAKE, expected=1, slack=HOUR, margin=0)
    assert worth_of_waiting(STAKE, expected=1, slack=HOUR, margin=3 * HOUR).risk < tight.risk
    assert worth_of_waiting(replace(STAKE, late=0), expected=1, slack=HOUR, margin=0).risk == 0


def test_a_changeover_that_others_may_share_is_worth_waiting_for() -> None:
    without = worth_of_waiting(STAKE, expected=1, slack=HOUR, margin=0)
    assert worth_of_waiting(replace(STAKE, changeover=100), 1, HOUR, 0).saving > without.saving


def test_what_waiting_is_worth_is_told_in_money() -> None:
    assert str(Waiting(3.14, 0.5)) == "another piece would save 3.1, waiting for it risks 0.5 (minor units)"
