"""
How the optimum of a problem moves when the problem changes: not at all, never up, or by exactly so much.

The planner finds the optimum of problems this small (`test_optimum`), so its answers must obey.
"""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from batcher.planning.problem import Problem
from tests.changed_problems import RELAXED, Relaxation, dearer, later, renamed, shuffled, side_by_side
from tests.solved_here import solved_here
from tests.strategies_planning import PATIENT, examples, problems

pytestmark = PATIENT

#: Of sheets a layout may be found for some prints and not for fewer, see `layout`.
WITHOUT = ("instant", "large", "sheets")
small = problems(most_jobs=5, most_stations=2, without=WITHOUT)


def optimum(problem: Problem) -> tuple[int, float]:
    """Return how many jobs the best plan leaves out, and what it costs."""
    verdict, _ = solved_here(problem)
    return verdict.unplanned, verdict.cost


@pytest.mark.parametrize("relaxation", RELAXED.values(), ids=RELAXED)
@given(data=st.data())
@examples(0.05)
def test_a_problem_that_asks_for_less_never_costs_more(relaxation: Relaxation, data: st.DataObject) -> None:
    """P1 to P9, as each relaxation's name says."""
    problem = data.draw(problems(most_jobs=5, most_stations=2, having=relaxation.of, without=WITHOUT))
    easier = relaxation.change(problem)
    assume(easier != problem)
    (out, cost), (was_out, was_cost) = optimum(easier), optimum(problem)
    assert (out, cost) <= (was_out, was_cost + 1e-6)


@given(problem=small, seed=st.integers(0, 2**32))
@examples(0.2)
def test_names_and_the_order_of_things_do_not_matter(problem: Problem, seed: int) -> None:
    assert optimum(shuffled(Random(seed), problem)) == pytest.approx(optimum(problem))


@given(problem=small, factor=st.sampled_from((2, 7, 1000)))
@examples(0.1)
def test_in_another_currency_the_best_plan_costs_as_many_times_more(problem: Problem, factor: int) -> None:
    out, cost = optimum(problem)
    assert optimum(dearer(problem, factor)) == pytest.approx((out, factor * cost))


@given(problem=small, seconds=st.integers(1, 5000))
@examples(0.1)
def test_everything_later_costs_the_same(problem: Problem, seconds: int) -> None:
    """P6 and P7: only the time between things counts."""
    assert optimum(later(problem, seconds)) == pytest.approx(optimum(problem))


@given(one=problems(most_jobs=3, most_stations=2, without=WITHOUT), two=small)
@examples(0.1)
def test_two_floors_that_share_nothing_cost_the_sum(one: Problem, two: Problem) -> None:
    horizon = max(one.horizon, two.horizon)
    parts = replace(one, horizon=horizon), replace(renamed(two, "other {}".format), horizon=horizon)
    (out, cost), (other_out, other_cost) = map(optimum, parts)
    assert optimum(side_by_side(*parts)) == pytest.approx((out + other_out, cost + other_cost))
