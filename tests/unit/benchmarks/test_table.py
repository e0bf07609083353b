import json
from pathlib import Path

import pytest

from benchmarks.planner.goals import Figures, Goal, goal_of
from benchmarks.planner.markdown import as_markdown
from benchmarks.planner.plots import draw, mean_curve
from benchmarks.planner.table import as_json, broken_bounds, rows, yardsticks
from tests.builders_benchmarks import case, record


def test_a_row_is_the_mean_over_the_problems_of_a_size() -> None:
    ran = [record("p1", cost=1000.0, proven=True), record("p2", cost=1010.0, first_s=1.5, memory_mb=300.0)]
    (row,) = rows([case("p1"), case("p2")], ran)
    assert row.figures.ratio == pytest.approx(1.005)
    assert row.figures.proven == 0.5
    assert row.figures.gap == pytest.approx((1 - 900 / 1000 + 1 - 900 / 1010) / 2)
    assert row.figures.first_s == 1.0
    assert row.figures.memory_mb == 300.0
    assert (row.problems, row.planned, row.accepted) == (2, 2, 2)


def test_a_problem_without_a_plan_counts_against_the_row_and_not_in_its_means() -> None:
    failed = record("p2", verdict="none", cost=None, first_s=None, curve=())
    (row,) = rows([case("p1"), case("p2")], [record("p1", cost=1000.0), failed])
    assert row.figures.ratio == 1.0
    assert (row.problems, row.planned) == (2, 1)
    assert row.missed == ("plans",)


def test_a_plan_the_referee_rejects_is_no_plan() -> None:
    (row,) = rows([case()], [record(verdict="rejected", cost=1.0)])
    assert (row.planned, row.accepted, row.figures.ratio) == (0, 0, None)


def test_published_values_have_rows_of_their_own() -> None:
    cases = [case("p1", published={"LNS": 1100.0}), case("p2", published={"LNS": 1300.0, "exact CP": 1000.0})]
    found = {row.method: row for row in rows(cases, [record("p1")])}
    assert found["LNS"].figures.ratio == pytest.approx(1.2)
    assert (found["exact CP"].planned, found["exact CP"].problems) == (1, 2)
    assert found["LNS"].accepted is None


def test_earliest_due_date_is_the_yardstick_where_nothing_was_published() -> None:
    floor = case(set="floor", best=None)
    assert yardsticks([floor], [record(), record(method="edd", cost=2000.0)]) == {"p1": 2000.0}
    assert yardsticks([floor], [record()]) == {}


def test_only_our_rows_have_a_goal_and_it_says_what_was_missed() -> None:
    found = rows([case()], [record(cost=1004.0), record(method="edd", cost=1200.0)])
    assert [(row.method, row.goal, row.missed) for row in found] == [("ours", "≤ 1.003", ("ratio",)), ("edd", "", None)]


@pytest.mark.parametrize(
    ("figures", "missed"),
    [
        (Figures(ratio=1.0004, proven=0.9), []),
        (Figures(ratio=1.0006, proven=0.9), ["ratio"]),
        (Figures(ratio=0.99, proven=0.89), ["proven"]),
        (Figures(), ["ratio", "proven"]),
    ],
)
def test_a_goal_is_reached_to_three_decimals_or_told(figures: Figures, missed: list[str]) -> None:
    assert Goal(("osp-uc3",), 1, 25, Figures(ratio=1.0, proven=0.9)).missed(figures) == missed


def test_each_set_and_size_has_the_goal_of_its_range() -> None:
    told = {size: goal.text() for size in (12, 1000, 20_000) if (goal := goal_of("floor", size))}
    assert told == {
        12: "≤ annealing, gap ≤ 8 %",
        1000: "≤ 0.600, gap ≤ 12 %",
        20_000: "≤ 0.820, first ≤ 3 s",
    }
    assert goal_of("files", 12) is None


def test_a_bound_above_any_plan_is_told() -> None:
    wrong = record(bound=1001.0)
    assert broken_bounds([case(best=None)], [wrong]) == []
    assert len(broken_bounds([case(best=None)], [wrong, record(method="batc", cost=950.0, bound=None)])) == 1
    assert len(broken_bounds([case(best=900.0)], [record(bound=950.0)])) == 1


def test_the_report_has_every_row_and_run_in_both_forms() -> None:
    cases = [case(published={"LNS": 1100.0})]
    ran = [record(), record(method="cp-sat", verdict="none", cost=None, bound=None, curve=(), note="no plan in time")]
    text = as_markdown({"cores": 2}, cases, ran)
    assert "| 50 | ours | 1 | 10 | 1.002 |" in text
    assert "| 50 | cp-sat | 0 of 1 | 10 | none |" in text
    assert "| 50 | LNS | 1 |  | 1.100 |" in text
    assert "no plan in time" in text
    document = json.loads(json.dumps(as_json({"cores": 2}, cases, ran)))
    assert [row["method"] for row in document["rows"]] == ["ours", "cp-sat", "LNS"]
    assert [run["gap"] for run in document["runs"]] == [pytest.approx(1 - 900 / 1002), None]


def test_a_mean_curve_begins_when_every_run_has_a_plan() -> None:
    curves = [[(0.5, 4.0), (2.0, 2.0)], [(1.0, 6.0), (3.0, 4.0)]]
    assert mean_curve(curves) == ([1.0, 2.0, 3.0], [5.0, 4.0, 3.0])
    assert mean_curve([]) == ([], [])


def test_plots_are_drawn_for_every_set(tmp_path: Path) -> None:
    cases = [case("p1"), case("p2", group="100", size=100)]
    ran = [record("p1"), record("p2", group="100", size=100), record("p1", method="edd", cost=1200.0, bound=None)]
    written = draw(tmp_path, cases, ran)
    assert [path.name for path in written] == ["cost-over-time-osp-uc3.png", "by-size-osp-uc3.png"]
    assert all(path.stat().st_size > 1000 for path in written)
