"""Whole runs of a small day: nothing lost, the same every time, told as it was."""

import dataclasses
from datetime import time
from functools import cache

import pytest

from batcher.rules.bounds import ClosingTime
from batcher.simulate.ours import Part
from batcher.simulate.report import SimulationReport
from batcher.simulate.scenario import Scenario
from batcher.simulate.simulation import simulate
from tests.builders_simulate import MORNING, a_few_orders, shipped_rules

CALM = Scenario()
#: What depends on how busy the machine is.
REAL_TIME = ("planning_seconds", "wall_seconds")
ROUGH = Scenario(seed=2, fail_rate=0.1, time_noise=0.2, downs_per_week=3.0, late_operators=0.5, early_couriers=0.5)


@cache
def run(policy: str, scenario: Scenario = CALM, times: int = 1) -> SimulationReport:
    return simulate(shipped_rules(), a_few_orders(), scenario, policy=policy)[0]


def facts(report: SimulationReport) -> dict[str, object]:
    return {name: value for name, value in dataclasses.asdict(report).items() if name not in REAL_TIME}


@pytest.mark.parametrize(
    "policy",
    [
        "ours",
        *(f"ours-without={part}" for part in Part),
        "full-or-clock",
        "max-wait=60",
        "slack",
        "edd",
        "every-90-minutes",
    ],
)
def test_everything_that_came_is_made_once(policy: str) -> None:
    report = run(policy)
    assert report.sound
    assert (report.complete, report.held) == (15, 0)


def test_nothing_is_lost_on_a_rough_floor() -> None:
    report = run("ours", ROUGH)
    assert report.sound
    assert report.complete == 15
    assert report.remakes > 0


@pytest.mark.parametrize("policy", ["ours", "slack"])
def test_the_same_seed_gives_the_same_report(policy: str) -> None:
    assert facts(run(policy, ROUGH, 1)) == facts(run(policy, ROUGH, 2))


def test_another_seed_is_another_week() -> None:
    other = dataclasses.replace(ROUGH, seed=3)
    assert facts(run("slack", ROUGH)) != facts(run("slack", other))


def test_what_waits_goes_at_the_very_moment_of_a_closing_time_or_of_its_longest_wait() -> None:
    rules = shipped_rules()
    closing = ClosingTime(frozenset(range(7)), time(11), rules.site.zone)
    for bounds, reason in (({"close_at": (closing,)}, "close_at"), ({"max_wait_s": 1800}, "max_wait")):
        bound = [dataclasses.replace(r, release=dataclasses.replace(r.release, **bounds)) for r in rules.batch_rules]
        changed = dataclasses.replace(rules, batch_rules=tuple(bound))
        report, history = simulate(changed, a_few_orders(), CALM, policy="ours")
        assert report.released_because[reason] > 0
        if reason == "close_at":
            assert MORNING.replace(hour=11) in {bar.loaded_at for bar in history.bars}


def test_costs_add_up_to_what_an_item_costs() -> None:
    report = run("ours")
    assert report.cost_per_item == pytest.approx(sum(report.cost_parts_per_item.values()))
    assert report.batches == sum(station.batches for station in report.stations.values())
    assert report.batches == sum(report.released_because.values())


def test_batches_that_never_wait_are_emptier_and_dearer() -> None:
    at_once, ours = run("edd"), run("ours")
    assert at_once.fill is not None
    assert ours.fill is not None
    assert at_once.fill < ours.fill
    assert at_once.cost_per_item > ours.cost_per_item


def test_progress_is_told_up_to_the_last_order() -> None:
    told: list[float] = []
    simulate(shipped_rules(), a_few_orders(5), Scenario(), policy="edd", progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1
