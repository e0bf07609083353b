"""The bound that cuts time is above no plan, and counts what the one that knows of no time cannot see."""

from dataclasses import replace
from random import Random

from hypothesis import given

from batcher.planning.bounds import lower_bound
from batcher.planning.bounds_over_time import bound_over_time
from batcher.planning.conversion import to_plan
from batcher.planning.greedy import greedy
from batcher.planning.improve import anneal
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.plan import Plan
from batcher.planning.problem import Problem
from batcher.planning.solve import solve
from batcher.planning.verify import judge
from tests.brute_force import best_of_all
from tests.builders_planning import job, two_ovens
from tests.strategies_planning import PATIENT, examples, made, problems

pytestmark = PATIENT


def bound_of(problem: Problem) -> float:
    """Return the best bound that a second's work proves; 0 for none."""
    bounds = [0.0]
    bound_over_time(index(problem), seconds=60, effort=1, on_bound=bounds.append)
    return max(bounds)


@given(problem=problems(most_jobs=7, without=("instant", "large")))
@examples(0.5)
def test_the_bound_is_never_above_the_best_of_all_plans(problem: Problem) -> None:
    assert bound_of(problem) <= best_of_all(problem, fewest_first=False)[1].cost * (1 + 1e-9) + 1e-6


@given(problem=problems())
@examples(0.5)
def test_no_plan_of_any_kind_is_cheaper_than_the_bound(problem: Problem) -> None:
    bound = bound_of(problem)
    schedule = greedy(index(problem), Loader(index(problem)), budget_s=0)
    plans = [Plan((), tuple(job.id for job in problem.jobs)), to_plan(schedule)]
    anneal(schedule, deadline=0, seed=0, max_moves=256)
    for plan in (*plans, to_plan(schedule)):
        assert bound <= judge(problem, plan).cost * (1 + 1e-9) + 1e-6


def test_urgent_work_that_cannot_wait_for_what_comes_later_needs_a_batch_of_its_own() -> None:
    problem = two_ovens([job(0), job(1, release=10_000)], late=100_000)
    problem = replace(problem, orders=(problem.orders[0], replace(problem.orders[1], due=30_000)))
    batch = 40 + 1200 * 1200 / 3600  # on the oven that is set up for it
    assert lower_bound(index(problem)) < batch * 2 - 1
    assert bound_of(problem) >= batch * 2 - 1e-6


def test_work_that_does_not_fit_before_its_due_time_goes_to_a_dearer_station_or_is_late() -> None:
    first, second = two_ovens().stations
    problem = two_ovens([job(k) for k in range(32)], late=100_000)  # eight batches, of which seven end in time
    assert lower_bound(index(problem)) < 8 * 440 + 1
    problem = replace(problem, stations=(first, replace(second, cost_per_hour=9000)))
    assert bound_of(problem) >= 7 * 440 + 30 + 1500 / 3600 * 9000


def test_nothing_to_plan_costs_nothing() -> None:
    assert bound_of(two_ovens([])) == 0


def test_the_same_effort_proves_the_same_bound() -> None:
    problem = made(Random(5), 60, having=("states", "releases", "parallel", "sizes"), without=("large",))
    assert bound_of(problem) == bound_of(problem) > 0


def test_a_search_that_counts_moves_proves_the_same_every_time() -> None:
    problem = two_ovens([job(k) for k in range(70)], late=100_000)
    first, second = (solve(problem, budget_s=0, moves=20_000, workers=1).plan for _ in range(2))
    assert first == second
    assert first.bound is not None
    assert first.bound > lower_bound(index(problem))
