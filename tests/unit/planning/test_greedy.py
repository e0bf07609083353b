from dataclasses import replace

from hypothesis import given, settings

from batcher.planning.conversion import to_plan
from batcher.planning.documents import write_plan, write_problem
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.plan import Plan, Verdict
from batcher.planning.problem import Link, Problem
from batcher.planning.verify import judge
from tests.builders_planning import job, referee, sheets, two_ovens
from tests.strategies_planning import problems


def plan_of(problem: Problem) -> tuple[Plan, Verdict]:
    instance = index(problem)
    plan = to_plan(greedy(instance, Loader(instance), budget_s=0.01))
    return plan, judge(problem, plan)


@given(problem=problems(most_jobs=25))
@settings(max_examples=50, deadline=None)
def test_every_greedy_plan_is_accepted_by_judge_and_referee(problem: Problem) -> None:
    plan, verdict = plan_of(problem)
    assert verdict.feasible, verdict.violations
    assert referee().judge(write_problem(problem), write_plan(plan))["feasible"]


def test_everything_that_can_be_placed_is_placed() -> None:
    assert plan_of(two_ovens([job(k, family="tin") for k in range(9)]))[1].unplanned == 0
    assert plan_of(sheets(12))[1].unplanned == 0


def test_a_job_no_window_is_long_enough_for_is_unplanned_and_so_is_what_waits_for_it() -> None:
    problem = two_ovens([job(0, serial_seconds=39_000), job(1, after=(Link("j0"),)), job(2)])
    plan, verdict = plan_of(problem)
    assert verdict.feasible
    assert plan.unplanned == ("j0", "j1")


def test_a_group_too_big_for_any_batch_is_left_out_as_a_whole() -> None:
    problem = two_ovens([job(k, group="g") for k in range(5)])
    plan, verdict = plan_of(problem)
    assert verdict.feasible
    assert len(plan.unplanned) == 5


def test_a_family_with_slack_is_run_in_full_batches() -> None:
    problem = two_ovens([job(k) for k in range(8)])
    relaxed = replace(problem, orders=tuple(replace(order, due=39_000) for order in problem.orders))
    assert plan_of(relaxed)[1].batches == 2


def test_a_batch_waits_for_a_job_that_fills_it_while_its_slack_allows() -> None:
    jobs = [job(0), job(1), job(2), job(3, release=2000)]
    assert plan_of(two_ovens(jobs))[1].batches == 1


def test_jobs_follow_those_they_wait_for_after_their_lag() -> None:
    problem = two_ovens([job(0), job(1, after=(Link("j0", 5000),)), job(2, family="tin", after=(Link("j1", 100),))])
    plan, verdict = plan_of(problem)
    ends = {name: batch for batch in plan.batches for name in batch.jobs}
    assert verdict.feasible
    assert ends["j1"].start >= ends["j0"].end + 5000
    assert ends["j2"].start >= ends["j1"].end + 100


def test_the_same_problem_gives_the_same_plan() -> None:
    assert plan_of(two_ovens()) == plan_of(two_ovens())


def test_a_problem_without_jobs_has_an_empty_plan() -> None:
    plan, verdict = plan_of(replace(two_ovens(), jobs=()))
    assert (plan.batches, verdict.cost) == ((), 0)
