from dataclasses import dataclass, replace

import pytest
from hypothesis import assume, given, settings

from batcher.planning.conversion import Bundle, scheduled, to_plan
from batcher.planning.cpsat import Tell, prove
from batcher.planning.cpsat_parts import parts
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.plan import PlanStatus
from batcher.planning.problem import Changeovers, Family, Link, Mode, Order, Problem, Station
from batcher.planning.solve import solve
from batcher.planning.verify import judge
from tests.brute_force import best_of_all
from tests.builders_planning import job, two_ovens
from tests.strategies_planning import problems


@dataclass(frozen=True)
class Proof:
    """The best plan CP-SAT names or starts from, and what it proves."""

    unplanned: int
    cost: float
    bound: float
    least: float
    complete: bool


def proof(problem: Problem, seconds: float = 60) -> Proof:
    """Return what CP-SAT comes to; what it proves is held against the best plan here."""
    instance = index(problem)
    loader = Loader(instance)
    schedule = greedy(instance, loader, budget_s=0)
    verdicts, bounds, leasts, fewest = [judge(problem, to_plan(schedule))], [0.0], [0.0], [0]

    def better(sequences: list[list[Bundle]]) -> None:
        if all(loader.fits(mode, load) for sequence in sequences for mode, load in sequence):
            found = scheduled(instance, loader, sequences)
            if found is not None:
                verdicts.append(judge(problem, to_plan(found)))
                assert verdicts[-1].feasible

    tell = Tell(better=better, bound=bounds.append, least=leasts.append, fewest=fewest.append)
    complete = prove(schedule, tell, seconds=seconds, workers=1, seed=0)
    unplanned, cost = min((verdict.unplanned, verdict.cost) for verdict in verdicts)
    assert max(fewest) <= unplanned
    assert max(leasts) <= cost + 1e-6
    return Proof(unplanned, cost, max(bounds), max(leasts), complete)


@given(problem=problems(most_jobs=5, without=("instant", "large")))
@settings(max_examples=40, deadline=None)
def test_the_best_of_all_plans_is_found(problem: Problem) -> None:
    found = proof(problem)
    best = best_of_all(problem)[1]
    assert found.unplanned == best.unplanned
    assert found.cost == pytest.approx(best.cost)


@given(problem=problems(most_jobs=5, without=("instant", "large", "sheets")))
@settings(max_examples=25, deadline=None)
def test_both_bounds_are_the_costs_of_the_cheapest_plans(problem: Problem) -> None:
    found = proof(problem)
    assert found.bound == pytest.approx(best_of_all(problem, fewest_first=False)[1].cost)
    assert max(found.bound, found.least) == pytest.approx(best_of_all(problem)[1].cost)
    assert found.complete


@given(problem=problems(most_jobs=6))
@settings(max_examples=25, deadline=None)
def test_the_proven_bound_is_under_the_cost_of_every_plan(problem: Problem) -> None:
    found = proof(problem, seconds=1)
    least = best_of_all(problem, fewest_first=False)[1].cost
    assert found.bound <= least * (1 + 1e-9) + 1e-6


def test_a_job_is_planned_even_where_leaving_it_out_costs_no_more() -> None:
    problem = two_ovens([job(0), job(1)], late=0)
    free = replace(problem, orders=tuple(replace(order, late_cost_per_hour=0) for order in problem.orders))
    found = proof(free)
    assert (found.unplanned, found.bound, found.complete) == (0, 0, True)
    assert found.least == found.cost > 0


def test_a_small_problem_is_solved_to_optimality() -> None:
    problem = two_ovens([job(k, stations=frozenset({"oven-1"}), family="mug" if k % 2 else "tin") for k in range(6)])
    result = solve(problem, budget_s=20, workers=1)
    assert result.plan.status is PlanStatus.OPTIMAL
    assert result.plan.bound == pytest.approx(result.verdict.cost)


def test_a_plan_is_optimal_though_leaving_a_job_out_would_cost_less() -> None:
    problem = two_ovens([job(0), job(1)], late=0)
    free = replace(problem, orders=tuple(replace(order, late_cost_per_hour=0) for order in problem.orders))
    result = solve(free, budget_s=20, workers=2)
    assert result.plan.status is PlanStatus.OPTIMAL
    assert result.verdict.unplanned == 0
    assert result.plan.bound == 0 < result.verdict.cost


def test_the_parts_of_a_floor_are_what_shares_no_station() -> None:
    split = parts(index(printed_and_pressed()))
    assert [[job.id for job in part.jobs] for part in split] == [["j0"], ["j1", "j2"]]


def test_a_part_waits_for_another_as_long_as_that_takes_at_least() -> None:
    _, pressed = parts(index(printed_and_pressed()))
    assert pressed.jobs[0].after == ()
    assert pressed.jobs[0].release == 1000 + 50


def test_the_lateness_of_an_order_is_charged_to_the_part_that_ends_it() -> None:
    printed, pressed = parts(index(printed_and_pressed()))
    assert [order.late_cost for order in printed.orders] == [0]
    assert [order.late_cost for order in pressed.orders] == [700, 700]


@given(problem=problems(most_jobs=6, without=("instant", "large")))
@settings(max_examples=40, deadline=None)
def test_no_plan_that_leaves_nothing_out_costs_less_than_its_parts(problem: Problem) -> None:
    best = best_of_all(problem)[1]
    assume(best.unplanned == 0)
    split = parts(index(problem))
    assert sum(best_of_all(part)[1].cost for part in split) <= best.cost + 1e-6


def printed_and_pressed() -> Problem:
    """Return a floor on which one job is printed, then pressed, and another only pressed."""
    return Problem(
        name="two steps",
        horizon=100_000,
        stations=tuple(Station(name, ((0, 100_000),), "plain", 0, 0) for name in ("printer", "press")),
        changeovers=Changeovers(("plain",), ((0,),), ((0,),)),
        families=(
            Family("prints", "plain", (Mode("printer", 1000, 100, 9),)),
            Family("presses", "plain", (Mode("press", 500, 100, 9),)),
        ),
        orders=(Order("o0", 60_000, 700, 10), Order("o1", 60_000, 700, 10)),
        jobs=(
            replace(job(0, family="prints"), order="o0"),
            replace(job(1, family="presses", after=(Link("j0", 50),)), order="o0"),
            replace(job(2, family="presses"), order="o1"),
        ),
    )
