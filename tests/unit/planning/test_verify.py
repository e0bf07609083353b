from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.planning.conversion import to_plan
from batcher.planning.documents import write_plan, write_problem
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.plan import Batch, Placement, Plan
from batcher.planning.problem import Link, Problem
from batcher.planning.verify import judge
from tests.builders_planning import job, problems, referee, sheets, two_ovens


def planned(problem: Problem) -> Plan:
    instance = index(problem)
    return to_plan(greedy(instance, Loader(instance), budget_s=0))


def of_ovens() -> tuple[Problem, Plan]:
    """Return a problem with a plan for it that uses every rule."""
    problem = two_ovens(
        [
            job(0, release=600),
            job(1, serial_seconds=60, parallel_seconds=100, max_parallel_seconds=200),
            job(2, family="tin", kind="x", after=(Link("j0", 60),)),
            job(3, family="tin", kind="x", stations=frozenset({"oven-1"})),
            job(4, group="g"),
            job(5, group="g"),
        ]
    )
    plan = Plan(
        (
            Batch("b1", "oven-1", "mug", 600, 1960, ("j0", "j1", "j4", "j5")),
            Batch("b2", "oven-1", "tin", 3760, 6160, ("j2", "j3")),
        )
    )
    assert judge(problem, plan).feasible
    return problem, plan


def with_batch(plan: Plan, place: int, **changes: object) -> Plan:
    batches = list(plan.batches)
    batches[place] = replace(batches[place], **changes)  # type: ignore[arg-type]
    return replace(plan, batches=tuple(batches))


def later(plan: Plan, place: int, seconds: int) -> Plan:
    batch = plan.batches[place]
    return with_batch(plan, place, start=batch.start + seconds, end=batch.end + seconds)


def with_job(problem: Problem, place: int, **changes: object) -> Problem:
    jobs = list(problem.jobs)
    jobs[place] = replace(jobs[place], **changes)  # type: ignore[arg-type]
    return replace(problem, jobs=tuple(jobs))


Damage = Callable[[Problem, Plan], tuple[Problem, Plan]]

DAMAGES: dict[str, Damage] = {
    "cannot run on": lambda p, s: (p, with_batch(s, 0, station="oven-9")),
    "cannot run": lambda p, s: (p, with_batch(s, 0, family="vase")),
    "there is no job": lambda p, s: (p, with_batch(s, 0, jobs=("j0", "j1", "j4", "j5", "ghost"))),
    "in more than one batch": lambda p, s: (p, with_batch(s, 1, jobs=("j2", "j3", "j0"))),
    "of another family": lambda p, s: (with_job(p, 3, family="mug"), s),
    "may not run on": lambda p, s: (with_job(p, 0, stations=frozenset({"oven-2"})), s),
    "is released at": lambda p, s: (with_job(p, 0, release=601), s),
    "it is empty": lambda p, s: (p, replace(s, batches=(*s.batches, Batch("b3", "oven-1", "mug", 9000, 10_200, ())))),
    "its capacity is": lambda p, s: (with_job(p, 0, size=2), s),
    "kinds, 1 allowed": lambda p, s: (with_job(p, 3, kind="y"), s),
    "processed for too long": lambda p, s: (with_job(p, 0, parallel_seconds=50, max_parallel_seconds=99), s),
    "it lasts": lambda p, s: (p, with_batch(s, 1, end=6161)),
    "before oven-1 is free": lambda p, s: (p, later(s, 1, -1)),
    "lies outside the windows": lambda p, s: (p, later(s, 1, 14_000)),
    "before j0 allows": lambda p, s: (with_job(p, 2, after=(Link("j0", 1801),)), s),
    "the job before it": lambda p, s: (
        p,
        replace(s, batches=(with_batch(s, 0, jobs=("j1", "j4", "j5")).batches[0], s.batches[1]), unplanned=("j0",)),
    ),
    "is torn apart": lambda p, s: (with_job(p, 3, group="g"), s),
    "neither planned nor told": lambda p, s: (p, with_batch(s, 1, jobs=("j2",))),
    "planned and told as unplanned": lambda p, s: (p, replace(s, unplanned=("j3",))),
    "unplanned: there is no job": lambda p, s: (p, replace(s, unplanned=("ghost",))),
    "is there 2 times": lambda p, s: (p, with_batch(s, 1, id="b1")),
    "needs an operator at": lambda p, s: (
        replace(
            p,
            stations=(
                replace(p.stations[0], attended=((0, 1000),), setup_unattended=True, magazine=9),
                *p.stations[1:],
            ),
        ),
        s,
    ),
    "changes over with no operator": lambda p, s: (
        replace(p, stations=(replace(p.stations[0], attended=((0, 1000),), magazine=9), *p.stations[1:])),
        s,
    ),
    "its magazine: 0": lambda p, s: (
        replace(p, stations=(replace(p.stations[0], attended=((0, 500),), setup_unattended=True), *p.stations[1:])),
        s,
    ),
}


