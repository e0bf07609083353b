"""Parts of a problem, and the plan of the whole that their plans make."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.planning.conversion import from_plan, scheduled, to_plan
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.local_search import search_by_moves
from batcher.planning.parts import cut, put_together
from batcher.planning.plan import Plan, PlanStatus
from batcher.planning.problem import Job, Link, Problem
from batcher.planning.solve import solve
from batcher.planning.verify import judge
from tests.builders_planning import job, two_ovens
from tests.changed_problems import renamed, side_by_side
from tests.strategies_planning import PATIENT, examples, problems

pytestmark = PATIENT

one_floor = problems(most_jobs=8, most_stations=2, without=("instant", "large"))


def bound_together(rng: Random, first: Problem, second: Problem) -> Problem:
    """Return two floors as one, where jobs of the second wait for jobs of the first and share their orders."""
    horizon = max(first.horizon, second.horizon)
    other = replace(renamed(second, "other {}".format), horizon=horizon)
    whole = side_by_side(replace(first, horizon=horizon), other)

    def bound(entry: Job) -> Job:
        if not first.jobs or not entry.id.startswith("other ") or rng.random() < 0.5:
            return entry
        before = rng.choice(first.jobs)
        return replace(entry, order=before.order, after=(*entry.after, Link(before.id, rng.randint(0, 300))))

    return replace(whole, jobs=tuple(map(bound, whole.jobs)))


def planned(problem: Problem, start: Plan | None, moves: int) -> Plan:
    """Return a plan of a problem, improved by so many moves."""
    instance = index(problem)
    loader = Loader(instance)
    schedule = None if start is None else from_plan(instance, loader, start)
    schedule = schedule or greedy(instance, loader, budget_s=0)
    found = scheduled(instance, loader, search_by_moves(schedule, moves=moves, seed=0)) if moves else schedule
    assert found is not None
    return to_plan(found)


@given(first=one_floor, second=one_floor, seed=st.integers(0, 2**32), count=st.integers(2, 4))
@examples(0.5)
def test_a_plan_that_is_cut_and_put_together_is_the_same_plan(
    first: Problem, second: Problem, seed: int, count: int
) -> None:
    whole = bound_together(Random(seed), first, second)
    plan = planned(whole, None, 0)
    parts = cut(whole, plan, count)
    assert all(judge(part.problem, part.plan).feasible for part in parts)
    verdict, again = judge(whole, plan), judge(whole, put_together(whole, [part.plan for part in parts]))
    assert again.feasible
    assert (again.unplanned, again.cost) == (verdict.unplanned, verdict.cost)


@given(first=one_floor, second=one_floor, seed=st.integers(0, 2**32))
@examples(0.5)
def test_parts_that_keep_what_was_agreed_make_a_plan_that_keeps_every_rule(
    first: Problem, second: Problem, seed: int
) -> None:
    whole = bound_together(Random(seed), first, second)
    parts = cut(whole, planned(whole, None, 0), 2)
    plans = [planned(part.problem, part.plan, 500) for part in parts]
    known = {order.id for order in whole.orders}
    for part, plan in zip(parts, plans, strict=True):
        ends = {name: batch.end for batch in plan.batches for name in batch.jobs}
        due = {order.id: order.due for order in part.problem.orders if order.id not in known}
        if any(ends.get(entry.id, 0) > due[entry.order] for entry in part.problem.jobs if entry.order in due):
            return
    assert judge(whole, put_together(whole, plans)).feasible


def test_stations_that_share_a_family_are_in_one_part() -> None:
    problem = two_ovens()
    (part,) = cut(problem, planned(problem, None, 0), 2)
    assert part.problem == problem


def test_a_large_floor_is_searched_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batcher.planning.solve.PARTS_FROM", 1000)
    jobs = [job(k, family="mug" if k % 3 else "tin", release=31 * (k % 97)) for k in range(500)]
    one = replace(two_ovens(jobs), horizon=4_000_000)
    one = replace(one, stations=tuple(replace(s, windows=((0, one.horizon),), attended=None) for s in one.stations))
    whole = side_by_side(one, renamed(one, "other {}".format))
    result = solve(whole, budget_s=0, moves=20_000, workers=2)
    assert result.verdict.feasible
    assert result.plan.status is PlanStatus.FEASIBLE
    first = judge(whole, planned(whole, None, 0))
    assert (result.verdict.unplanned, result.verdict.cost) < (first.unplanned, first.cost)
