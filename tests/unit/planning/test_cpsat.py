from dataclasses import replace

import pytest
from hypothesis import given, settings

from batcher.planning.conversion import Bundle, scheduled, to_plan
from batcher.planning.cpsat import prove
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.plan import PlanStatus
from batcher.planning.problem import Problem
from batcher.planning.solve import solve
from batcher.planning.verify import judge
from tests.brute_force import best_of_all
from tests.builders_planning import job, two_ovens
from tests.strategies_planning import problems


def proof(problem: Problem, seconds: float = 60) -> tuple[tuple[int, float], float]:
    """
    Return the best plan CP-SAT names or starts from, as jobs left out and cost, and its best bound on the cost.

    Its bound on the jobs left out is looked at here.
    """
    instance = index(problem)
    loader = Loader(instance)
    schedule = greedy(instance, loader, budget_s=0)
    verdicts, bounds, fewest = [judge(problem, to_plan(schedule))], [0.0], [0]

    def better(sequences: list[list[Bundle]]) -> None:
        if all(loader.fits(mode, load) for sequence in sequences for mode, load in sequence):
            found = scheduled(instance, loader, sequences)
            if found is not None:
                verdicts.append(judge(problem, to_plan(found)))
                assert verdicts[-1].feasible

    prove(
        schedule,
        seconds=seconds,
        workers=1,
        seed=0,
        on_better=better,
        on_bound=bounds.append,
        on_fewest=fewest.append,
    )
    best = min((verdict.unplanned, verdict.cost) for verdict in verdicts)
    assert max(fewest) <= best[0]
    return best, max(bounds)


@given(problem=problems(most_jobs=5, without=("instant", "large")))
@settings(max_examples=40, deadline=None)
def test_the_best_of_all_plans_is_found(problem: Problem) -> None:
    (unplanned, cost), _ = proof(problem)
    best = best_of_all(problem)[1]
    assert unplanned == best.unplanned
    assert cost == pytest.approx(best.cost)


@given(problem=problems(most_jobs=5, without=("instant", "large", "sheets")))
@settings(max_examples=25, deadline=None)
def test_the_bound_is_the_cost_of_the_cheapest_plan(problem: Problem) -> None:
    _, bound = proof(problem)
    assert bound == pytest.approx(best_of_all(problem, fewest_first=False)[1].cost)


@given(problem=problems(most_jobs=6))
@settings(max_examples=25, deadline=None)
def test_the_proven_bound_is_under_the_cost_of_every_plan(problem: Problem) -> None:
    _, bound = proof(problem, seconds=1)
    least = best_of_all(problem, fewest_first=False)[1].cost
    assert bound <= least * (1 + 1e-9) + 1e-6


def test_a_job_is_planned_even_where_leaving_it_out_costs_no_more() -> None:
    problem = two_ovens([job(0), job(1)], late=0)
    free = replace(problem, orders=tuple(replace(order, late_cost_per_hour=0) for order in problem.orders))
    (unplanned, cost), bound = proof(free)
    assert (unplanned, bound) == (0, 0)
    assert cost > 0


def test_a_small_problem_is_solved_to_optimality() -> None:
    problem = two_ovens([job(k, stations=frozenset({"oven-1"}), family="mug" if k % 2 else "tin") for k in range(6)])
    result = solve(problem, budget_s=20, workers=1)
    assert result.plan.status is PlanStatus.OPTIMAL
    assert result.plan.bound == pytest.approx(result.verdict.cost)
