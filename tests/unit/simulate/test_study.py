"""Runs side by side through an executor, each with its yardstick, and what they come to against each other."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest

from batcher.simulate.comparison import compare
from batcher.simulate.scenario import Scenario
from batcher.simulate.study import Case, Days, Outcome, run_study
from tests.builders_simulate import a_few_orders, shipped_rules

CASES = (Case("waits", shipped_rules(), "slack"), Case("never waits", shipped_rules(), "edd"))


@cache
def outcomes() -> tuple[Outcome, ...]:
    days = [Days(a_few_orders(8), Scenario(seed=seed)) for seed in (4, 5)]
    with ThreadPoolExecutor(1) as executor:
        return tuple(run_study(CASES, days, executor))


def test_every_case_is_run_under_every_seed_in_the_order_asked_for() -> None:
    told = [(outcome.case, outcome.seed, outcome.report.seed) for outcome in outcomes()]
    assert told == [("waits", 4, 4), ("waits", 5, 5), ("never waits", 4, 4), ("never waits", 5, 5)]


def test_every_report_tells_its_ratio_to_the_plan_that_knew_all() -> None:
    for outcome in outcomes():
        known = sum(outcome.report.clairvoyant_parts_per_item.values())
        ratio = outcome.report.clairvoyant_ratio
        assert ratio is not None
        assert ratio == pytest.approx(outcome.report.cost_per_item / known)
        assert ratio >= 0.9  # less than 1 only by what its luck has made quicker


def test_progress_ends_with_all_done_and_no_ratio_is_told_unasked() -> None:
    told: list[float] = []
    with ThreadPoolExecutor(1) as executor:
        days = [Days(a_few_orders(3), Scenario())]
        (only,) = run_study(CASES[1:], days, executor, with_clairvoyant=False, progress=told.append)
    assert told == [1.0]
    assert only.report.clairvoyant_ratio is None


def test_cases_are_held_against_the_first_seed_by_seed() -> None:
    report = compare(outcomes())
    (cost,) = (d for d in report.differences if d.figure == "cost_per_item")
    by_seed = {(o.case, o.seed): o.report.cost_per_item for o in outcomes()}
    deltas = [by_seed["never waits", seed] - by_seed["waits", seed] for seed in (4, 5)]
    assert cost.case == "never waits"
    assert cost.mean == pytest.approx(sum(deltas) / 2)
    assert cost.low is not None
    assert cost.low <= cost.mean <= (cost.high or 0)


def test_the_interval_is_that_of_students_t() -> None:
    base = outcomes()[0]
    costs = {"a": (10.0, 11.0, 12.0), "b": (12.0, 13.0, 17.0)}
    told = [
        Outcome(case, seed, dataclasses.replace(base.report, cost_per_item=cost), base.history)
        for case, series in costs.items()
        for seed, cost in enumerate(series)
    ]
    (cost,) = (d for d in compare(told).differences if d.figure == "cost_per_item")
    assert (cost.first, cost.mean) == (11.0, 3.0)  # differences 2, 2, 5: deviation sqrt(3), error 1
    assert cost.low == pytest.approx(3 - 4.303)
    assert not cost.sure


def test_one_seed_tells_a_difference_and_no_interval() -> None:
    single = [outcome for outcome in outcomes() if outcome.seed == 4]
    for difference in compare(single).differences:
        assert (difference.low, difference.high, difference.sure) == (None, None, False)
