from dataclasses import replace

import pytest
from hypothesis import given, settings

from batcher.planning.first_due_first import first_due_first
from batcher.planning.plan import Batch, Plan, PlanResult
from batcher.planning.problem import Order, Problem
from batcher.planning.quick import quick_plan
from batcher.planning.verify import judge
from tests.builders_planning import job, sheets, two_ovens
from tests.strategies_planning import problems


def result_of(problem: Problem, *batches: Batch) -> PlanResult:
    plan = Plan(batches)
    verdict = judge(problem, plan)
    assert verdict.feasible
    return PlanResult(plan, verdict, 0.0, verdict.cost)


def mugs(dues: list[int], **of_each: dict[int, int]) -> Problem:
    """Return mugs of one family, each of an order of its own; four of them fill a batch of the first oven."""
    jobs = [job(k, **{name: values.get(k, 0) for name, values in of_each.items()}) for k in range(len(dues))]
    problem = two_ovens(jobs)
    return replace(problem, orders=tuple(Order(f"o{k}", due, 500, 60) for k, due in enumerate(dues)))


def held(result: PlanResult) -> list[set[str]]:
    return [set(batch.jobs) for batch in sorted(result.plan.batches, key=lambda batch: batch.start)]


def test_the_first_due_go_into_the_first_batch_and_fill_it() -> None:
    problem = mugs([9_000, 3_000, 9_000, 3_000, 3_000])
    before = result_of(
        problem,
        Batch("b1", "oven-1", "mug", 0, 1200, ("j0", "j1")),
        Batch("b2", "oven-1", "mug", 1200, 2400, ("j2", "j3", "j4")),
    )
    dealt = first_due_first(problem, before)
    assert held(dealt) == [{"j1", "j3", "j4", "j0"}, {"j2"}]
    assert dealt.verdict.cost == before.verdict.cost


def test_a_batch_that_nothing_is_left_for_is_not_made() -> None:
    problem = mugs([9_000] * 4)
    before = result_of(
        problem,
        Batch("b1", "oven-1", "mug", 0, 1200, ("j0", "j1")),
        Batch("b2", "oven-1", "mug", 1200, 2400, ("j2", "j3")),
    )
    dealt = first_due_first(problem, before)
    assert held(dealt) == [{"j0", "j1", "j2", "j3"}]
    assert dealt.verdict.cost < before.verdict.cost


def test_what_comes_later_is_not_put_into_a_batch_that_starts_before() -> None:
    problem = mugs([3_000, 9_000, 9_000], release={1: 1000, 2: 1000})
    before = result_of(
        problem,
        Batch("b1", "oven-1", "mug", 0, 1200, ("j0",)),
        Batch("b2", "oven-1", "mug", 1200, 2400, ("j1", "j2")),
    )
    assert first_due_first(problem, before) is before or held(first_due_first(problem, before)) == held(before)


@pytest.mark.parametrize("problem", [two_ovens(), sheets(), sheets(12)])
def test_bound_and_status_stay_with_the_plan(problem: Problem) -> None:
    found = quick_plan(problem)
    known = replace(found, plan=replace(found.plan, bound=1.0))
    assert first_due_first(problem, known).plan.bound == 1.0
    assert first_due_first(problem, known).plan.status is found.plan.status


@given(problems())
@settings(deadline=None)
def test_no_plan_gets_dearer_wrong_or_loses_a_job(problem: Problem) -> None:
    before = quick_plan(problem)
    after = first_due_first(problem, before)
    assert judge(problem, after.plan).feasible
    assert after.verdict.cost <= before.verdict.cost
    assert {j for batch in after.plan.batches for j in batch.jobs} == {j for b in before.plan.batches for j in b.jobs}
