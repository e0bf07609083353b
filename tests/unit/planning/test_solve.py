import multiprocessing
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from batcher.planning.documents import load_json, read_problem
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.plan import Batch, Plan, PlanStatus, Verdict
from batcher.planning.problem import Changeovers, Family, Link, Mode, Order, Problem, Station
from batcher.planning.solve import solve
from batcher.planning.verify import judge
from tests.builders_planning import job, shared, sheets, two_ovens


def crowded(count: int = 60) -> Problem:
    """Return a problem too big to be proven optimal at once."""
    jobs = [
        job(k, family="mug" if k % 3 else "tin", release=137 * (k % 11), serial_seconds=17 * (k % 5))
        for k in range(count)
    ]
    problem = two_ovens(jobs)
    return replace(problem, orders=tuple(replace(o, due=3000 + 311 * k) for k, o in enumerate(problem.orders)))


def test_a_solved_problem_has_a_verified_plan_no_dearer_than_the_greedy_one() -> None:
    problem = crowded()
    result = solve(problem, budget_s=0, moves=20_000, workers=2)
    verdict = judge(problem, result.plan)
    assert verdict == result.verdict
    assert verdict.feasible
    assert verdict.cost < result.greedy_cost
    assert result.plan.status is PlanStatus.FEASIBLE
    assert result.plan.bound is not None
    assert 0 < result.plan.bound <= verdict.cost
    assert multiprocessing.active_children() == []


def test_no_time_at_all_still_gives_the_greedy_plan() -> None:
    result = solve(crowded(), budget_s=0)
    assert result.verdict.feasible
    assert result.verdict.unplanned == 0
    assert result.plan.status is PlanStatus.FALLBACK
    assert "no time" in result.note


def test_a_solver_out_of_memory_leaves_the_greedy_plan() -> None:
    problem = crowded()
    heavy = replace(problem.jobs[0], id="j" * 40_000_000)  # the answer names it
    result = solve(replace(problem, jobs=(heavy, *problem.jobs[1:])), budget_s=4, workers=1, memory_mb=16)
    assert result.plan.status is PlanStatus.FALLBACK
    assert result.verdict.feasible
    assert result.verdict.cost == result.greedy_cost
    assert "the solver" in result.note
    assert multiprocessing.active_children() == []


def test_a_solver_that_is_killed_leaves_the_greedy_plan() -> None:
    done = threading.Event()

    def kill() -> None:
        while not done.is_set():
            for child in multiprocessing.active_children():
                if child.pid is not None:
                    os.kill(child.pid, signal.SIGKILL)
            done.wait(0.01)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        result = solve(crowded(), budget_s=4, workers=2)
    finally:
        done.set()
        killer.join()
    assert result.plan.status is PlanStatus.FALLBACK
    assert result.verdict.feasible
    assert "exit code -9" in result.note


def test_it_can_be_called_from_threads_at_the_same_time() -> None:
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(lambda problem: solve(problem, budget_s=2, workers=1), [crowded(), sheets(9)]))
    assert all(result.verdict.feasible for result in results)


def test_a_better_start_is_kept() -> None:
    problem = crowded()
    good = solve(problem, budget_s=2)
    again = solve(problem, budget_s=0, start=good.plan)
    assert again.verdict.cost <= good.verdict.cost


def test_a_start_that_breaks_a_rule_is_ignored() -> None:
    problem = two_ovens()
    nonsense = Plan((Batch("b", "oven-1", "mug", 0, 1, ("j1",)),))
    assert solve(problem, budget_s=0, start=nonsense).verdict.feasible


def test_progress_tells_ever_better_plans() -> None:
    told: list[Verdict] = []
    solve(crowded(), budget_s=2, on_progress=lambda verdict, _: told.append(verdict))
    costs = [(verdict.unplanned, verdict.cost) for verdict in told]
    assert costs == sorted(costs, reverse=True)
    assert len(costs) >= 2


def test_a_plan_that_meets_the_bound_is_optimal_without_a_search() -> None:
    problem = replace(two_ovens(), jobs=())
    assert solve(problem, budget_s=30).plan.status is PlanStatus.OPTIMAL


def test_a_plan_that_costs_nothing_is_not_the_best_while_it_leaves_a_job_out() -> None:
    """In a window for two firings, greedy fires the first mug alone, and the other and its rest come too late."""
    station = Station("oven", ((0, 2000),), "mug", 0, 0)
    problem = Problem(
        name="free",
        horizon=2000,
        stations=(station,),
        changeovers=Changeovers(("mug",), ((0,),), ((0,),)),
        families=(
            Family("fired", "mug", (Mode("oven", 856, 0, 9),)),
            Family("dried", "mug", (Mode("oven", 92, 0, 3),)),
        ),
        orders=tuple(Order(f"o{k}", due, int(k == 2), 0) for k, due in enumerate((0, 0, 92, 596))),
        jobs=(
            job(0, family="dried", release=1),
            job(1, family="fired"),
            job(2, family="dried"),
            job(3, family="fired", after=(Link("j0", 105),)),
        ),
    )
    best = solve(problem, budget_s=0, moves=20_000, workers=1)
    assert best.verdict.unplanned == 0
    assert best.plan.status is PlanStatus.OPTIMAL


def test_a_plan_for_twenty_thousand_jobs_comes_without_time_to_search() -> None:
    path = shared("problems", "floor-20000.json.gz")
    result = solve(read_problem(load_json(Path(path))), budget_s=1)
    assert result.verdict.feasible
    assert result.verdict.unplanned == 0


def test_a_search_that_is_told_to_stop_returns_the_best_plan_so_far() -> None:
    stop, say = multiprocessing.Pipe(duplex=False)
    instance = index(crowded())
    swept = greedy(instance, Loader(instance), budget_s=600).cost / 3600
    told: list[float] = []

    def watch(verdict: Verdict, _: float) -> None:
        told.append(verdict.cost)
        if verdict.cost < swept - 1:  # the first that a child has found
            say.send_bytes(b"stop")

    result = solve(crowded(), budget_s=600, workers=1, stop=stop, on_progress=watch)
    assert result.verdict.feasible
    assert result.verdict.cost <= told[-1]
    assert result.plan.status is PlanStatus.FEASIBLE
    assert multiprocessing.active_children() == []
