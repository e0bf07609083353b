from dataclasses import replace

import pytest

from batcher.planning.plan import Batch, Plan
from batcher.planning.problem import Problem
from batcher.planning.solve import solve
from batcher.planning.stability import batches_kept, remaining
from batcher.planning.verify import judge
from tests.builders_planning import job, two_ovens


def test_the_share_of_batches_kept_counts_the_same_jobs_on_the_same_station_at_any_time() -> None:
    last = [
        Batch("1", "s", "f", 0, 5, ("a", "b")),
        Batch("2", "s", "f", 5, 9, ("c",)),
        Batch("3", "t", "f", 0, 5, ("d",)),
    ]
    same = Batch("x", "s", "f", 70, 75, ("b", "a"))
    fuller = Batch("y", "s", "f", 80, 85, ("c", "e"))
    elsewhere = Batch("z", "s", "f", 0, 5, ("d",))
    assert batches_kept(last, Plan((same, fuller, elsewhere))) == 1 / 3


def test_jobs_that_are_gone_do_not_count_and_nothing_is_kept_of_no_plan() -> None:
    last = [Batch("1", "s", "f", 0, 5, ("a", "b")), Batch("2", "s", "f", 5, 9, ("c",))]
    now = Plan((Batch("x", "s", "f", 0, 5, ("a",)),))
    assert batches_kept(remaining(last, {"a"}), now) == 1.0
    assert batches_kept(remaining(last, set()), now) is None


def four_alike() -> Problem:
    """Return four equal jobs that fill two batches of one station: any two may share one."""
    problem = two_ovens([job(number, size=2) for number in range(4)])
    return replace(
        problem,
        stations=problem.stations[:1],
        families=tuple(replace(family, modes=family.modes[:1]) for family in problem.families),
    )


@pytest.mark.parametrize("pairs", [(("j0", "j3"), ("j1", "j2")), (("j0", "j2"), ("j1", "j3"))])
@pytest.mark.parametrize("budget_s", [0, 2])
def test_of_plans_that_cost_the_same_the_one_nearest_the_last_wins(
    pairs: tuple[tuple[str, ...], ...], budget_s: float
) -> None:
    problem = four_alike()
    last = Plan((Batch("b1", "oven-1", "mug", 0, 1200, pairs[0]), Batch("b2", "oven-1", "mug", 1200, 2400, pairs[1])))
    cost = judge(problem, last).cost
    assert solve(problem, budget_s=budget_s).verdict.cost == cost
    assert batches_kept(last.batches, solve(problem, budget_s=budget_s, start=last).plan) == 1.0


def test_a_plan_that_costs_less_wins_however_far_from_the_last_it_is() -> None:
    problem = four_alike()
    alone = Plan(tuple(Batch(f"b{k}", "oven-1", "mug", 1200 * k, 1200 * (k + 1), (f"j{k}",)) for k in range(4)))
    assert judge(problem, alone).feasible
    result = solve(problem, budget_s=0, start=alone)
    assert result.verdict.batches == 2
    assert batches_kept(alone.batches, result.plan) == 0
