from hypothesis import given, settings

from batcher.planning.bounds import lower_bound
from batcher.planning.conversion import to_plan
from batcher.planning.greedy import greedy
from batcher.planning.improve import anneal
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.plan import Plan
from batcher.planning.problem import Problem
from batcher.planning.verify import judge
from tests.brute_force import best_of_all
from tests.builders_planning import job, two_ovens
from tests.strategies_planning import problems


@given(problem=problems())
@settings(max_examples=40, deadline=None)
def test_no_plan_is_cheaper_than_the_bound(problem: Problem) -> None:
    instance = index(problem)
    bound = lower_bound(instance)
    nothing = judge(problem, Plan((), tuple(entry.id for entry in problem.jobs)))
    schedule = greedy(instance, Loader(instance), budget_s=0)
    assert bound <= nothing.cost + 1e-6
    assert bound <= schedule.cost / 3600 + 1e-6
    anneal(schedule, deadline=0, seed=0, max_moves=128)
    assert bound <= judge(problem, to_plan(schedule)).cost + 1e-6


@given(problem=problems(most_jobs=6, without=("instant", "large")))
@settings(max_examples=40, deadline=None)
def test_the_bound_is_never_above_the_best_of_all_plans(problem: Problem) -> None:
    assert lower_bound(index(problem)) <= best_of_all(problem, fewest_first=False)[1].cost + 1e-6


def test_batches_running_and_a_changeover_nobody_escapes_are_all_counted() -> None:
    problem = two_ovens([job(k) for k in range(8)], late=100_000)
    bound = lower_bound(index(problem))
    # Two batches of 40 and 1200 s at 1200 an hour are least; oven-1 is set up for them.
    assert bound >= 2 * 30 + 2 * 1200 * 1000 / 3600


def test_an_order_that_is_late_whatever_is_done_pays_in_the_bound() -> None:
    problem = two_ovens([job(0, release=20_000)])
    assert lower_bound(index(problem)) > 500
