import math
from collections.abc import Collection
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.planning.conversion import to_plan
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.plan import Batch, Plan, Verdict
from batcher.planning.problem import Link, Problem
from batcher.planning.stability import remaining
from batcher.planning.verify import judge
from batcher.planning.warm import warm_start
from tests.builders_planning import job, sheets, two_ovens
from tests.strategies_planning import problems

FOREVER = math.inf


def planned(problem: Problem) -> Plan:
    instance = index(problem)
    return to_plan(greedy(instance, Loader(instance), budget_s=0))


def without(problem: Problem, gone: Collection[str]) -> Problem:
    return replace(problem, jobs=tuple(job for job in problem.jobs if job.id not in gone))


def places(plan: Plan) -> set[tuple[str, frozenset[str]]]:
    return {(batch.station, frozenset(batch.jobs)) for batch in plan.batches}


def judged(problem: Problem, plan: Plan) -> Verdict:
    verdict = judge(problem, plan)
    assert verdict.feasible, verdict.violations
    return verdict


@given(problem=problems())
@settings(max_examples=40, deadline=None)
def test_a_plan_is_carried_over_to_its_own_problem_unchanged_and_no_later(problem: Problem) -> None:
    last = planned(problem)
    kept = warm_start(problem, last.batches, budget_s=FOREVER)
    assert places(kept) >= places(last)
    assert judged(problem, kept).unplanned <= len(last.unplanned)
    if not last.unplanned:
        assert judged(problem, kept).cost <= judge(problem, last).cost


@given(problem=problems(), data=st.data())
@settings(max_examples=40, deadline=None)
def test_whatever_came_and_went_since_the_plan_that_is_carried_over_keeps_every_rule(
    problem: Problem, data: st.DataObject
) -> None:
    names = [entry.id for entry in problem.jobs]
    awaited = {link.job for entry in problem.jobs for link in entry.after}
    some = st.sets(st.sampled_from(names)) if names else st.just(set[str]())
    gone = data.draw(some) - awaited
    came = data.draw(some)
    last = remaining(planned(problem).batches, set(names) - came)
    closed = data.draw(st.sampled_from([station.id for station in problem.stations]))
    now = without(problem, gone)
    now = replace(now, stations=tuple(replace(s, windows=() if s.id == closed else s.windows) for s in now.stations))
    judged(now, warm_start(now, last, budget_s=FOREVER))


def test_times_of_the_last_plan_do_not_matter_only_its_sequence() -> None:
    problem = two_ovens()
    last = planned(problem)
    ages_ago = [replace(batch, start=batch.start + 10**9, end=batch.end + 10**9) for batch in last.batches]
    assert warm_start(problem, ages_ago, budget_s=FOREVER) == warm_start(problem, last.batches, budget_s=FOREVER)


def test_jobs_that_are_gone_leave_their_batches_and_empty_batches_vanish() -> None:
    problem = two_ovens([job(0), job(1), job(2, family="tin")])
    last = [Batch("b1", "oven-1", "mug", 0, 1200, ("j0", "j1")), Batch("b2", "oven-2", "tin", 500, 2500, ("j2",))]
    kept = warm_start(without(problem, {"j1", "j2"}), last, budget_s=FOREVER)
    assert places(kept) == {("oven-1", frozenset({"j0"}))}


def test_a_new_job_joins_a_batch_that_has_room() -> None:
    last = [Batch("b1", "oven-1", "mug", 0, 1200, ("j0", "j1"))]
    kept = warm_start(two_ovens([job(0), job(1), job(2)]), last, budget_s=FOREVER)
    assert places(kept) == {("oven-1", frozenset({"j0", "j1", "j2"}))}


def test_a_new_job_that_fits_no_batch_gets_one_of_its_own_and_the_others_stay() -> None:
    last = [Batch("b1", "oven-1", "mug", 0, 1200, ("j0", "j1", "j2", "j3"))]
    kept = warm_start(two_ovens([job(number) for number in range(5)]), last, budget_s=FOREVER)
    assert ("oven-1", frozenset({"j0", "j1", "j2", "j3"})) in places(kept)
    assert kept.unplanned == ()


def test_new_prints_are_nested_beside_the_ones_that_are_there() -> None:
    problem = sheets(4)
    kept = warm_start(problem, planned(sheets(3)).batches, budget_s=FOREVER)
    assert judged(problem, kept).unplanned == 0
    assert len(kept.batches) == 1


def test_what_a_station_that_is_gone_was_to_run_is_planned_elsewhere() -> None:
    problem = two_ovens([job(0)])
    last = [Batch("b1", "oven-9", "mug", 0, 1200, ("j0",))]
    assert warm_start(problem, last, budget_s=FOREVER).unplanned == ()


def test_a_batch_that_the_rules_no_longer_allow_is_taken_apart() -> None:
    problem = two_ovens([job(0), job(1, family="tin"), job(2, size=4), job(3, group="g"), job(4, group="g")])
    last = [Batch("b1", "oven-1", "mug", 0, 1200, ("j0", "j1", "j2", "j3"))]
    kept = warm_start(problem, last, budget_s=FOREVER)
    assert judged(problem, kept).unplanned == 0


def test_a_job_whose_predecessor_lost_its_place_follows_it_to_the_new_one() -> None:
    problem = two_ovens([job(0), job(1, family="tin", after=(Link("j0", 60),))])
    last = [Batch("b1", "oven-1", "tin", 0, 2400, ("j1",))]
    assert judged(problem, warm_start(problem, last, budget_s=FOREVER)).unplanned == 0


def test_without_time_what_is_new_stays_unplanned_and_what_was_planned_stays() -> None:
    problem = two_ovens([job(0), job(1, family="tin")])
    kept = warm_start(problem, [Batch("b1", "oven-1", "mug", 0, 1200, ("j0",))], budget_s=0)
    assert places(kept) == {("oven-1", frozenset({"j0"}))}
    assert kept.unplanned == ("j1",)
