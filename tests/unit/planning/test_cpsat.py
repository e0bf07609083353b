import pytest
from hypothesis import HealthCheck, given, settings

from batcher.planning.conversion import Bundle, scheduled, to_plan
from batcher.planning.cpsat import prove
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.plan import PlanStatus
from batcher.planning.problem import Problem
from batcher.planning.solve import solve
from batcher.planning.verify import judge
from tests.builders_planning import cheapest, job, problems, two_ovens
from tests.unit.planning.test_bounds import tiny


def proof(problem: Problem, seconds: float = 5) -> tuple[float, float]:
    """Return the cost of the best plan CP-SAT names or starts from, and its best bound."""
    instance = index(problem)
    loader = Loader(instance)
    schedule = greedy(instance, loader, budget_s=0)
    costs, bounds = [schedule.cost / 3600], [0.0]

    def better(sequences: list[list[Bundle]]) -> None:
        if all(loader.fits(mode, load) for sequence in sequences for mode, load in sequence):
            found = scheduled(instance, loader, sequences)
            if found is not None:
                assert judge(problem, to_plan(found)).feasible
                costs.append(found.cost / 3600)

    prove(schedule, seconds=seconds, workers=1, seed=0, on_better=better, on_bound=bounds.append)
    return min(costs), max(bounds)


@given(problem=tiny())
@settings(max_examples=25, deadline=None)
def test_a_proof_gives_the_cost_of_the_best_of_all_plans(problem: Problem) -> None:
    best = cheapest(problem)
    cost, bound = proof(problem)
    assert cost == pytest.approx(best)
    assert bound == pytest.approx(best)


@given(problem=problems(most_jobs=8))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_proven_bound_is_under_every_plan_found(problem: Problem) -> None:
    cost, bound = proof(problem, seconds=1)
    assert bound <= cost + 1e-6


def test_a_small_problem_is_solved_to_optimality() -> None:
    problem = two_ovens([job(k, stations=frozenset({"oven-1"}), family="mug" if k % 2 else "tin") for k in range(6)])
    result = solve(problem, budget_s=20, workers=1)
    assert result.plan.status is PlanStatus.OPTIMAL
    assert result.plan.bound == pytest.approx(result.verdict.cost)
