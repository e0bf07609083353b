"""
The planner finds the best of all plans of small problems of every kind.

Best is what leaves out the fewest jobs and, among these, what costs least. Left out here are batches that take no time,
which brute force does not try, and numbers beyond 64 bits, where nothing but local search can look for more to plan.
"""

import pytest
from hypothesis import assume, given

from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.plan import Plan, PlanStatus
from batcher.planning.problem import Problem
from batcher.planning.solve import solve
from batcher.planning.verify import judge
from tests.brute_force import best_of_all
from tests.builders_planning import job, sheets, two_ovens
from tests.solved_here import solved_here
from tests.strategies_planning import PATIENT, examples, problems

pytestmark = PATIENT

small = problems(most_jobs=7, without=("instant", "large"))


def lies(problem: Problem, plan: Plan) -> bool:
    """Tell whether the packer, which is no brute force, finds a layout for every sheet of a plan."""
    instance = index(problem)
    loader, place = Loader(instance), {station.id: k for k, station in enumerate(problem.stations)}
    for batch in plan.batches:
        load = loader.load(sorted({instance.unit_of[name] for name in batch.jobs}))
        mode = instance.families[instance.units[load.units[0]].family].modes[place[batch.station]]
        if not loader.fits(mode, load):
            return False
    return True


@given(problem=small)
@examples(0.5)
def test_the_search_finds_the_best_of_all_plans(problem: Problem) -> None:
    """P1 to P9: a rule kept too strictly would cost, one kept too loosely would be refused."""
    plan, best = best_of_all(problem)
    assume(lies(problem, plan))
    found, bound = solved_here(problem)
    assert found.unplanned == best.unplanned
    assert found.cost == pytest.approx(best.cost)
    assert bound <= best_of_all(problem, fewest_first=False)[1].cost * (1 + 1e-9) + 1e-6


@given(problem=small)
@examples(0.04)
def test_a_solve_finds_the_best_of_all_plans_and_knows_when_it_has(problem: Problem) -> None:
    """P1 to P9, through child processes and all."""
    plan, best = best_of_all(problem)
    result = solve(problem, budget_s=0, moves=20_000, workers=1)
    assert judge(problem, result.plan) == result.verdict
    assert result.plan.bound is not None
    assert result.plan.bound <= best.cost * (1 + 1e-9) + 1e-6
    if result.plan.status is PlanStatus.OPTIMAL or lies(problem, plan):
        assert result.verdict.unplanned == best.unplanned
        assert result.verdict.cost == pytest.approx(best.cost)


def test_numbers_beyond_64_bits_are_no_fault() -> None:
    result = solve(two_ovens(late=10**22), budget_s=0, moves=200, workers=1)
    assert result.verdict.feasible
    assert result.verdict.unplanned == 0
    assert result.plan.status is not PlanStatus.FALLBACK


@pytest.mark.parametrize("problem", [two_ovens([]), two_ovens([job(0)]), sheets(1)], ids=["none", "one", "one print"])
def test_the_least_of_problems_are_solved_to_a_proof(problem: Problem) -> None:
    assert solve(problem, budget_s=0, moves=5000, workers=1).plan.status is PlanStatus.OPTIMAL
