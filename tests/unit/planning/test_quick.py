from batcher.planning.problem import Job
from batcher.planning.quick import quick_plan
from tests.builders_planning import job, two_ovens


def _queue(jobs: int) -> list[Job]:
    return [job(k, family="mug" if k % 3 else "tin", release=60 * k) for k in range(jobs)]


def test_the_same_start_moves_and_seed_give_the_same_plan() -> None:
    problem = two_ovens(_queue(20))
    assert quick_plan(problem, moves=2000, seed=3).plan == quick_plan(problem, moves=2000, seed=3).plan


def test_a_search_never_makes_a_plan_dearer() -> None:
    problem = two_ovens(_queue(20))
    found = quick_plan(problem, moves=2000)
    assert found.verdict.cost <= found.greedy_cost
    assert found.verdict.unplanned == 0


def test_what_still_waits_stays_together_and_what_is_new_finds_a_place() -> None:
    problem = two_ovens(_queue(20))
    before = quick_plan(problem, moves=2000).plan
    gone = set(before.batches[0].jobs)
    now = two_ovens([*(j for j in problem.jobs if j.id not in gone), job(20, release=0)])

    after = quick_plan(now, start=before)

    assert after.verdict.unplanned == 0
    kept = {batch.jobs for batch in after.plan.batches}
    assert sum(batch.jobs in kept for batch in before.batches[1:]) >= len(before.batches) - 2


def test_a_plan_of_other_jobs_is_no_start_and_no_harm() -> None:
    other = quick_plan(two_ovens([job(k) for k in range(50, 60)])).plan
    found = quick_plan(two_ovens(_queue(10)), start=other)
    assert found.verdict.unplanned == 0
