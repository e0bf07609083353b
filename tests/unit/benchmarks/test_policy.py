"""The figures of the policy benchmark, from made-up runs; no week is played."""

from pathlib import Path
from typing import Any

import pytest

from batcher.simulate.policies import named_policy
from benchmarks.policy.cases import GRID, PARTS, compared, tuned, tuning
from benchmarks.policy.runs import BOUND, CLAIRVOYANT, Record, Run, append, missing, read
from benchmarks.policy.table import as_json, as_markdown, rows, worths


def ran(policy: str, cost: float, *, seed: int = 0, week: str = "quiet", on_time: float = 1.0) -> Record:
    report: dict[str, Any] = {"cost_per_item": cost}
    if policy not in (CLAIRVOYANT, BOUND):
        report |= {"on_time_share": on_time, "wall_seconds": 80.0}
    return Record(Run(week, policy, seed), "abc", 1.0, report)


def test_every_policy_that_is_compared_has_a_name_that_simulate_knows() -> None:
    for policy in (*PARTS, *(policy for knobs in GRID.values() for policy in knobs)):
        named_policy(policy)


def test_the_cheapest_knob_of_the_quiet_week_is_taken_of_those_that_have_been_tried() -> None:
    records = [ran("slack=60", 80), ran("slack=90", 78), ran("slack=120", 70, week="peak"), ran("edd", 200)]
    assert tuned(records, None) == {"slack": "slack=90", "edd": "edd"}
    assert {run.policy for run in tuning(None)} == {policy for knobs in GRID.values() for policy in knobs}


def test_only_what_is_missing_is_run_and_everything_once(tmp_path: Path) -> None:
    lines = tmp_path / "runs.jsonl"
    for record in (ran("ours", 70), ran(CLAIRVOYANT, 60)):
        append(lines, record)
    wanted = list(compared(["quiet"], 2, ["slack=90"], None))
    todo = missing([*wanted, *wanted], read(lines))
    assert len(todo) == len(wanted) - 2
    assert Run("quiet", "ours", 1) in todo
    assert Run("quiet", "ours", 0) not in todo


def test_ours_is_held_against_others_under_the_seeds_that_both_have() -> None:
    records = [ran("ours", 70), ran("ours", 90, seed=1), ran("slack=90", 100), ran(CLAIRVOYANT, 56)]
    table = {row.policy: row for row in rows(records)}
    assert table["slack=90"].ours_over == pytest.approx(0.7)
    assert table["ours"].ratio == pytest.approx(70 / 56)
    assert table["ours"].cost == 80
    assert table[CLAIRVOYANT].wall_s is None


def test_a_part_is_worth_what_its_absence_costs_as_a_share_of_the_gain_over_plain_slack() -> None:
    records = [ran("ours", 70), ran("slack=90", 80), ran("ours-without=planner", 75), ran("ours-without=forecast", 69)]
    found = {worth.part: worth for worth in worths(records, "slack=90")}
    assert (found["planner"].saves, found["planner"].share) == (5, 0.5)
    assert found["forecast"].saves == -1


def test_missed_goals_are_told_and_what_has_not_been_run_is_not() -> None:
    knobs = {"slack": "slack=90", "full-or-clock": "full-or-clock=15:30"}
    records = [ran("ours", 70, on_time=0.99), ran("slack=90", 72), ran("full-or-clock=15:30", 120)]
    missed = as_json(records, knobs)["missed"]
    assert missed == ["quiet: on time 99.00%, goal 99.9%", "quiet: 0.972 of slack=90, goal 0.93"]
    assert "- missed: quiet: 0.972 of slack=90" in as_markdown(records, knobs)


def test_a_goal_that_no_plan_can_meet_is_told_as_such() -> None:
    knobs = {"slack": "slack=90", "full-or-clock": "full-or-clock=15:30"}
    records = [ran("ours", 90), ran("slack=90", 95), ran("full-or-clock=15:30", 100), ran(BOUND, 75)]
    missed = as_json(records, knobs)["missed"]
    assert missed == [
        "quiet: 0.900 of full-or-clock=15:30, goal 0.70, which no plan meets: each costs at least 75.00, 0.750 of it",
        "quiet: 0.947 of slack=90, goal 0.93",
    ]
