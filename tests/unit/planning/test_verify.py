import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

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
from tests.builders_planning import job, referee, sheets, two_ovens
from tests.strategies_planning import problems


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


def with_more(plan: Plan, station: str, family: str, start: int, end: int, *jobs: str) -> Plan:
    return replace(plan, batches=(*plan.batches, Batch("b3", station, family, start, end, jobs)))


def without(plan: Plan, place: int, job_id: str) -> Plan:
    return with_batch(plan, place, jobs=tuple(held for held in plan.batches[place].jobs if held != job_id))


def with_station(problem: Problem, **changes: object) -> Problem:
    changed = replace(problem.stations[0], **changes)  # type: ignore[arg-type]
    return replace(problem, stations=(changed, *problem.stations[1:]))


def lights_out(problem: Problem, *, families: bool = False, **changes: object) -> Problem:
    """Return the problem with nobody there from 1000 on, when the second batch begins."""
    found = with_station(problem, attended=((0, 1000),), **changes)
    return replace(found, families=tuple(replace(f, unattended=f.unattended or families) for f in found.families))


@dataclass(frozen=True)
class Damage:
    """One kind of damage, the invariant of `docs/planning.md` that it breaks, and what the judge must say."""

    breaks: str
    told: str
    to: Callable[[Problem, Plan], tuple[Problem, Plan]]


#: Each breaks one rule and no other, so that no rule can stand in for another.
DAMAGES = (
    Damage("P1", "mug cannot run on oven-9", lambda p, s: (p, with_more(s, "oven-9", "mug", 9000, 10_200))),
    Damage("P1", "vase cannot run on oven-1", lambda p, s: (p, with_more(s, "oven-1", "vase", 9000, 10_200))),
    Damage("P1", "there is no job ghost", lambda p, s: (p, with_batch(s, 0, jobs=(*s.batches[0].jobs, "ghost")))),
    Damage("P1", "in more than one batch", lambda p, s: (p, with_more(s, "oven-1", "tin", 6160, 8560, "j3"))),
    Damage("P1", "j3 is of another family", lambda p, s: (with_job(p, 3, family="mug"), s)),
    Damage("P1", "j0 may not run on oven-1", lambda p, s: (with_job(p, 0, stations=frozenset({"oven-2"})), s)),
    Damage("P1", "b1 is there 2 times", lambda p, s: (p, with_batch(s, 1, id="b1"))),
    Damage("P2", "it is empty", lambda p, s: (p, with_more(s, "oven-1", "mug", 9000, 10_200))),
    Damage("P2", "it lasts 2401 s, not 2400 s", lambda p, s: (p, with_batch(s, 1, end=6161))),
    Damage("P2", "it lasts 1359 s, not 1360 s", lambda p, s: (p, with_batch(s, 0, end=1959))),
    Damage("P2", "not 1361 s", lambda p, s: (with_job(p, 0, serial_seconds=1), s)),
    Damage("P2", "not 1410 s", lambda p, s: (with_job(p, 0, parallel_seconds=150), s)),
    Damage("P3", "sizes sum to 5, its capacity is 4", lambda p, s: (with_job(p, 0, size=2), s)),
    Damage("P4", "2 kinds, 1 allowed", lambda p, s: (with_job(p, 3, kind="y"), s)),
    Damage(
        "P4", "g is torn apart", lambda p, s: (p, with_more(without(s, 0, "j5"), "oven-1", "mug", 7060, 8260, "j5"))
    ),
    Damage("P4", "group g is torn", lambda p, s: (p, replace(without(s, 0, "j5"), unplanned=("j5",)))),
    Damage("P5", "processed for too long", lambda p, s: (with_job(p, 0, max_parallel_seconds=99), s)),
    Damage("P6", "j0 is released at 601", lambda p, s: (with_job(p, 0, release=601), s)),
    Damage("P6", "before j0 allows at 3761", lambda p, s: (with_job(p, 2, after=(Link("j0", 1801),)), s)),
    Damage("P6", "before j2 allows at 6160", lambda p, s: (with_job(p, 3, after=(Link("j2"),)), s)),
    Damage("P7", "begins at 1959, before oven-1 is free", lambda p, s: (p, later(s, 1, -1))),
    Damage("P7", "begins at 220, before oven-1 is free", lambda p, s: (p, later(s, 1, -1740))),
    Damage("P7", "b2: lies outside the windows", lambda p, s: (p, later(s, 1, 14_000))),
    Damage("P7", "b1: lies outside the windows", lambda p, s: (with_station(p, windows=((601, 40_000),)), s)),
    Damage("P7", "b2: lies outside", lambda p, s: (with_station(p, windows=((0, 2500), (2500, 40_000))), s)),
    Damage("P8", "needs an operator at 1960", lambda p, s: (lights_out(p, setup_unattended=True, magazine=9), s)),
    Damage("P8", "changes over with no operator", lambda p, s: (lights_out(p, families=True, magazine=9), s)),
    Damage("P8", "its magazine: 0", lambda p, s: (lights_out(p, families=True, setup_unattended=True), s)),
    Damage("P9", "the job before it, j0, is not", lambda p, s: (p, replace(without(s, 0, "j0"), unplanned=("j0",)))),
    Damage("P9", "j3 is neither planned nor told", lambda p, s: (p, without(s, 1, "j3"))),
    Damage("P9", "j3 is planned and told as unplanned", lambda p, s: (p, replace(s, unplanned=("j3",)))),
    Damage("P9", "unplanned: there is no job ghost", lambda p, s: (p, replace(s, unplanned=("ghost",)))),
)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: f"{damage.breaks} {damage.told}")
def test_a_damaged_plan_is_rejected_for_its_damage_alone(damage: Damage) -> None:
    violations = judge(*damage.to(*of_ovens())).violations
    assert violations
    assert all(damage.told in told for told in violations), violations


def test_at_least_twenty_kinds_of_damage_cover_every_invariant_of_the_document() -> None:
    document = Path(__file__).parents[3].joinpath("docs", "planning.md").read_text(encoding="utf-8")
    assert {damage.breaks for damage in DAMAGES} == set(re.findall(r"^\| (P\d+) \|", document, re.MULTILINE))
    assert len({damage.told for damage in DAMAGES}) == len(DAMAGES) >= 20


#: All of them break P3.
SHEET_DAMAGES: dict[str, Callable[[dict[str, Placement]], object]] = {
    "j1 has no place": lambda at: at.pop("j1"),
    "j1 leaves the sheet": lambda at: at.update(j1=Placement(-1, 200, False)),
    "j0 leaves the sheet": lambda at: at.update(j0=Placement(0, 301, False)),
    "j0 may not be rotated": lambda at: at.update(j0=Placement(0, 0, True)),
    "closer than 5": lambda at: at.update(j1=Placement(144, 0, False)),
    "j0 and j1 overlap": lambda at: at.update(j1=Placement(10, 10, False)),
}


@pytest.mark.parametrize("told", SHEET_DAMAGES)
def test_a_damaged_layout_is_rejected_for_its_damage_alone(told: str) -> None:
    problem = sheets(2)
    at = {"j0": Placement(0, 0, False), "j1": Placement(145, 0, False)}
    plan = Plan((Batch("b1", "film", "print", 0, 600, ("j0", "j1"), at),))
    assert judge(problem, plan).feasible
    SHEET_DAMAGES[told](at)
    violations = judge(problem, plan).violations
    assert len(violations) == 1
    assert told in violations[0]


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