@pytest.mark.parametrize("violation", DAMAGES)
def test_a_damaged_plan_is_rejected_for_its_damage(violation: str) -> None:
    problem, plan = DAMAGES[violation](*of_ovens())
    assert any(violation in told for told in judge(problem, plan).violations)


SHEET_DAMAGES: dict[str, Callable[[dict[str, Placement]], object]] = {
    "has no place": lambda at: at.pop("j1"),
    "leaves the sheet": lambda at: at.update(j1=Placement(-1, 200, False)),
    "may not be rotated": lambda at: at.update(j0=Placement(0, 0, True)),
    "closer than 5": lambda at: at.update(j1=Placement(144, 0, False)),
    "overlap": lambda at: at.update(j1=Placement(10, 10, False)),
}


@pytest.mark.parametrize("violation", SHEET_DAMAGES)
def test_a_damaged_layout_is_rejected_for_its_damage(violation: str) -> None:
    problem = sheets(2)
    at = {"j0": Placement(0, 0, False), "j1": Placement(145, 0, False)}
    plan = Plan((Batch("b1", "film", "print", 0, 600, ("j0", "j1"), at),))
    assert judge(problem, plan).feasible
    SHEET_DAMAGES[violation](at)
    assert any(violation in told for told in judge(problem, plan).violations)


def test_the_cost_is_the_sum_of_its_parts_to_the_penny() -> None:
    problem, plan = of_ovens()
    verdict = judge(problem, replace(plan, batches=plan.batches[:1], unplanned=("j2", "j3")))
    # 1360 s at 1200 an hour; two orders late by 40 000 + 604 800 - 9000 s at 60 an hour
    assert verdict.breakdown["batches"] == 40
    assert verdict.breakdown["running"] == pytest.approx(1360 * 1200 / 3600)
    assert verdict.breakdown["changeovers"] == 0
    assert verdict.breakdown["lateness"] == pytest.approx(2 * (500 + 635_800 * 60 / 3600))
    assert verdict.late_orders == 2
    assert verdict.unplanned == 2


@given(problem=problems(), shift=st.integers(-400, 400), victim=st.integers(0, 20))
@settings(max_examples=40, deadline=None)
def test_judge_and_referee_agree_on_plans_good_and_damaged(problem: Problem, shift: int, victim: int) -> None:
    judges = referee()
    plan = planned(problem)
    assert judge(problem, plan).feasible
    if plan.batches:
        plan = later(plan, victim % len(plan.batches), shift)
    mine, theirs = judge(problem, plan), judges.judge(write_problem(problem), write_plan(plan))
    assert mine.feasible == theirs["feasible"], (mine.violations, theirs["violations"])
    assert mine.cost == pytest.approx(theirs["cost"])
    assert {part: pytest.approx(money) for part, money in theirs["breakdown"].items()} == {
        part: money for part, money in mine.breakdown.items() if part in theirs["breakdown"]
    }
    assert (mine.unplanned, mine.late_orders) == (theirs["unplanned"], theirs["late_orders"])
