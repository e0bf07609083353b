import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings

from batcher.planning.documents import load_json, read_problem, write_plan, write_problem
from batcher.planning.index import index
from batcher.planning.plan import Plan
from batcher.planning.problem import Link, Problem
from batcher.planning.verify import judge
from benchmarks.planner.generator import generate
from benchmarks.planner.peers.batc import Dispatch, Rule, batc, rules
from benchmarks.planner.peers.edd import edd
from benchmarks.planner.peers.textbook import textbook
from tests.builders_planning import job, referee, shared, sheets, two_ovens
from tests.strategies_planning import problems


def edd_plan(problem: Problem) -> Plan:
    return edd(index(problem))


def batc_plan(problem: Problem) -> Plan:
    found: list[Plan] = []

    def take(plan: Plan) -> bool:
        found.append(plan)
        return True

    batc(index(problem), on_plan=take)
    return min(found, key=lambda plan: judge(problem, plan).cost)


def textbook_plan(problem: Problem) -> Plan:
    found: list[Plan] = []
    textbook(index(problem), seconds=lambda: 60, workers=1, seed=0, on_plan=lambda plan, _: found.append(plan))
    return found[-1]


PEERS = {"edd": edd_plan, "batc": batc_plan, "textbook": textbook_plan}


@pytest.fixture(params=sorted(PEERS))
def peer(request: pytest.FixtureRequest) -> Callable[[Problem], Plan]:
    return PEERS[request.param]


@pytest.mark.parametrize("plan_of", [edd_plan, batc_plan], ids=["edd", "batc"])
@given(problem=problems(most_jobs=20))
@settings(max_examples=25, deadline=None)
def test_every_plan_of_a_rule_is_accepted_by_judge_and_referee(
    plan_of: Callable[[Problem], Plan], problem: Problem
) -> None:
    plan = plan_of(problem)
    assert judge(problem, plan).violations == ()
    assert referee().judge(write_problem(problem), write_plan(plan))["feasible"]


def test_a_small_floor_with_operators_and_changeovers_is_planned_whole(peer: Callable[[Problem], Plan]) -> None:
    problem = two_ovens([job(k, family="tin" if k % 3 else "mug", kind="xy"[k % 2]) for k in range(5)])
    verdict = judge(problem, peer(problem))
    assert verdict.violations == ()
    assert verdict.unplanned == 0


def test_prints_lie_on_their_sheets(peer: Callable[[Problem], Plan]) -> None:
    problem = sheets(4)
    verdict = judge(problem, peer(problem))
    assert verdict.violations == ()
    assert verdict.unplanned == 0


def test_jobs_follow_those_they_wait_for(peer: Callable[[Problem], Plan]) -> None:
    problem = two_ovens([job(0), job(1, after=(Link("j0", 2000),)), job(2, family="tin", after=(Link("j1", 100),))])
    verdict = judge(problem, peer(problem))
    assert verdict.violations == ()
    assert verdict.unplanned == 0


def test_the_textbook_model_finds_the_cheapest_plan_and_proves_it() -> None:
    jobs = [job(k, family="tin" if k % 2 else "mug", parallel_seconds=100 * k, serial_seconds=10) for k in range(5)]
    problem = two_ovens(jobs)
    costs: list[float] = []

    def take(plan: Plan, bound: float) -> None:
        costs.append(judge(problem, plan).cost)
        assert bound <= costs[-1] + 1e-6

    answer = textbook(index(problem), seconds=lambda: 60, workers=1, seed=0, on_plan=take)
    assert answer.status == "optimal"
    assert answer.bound == pytest.approx(costs[-1])
    assert costs[-1] <= min(judge(problem, edd_plan(problem)).cost, judge(problem, batc_plan(problem)).cost) + 1e-6


def test_changeovers_are_swept_only_where_there_are_any() -> None:
    with_changeovers = two_ovens()
    nothing = replace(with_changeovers.changeovers, seconds=((0, 0), (0, 0)))
    assert len(list(rules(index(with_changeovers)))) == 30
    assert len(list(rules(index(replace(with_changeovers, changeovers=nothing))))) == 10


def test_batc_begins_what_is_most_overdue_first() -> None:
    problem = two_ovens([job(0, family="tin", stations=frozenset({"oven-1"})), job(1, stations=frozenset({"oven-1"}))])
    urgent = replace(problem, orders=(replace(problem.orders[0], due=-5000), replace(problem.orders[1], due=39_000)))
    plan = Dispatch(index(urgent), Rule(reach=2.0, setup=2.0)).plan()
    assert [batch.jobs for batch in plan.batches] == [("j0",), ("j1",)]


@pytest.mark.parametrize("name", ["floor-00012", "floor-00060", "floor-00300", "floor-01000"])
def test_earliest_due_date_costs_what_the_example_problems_say(name: str) -> None:
    readme = shared("problems", "README.md").read_text()
    known = re.search(rf"\| {name} \| \d+ \| ([\d,]+) \| (\d+) ", readme)
    assert known is not None
    path = next(shared("problems").glob(f"{name}.json*"))
    problem = read_problem(load_json(path))
    verdict = judge(problem, edd_plan(problem))
    assert verdict.feasible
    assert verdict.cost == pytest.approx(float(known[1].replace(",", "")), abs=1.0)
    assert verdict.late_orders == int(known[2])


def test_earliest_due_date_plans_a_generated_floor_whole() -> None:
    problem = generate(300, seed=3)
    verdict = judge(problem, edd_plan(problem))
    assert verdict.feasible
    assert verdict.unplanned == 0
