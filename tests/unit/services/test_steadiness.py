"""The plan of now starts from the plan before, and tells how much of it is left."""

import math
from collections.abc import Iterator, MutableMapping
from dataclasses import replace
from typing import Any

import pytest
import structlog

from batcher.planning.plan import Plan, PlanResult
from batcher.planning.problem import Problem
from batcher.planning.release import Decision, Reason
from batcher.planning.solve import solve
from batcher.services import actions
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle, plan_now
from batcher.services.plan_in_force import PlanBox, PlanInForce
from batcher.services.releasing import release_due
from batcher.services.status import floor_status
from batcher.store import batches
from tests.builders_api import NOW
from tests.builders_floor import later, made_by, order_document, take


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def keys(floor: Floor) -> list[str]:
    """Take in a morning's orders, and give plans time enough to carry the last one over."""
    rules = floor.rules.current
    floor.rules.swap(replace(rules, planning=replace(rules.planning, budget_s=600.0)), NOW)
    skus = sorted(rules.catalogue)[::9]
    return take(floor, *(order_document(sku, quantity=1 + k % 3) for k, sku in enumerate(skus)))


def unsearched(problem: Problem, **options: Any) -> PlanResult:
    """Plan without a search: what is as it was then is what was carried over."""
    return solve(problem, **{**options, "budget_s": 0.0})


def planned(floor: Floor) -> PlanInForce:
    return plan_cycle(floor, made_by(floor, unsearched))


def gauge(floor: Floor) -> float:
    value = floor.metrics.registry.get_sample_value("batcher_plan_batches_kept_ratio")
    assert value is not None
    return value


@pytest.mark.usefixtures("keys")
def test_a_queue_that_has_not_changed_is_planned_as_before_and_that_is_told_everywhere(
    floor: Floor, logged: list[MutableMapping[str, Any]]
) -> None:
    first = planned(floor)
    assert first.kept is None
    assert math.isnan(gauge(floor))
    second = planned(later(floor, minutes=5))
    assert second.kept == 1.0
    assert gauge(floor) == 1.0
    assert [line["batches_kept"] for line in logged if line["event"] == "plan_made"] == [None, 1.0]
    status = floor_status(floor)
    assert status.plan is not None
    assert status.plan.batches_kept == 1.0
    with floor.store.read() as session:
        stored = batches.latest_plan(session)
    assert stored is not None
    assert stored.document.unpacked()["batches_kept"] == 1.0


@pytest.mark.usefixtures("keys")
def test_new_orders_find_a_place_in_the_last_plan_and_it_costs_no_more_than_one_from_scratch(floor: Floor) -> None:
    planned(floor)
    take(floor, *(order_document(sku) for sku in sorted(floor.rules.current.catalogue)[4::40]))
    plan = planned(floor)
    assert plan.result.verdict.unplanned == 0
    assert plan.result.verdict.cost <= plan.result.greedy_cost
    assert plan.kept is not None
    assert plan.kept > 0


@pytest.mark.usefixtures("keys")
def test_what_was_released_or_cancelled_since_does_not_count(floor: Floor) -> None:
    full = take(floor, *(order_document() for _ in range(15)))
    (unwanted,) = take(floor, order_document(sorted(floor.rules.current.catalogue)[5]))
    planned(floor)
    assert release_due(
        floor, policy=lambda views, *_: [Decision(c.batch_id, True, Reason.FULL) for c in views if c.full]
    )
    actions.cancel_order(floor, unwanted, "bought twice", "t")
    plan = planned(floor)
    assert not {job.order for job in plan.snapshot.problem.jobs} & {*full, unwanted}
    assert plan.kept is not None
    assert plan.kept > 0.5


@pytest.mark.usefixtures("keys")
def test_a_daemon_that_has_been_started_anew_goes_on_from_the_stored_plan(floor: Floor) -> None:
    planned(floor)
    assert planned(replace(floor, plans=PlanBox())).kept == 1.0


@pytest.mark.usefixtures("keys")
def test_a_plan_made_to_be_looked_at_starts_from_the_plan_in_force_and_replaces_nothing(floor: Floor) -> None:
    rules = floor.rules.current
    floor.rules.swap(replace(rules, planning=replace(rules.planning, budget_s=0.0)), NOW)
    plan = planned(floor)
    assert plan_now(floor).kept is not None
    with floor.store.read() as session:
        stored = batches.latest_plan(session)
    assert stored is not None
    assert stored.id == plan.id


@pytest.mark.usefixtures("keys")
def test_work_of_a_station_that_went_down_is_planned_elsewhere_and_the_rest_stays(floor: Floor) -> None:
    before = planned(floor)
    actions.set_station(floor, "uv-1", up=False, reason="lamp", who="t")
    after = planned(floor)
    assert after.result.verdict.unplanned == 0
    assert all(batch.station != "uv-1" for batch in after.result.plan.batches)
    assert after.kept is not None
    assert 0 < after.kept <= 1 - sum(b.station == "uv-1" for b in before.result.plan.batches) / len(before.latest_begin)


@pytest.mark.usefixtures("keys")
def test_a_last_plan_that_cannot_be_carried_over_costs_nothing_but_its_help(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, logged: list[MutableMapping[str, Any]]
) -> None:
    planned(floor)

    def broken(*_: object, **__: object) -> Plan:
        raise KeyError("a batch of nowhere")

    monkeypatch.setattr("batcher.planning.brief.warm_start", broken)
    assert planned(floor).result.verdict.unplanned == 0
    assert "warm_start_broke" in [line["event"] for line in logged]
