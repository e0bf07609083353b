"""Whatever becomes of the search, a cycle ends with a verified plan in force and says so."""

import multiprocessing
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection

import pytest

from batcher.domain.states import OrderState
from batcher.planning.plan import PlanStatus
from batcher.planning.verify import judge
from batcher.planning.worker import Task
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.releasing import release_due
from batcher.store import orders
from tests import planted_workers
from tests.builders_api import NOW
from tests.builders_floor import later, order_document, take

Worker = Callable[[Task, Connection], None]

#: A budget that a planted child ends at once, and that a busy machine does not use up before the search begins.
AMPLE_S = 20.0


def hurried(floor: Floor, budget_s: float) -> None:
    """Let plans take so long and no longer."""
    rules = floor.rules.current
    floor.rules.swap(replace(rules, planning=replace(rules.planning, budget_s=budget_s)), NOW)


def counted(floor: Floor, status: str) -> float:
    return floor.metrics.registry.get_sample_value("batcher_plans_total", {"status": status}) or 0.0


@pytest.fixture
def busy(floor: Floor) -> Floor:
    """Return a floor with so much to do in so little time that no plan is proven best without a search."""
    skus = sorted(floor.rules.current.catalogue)[::17]
    take(floor, *(order_document(sku, quantity=1 + k % 3, service="same-day") for k, sku in enumerate(skus)))
    return later(floor, hours=8, minutes=36)


@pytest.mark.parametrize(
    ("planted", "told"),
    [
        (planted_workers.is_killed, "exit code -9"),
        (planted_workers.runs_out_of_memory, "exit code 12"),
        (planted_workers.crashes, "exit code 3"),
        (planted_workers.answers_wrongly, "breaks the rules"),
        (planted_workers.answers_nonsense, "the solver"),
        (planted_workers.finds_nothing, "gave no answer"),
        (planted_workers.says_nothing, "the solver"),
        (planted_workers.claims_too_much, "gave no answer"),
    ],
)
def test_whatever_befalls_the_search_a_verified_fallback_plan_comes_into_force_and_is_counted(
    busy: Floor, monkeypatch: pytest.MonkeyPatch, planted: Worker, told: str
) -> None:
    hurried(busy, AMPLE_S)
    monkeypatch.setattr("batcher.planning.worker.main", planted)
    falls_back(busy, told)


def test_a_search_that_hangs_is_ended_and_a_verified_fallback_plan_comes_into_force_and_is_counted(
    busy: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried(busy, 5)
    monkeypatch.setattr("batcher.planning.children.GRACE_S", 0.5)
    monkeypatch.setattr("batcher.planning.worker.main", planted_workers.hangs)
    falls_back(busy, "did not stop within 0.5 s")
    assert multiprocessing.active_children() == []


def falls_back(floor: Floor, told: str) -> None:
    """Plan, and expect a fallback plan that says why."""
    plan = plan_cycle(floor)
    assert plan.result.plan.status is PlanStatus.FALLBACK
    assert told in plan.result.note
    verdict = judge(plan.snapshot.problem, plan.result.plan)
    assert verdict.feasible
    assert verdict.unplanned == 0
    assert plan.result.plan.bound is not None
    assert plan.result.plan.bound <= verdict.cost
    assert floor.plans.current is plan
    assert counted(floor, "fallback") == 1


def test_a_plan_for_which_there_was_no_time_to_search_is_a_fallback_too(busy: Floor) -> None:
    hurried(busy, 0)
    plan_cycle(busy)
    assert counted(busy, "fallback") == 1


def test_a_search_that_comes_to_an_answer_is_no_fallback(busy: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    hurried(busy, AMPLE_S)
    monkeypatch.setattr("batcher.planning.worker.main", planted_workers.answers_at_once)
    plan_cycle(busy)
    assert counted(busy, "fallback") == 0
    assert counted(busy, "feasible") == 1


def test_work_is_released_from_a_fallback_plan(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(15)))
    hurried(floor, 0)
    plan_cycle(floor)
    assert len(release_due(floor)) == 1


def test_an_order_that_ends_every_search_is_held_after_some_fallbacks_and_the_others_are_searched_again(
    busy: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    (deadly,) = take(busy, order_document(quantity=planted_workers.DEADLY_PIECES))
    hurried(busy, AMPLE_S)
    monkeypatch.setattr("batcher.planning.worker.main", planted_workers.dies_of_one_order)
    for _ in range(3):
        assert plan_cycle(busy).result.plan.status is PlanStatus.FALLBACK
    with busy.store.read() as session:
        held = orders.get_order(session, deadly)
        assert orders.orders_by_state(session)[OrderState.HELD] == 1
    assert held.held_code == "quarantined"
    assert "SolverError: the solver ended with exit code 3" in (held.held_reason or "")
    assert busy.replan.is_set()
    assert plan_cycle(busy).result.plan.status is not PlanStatus.FALLBACK


def test_a_search_that_dies_whatever_is_planned_is_no_orders_fault(
    busy: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried(busy, AMPLE_S)
    monkeypatch.setattr("batcher.planning.worker.main", planted_workers.crashes)
    for _ in range(3):
        assert plan_cycle(busy).result.plan.status is PlanStatus.FALLBACK
    with busy.store.read() as session:
        assert orders.orders_by_state(session)[OrderState.HELD] == 0
