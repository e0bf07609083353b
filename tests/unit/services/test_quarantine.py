"""Orders that break planning are found, held and told of; others never are."""

from collections.abc import Callable, Collection, Iterator, MutableMapping
from dataclasses import replace
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from batcher.domain.states import OrderState
from batcher.errors import PlanningError, PlanRejectedError
from batcher.planning.brief import Solver
from batcher.planning.conversion import to_plan
from batcher.planning.plan import Plan, PlanResult
from batcher.planning.problem import Problem
from batcher.planning.schedule import Schedule
from batcher.planning.solve import solve
from batcher.services import actions
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.explain import why
from batcher.services.housekeeping import housekeep
from batcher.services.quarantine import find_culprits, find_deadly
from batcher.store import events, orders
from tests.builders_api import NOW
from tests.builders_floor import made_by, order_document, order_state, take

FOREVER = 1e9


def numbered(count: int) -> list[str]:
    return [f"o{number:04}" for number in range(count)]


class Planted:
    """Planning with a fault in it; counts how often it was tried."""

    def __init__(self, breaks: Callable[[set[str]], bool]) -> None:
        self.breaks, self.tries = breaks, 0

    def __call__(self, keys: Collection[str]) -> None:
        self.tries += 1
        if self.breaks(set(keys)):
            raise ArithmeticError(f"try {self.tries}")


@given(st.integers(2, 300).flatmap(lambda count: st.tuples(st.just(count), st.sets(st.integers(0, count - 1)))))
def test_every_order_that_breaks_planning_by_itself_is_found_and_no_other(drawn: tuple[int, set[int]]) -> None:
    count, poisonous = drawn
    keys = numbered(count)
    bad = {keys[number] for number in poisonous if number < 2 or number % 5 == 4}
    found = set(find_culprits(keys, Planted(lambda part: bool(part & bad)), budget_s=FOREVER))
    if 2 * len(bad) > count or len(bad) > max(3, count // 4):
        assert found == set()
    else:
        assert found == bad


def test_one_among_a_thousand_is_found_in_a_few_tries() -> None:
    planted = Planted(lambda part: "o0617" in part)
    (found,) = find_culprits(numbered(1000), planted, budget_s=FOREVER)
    assert found == "o0617"
    assert planted.tries <= 16


@pytest.mark.parametrize("bad", ["o0000", "o0041", "o0099"])
def test_an_order_that_breaks_planning_only_beside_another_is_found(bad: str) -> None:
    planted = Planted(lambda part: bad in part and len(part) > 1)
    assert list(find_culprits(numbered(100), planted, budget_s=FOREVER)) == [bad]


def test_of_two_that_break_planning_only_together_the_younger_is_blamed() -> None:
    planted = Planted(lambda part: {"o0003", "o0077"} <= part)
    assert list(find_culprits(numbered(100), planted, budget_s=FOREVER)) == ["o0077"]


class Flaky:
    """Planning that breaks at the first few tries, whatever is planned."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self, keys: Collection[str]) -> None:
        self.left -= 1
        if self.left >= 0:
            raise OSError("busy")


FAULTS_OF_NO_ORDER: dict[str, Callable[[Collection[str]], None]] = {
    "it breaks on nothing": Planted(lambda part: True),
    "it breaks on anything": Planted(bool),
    "there are too many": Planted(lambda part: len(part) > 60),
    "there is one too many": Planted(lambda part: len(part) == 100),
    "too many of them break it": Planted(lambda part: any(int(key[1:]) % 3 == 0 for key in part)),
    "it comes and goes": Flaky(1),
    "it goes on for a while": Flaky(9),
}


@pytest.mark.parametrize("fault", FAULTS_OF_NO_ORDER)
@pytest.mark.parametrize("search", [find_culprits, find_deadly])
def test_what_is_no_orders_fault_blames_nobody(fault: str, search: Callable[..., dict[str, Exception]]) -> None:
    assert search(numbered(100), FAULTS_OF_NO_ORDER[fault], budget_s=FOREVER) == {}


@pytest.mark.parametrize("search", [find_culprits, find_deadly])
def test_without_time_nobody_is_blamed(search: Callable[..., dict[str, Exception]]) -> None:
    assert search(numbered(100), Planted(lambda part: "o0042" in part), budget_s=-1) == {}


def test_the_only_order_there_is_cannot_be_told_from_a_fault_of_planning() -> None:
    assert find_culprits(["o1"], Planted(bool), budget_s=FOREVER) == {}
    assert find_deadly(["o1"], Planted(bool), budget_s=FOREVER) == {}


@pytest.mark.parametrize("bad", ["o0000", "o0041", "o0099"])
def test_an_order_that_ends_every_search_is_found_though_it_ends_none_of_a_few_orders(bad: str) -> None:
    planted = Planted(lambda part: bad in part and len(part) > 20)
    assert list(find_deadly(numbered(100), planted, budget_s=FOREVER)) == [bad]
    assert planted.tries <= 10


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """Keep what is logged, and spare the terminal the tracebacks."""
    with structlog.testing.capture_logs() as lines:
        yield lines


def in_a_hurry(floor: Floor) -> Floor:
    """Have plans made without a search."""
    rules = floor.rules.current
    floor.rules.swap(replace(rules, planning=replace(rules.planning, budget_s=0.0)), NOW)
    return floor


def breaking_on(*keys: str) -> Solver:
    """Return a planner in which a fault is planted that certain orders trip."""

    def planted(problem: Problem, **options: Any) -> PlanResult:
        if any(job.order in keys for job in problem.jobs):
            raise ZeroDivisionError("a jig of no width")
        return solve(problem, **options)

    return planted


def gauge(floor: Floor) -> float | None:
    return floor.metrics.registry.get_sample_value("batcher_orders_quarantined")


def test_an_order_that_breaks_planning_is_held_with_the_reason_and_the_others_are_planned_at_once(
    floor: Floor, logged: list[MutableMapping[str, Any]]
) -> None:
    keys = take(in_a_hurry(floor), *(order_document() for _ in range(9)))
    poison = keys[4]
    plan = plan_cycle(floor, made_by(floor, breaking_on(poison)))
    assert {job.order for job in plan.snapshot.problem.jobs} == set(keys) - {poison}
    assert plan.result.verdict.unplanned == 0
    with floor.store.read() as session:
        held = orders.get_order(session, poison)
        happened = events.events_of(session, order_key=poison)[-1]
    assert (held.state, held.held_code) == (OrderState.HELD, "quarantined")
    assert "ZeroDivisionError: a jig of no width" in (held.held_reason or "")
    assert (happened.after, happened.data["code"]) == ("held", "quarantined")
    assert gauge(floor) == 1
    assert [(line["order_key"], line["error"]) for line in logged if line["event"] == "order_quarantined"] == [
        (poison, "ZeroDivisionError")
    ]
    assert "Held (quarantined)" in why(floor, actions.find_order(floor, poison)).headline


def test_a_quarantined_order_is_planned_again_when_a_person_lets_it_go(floor: Floor) -> None:
    keys = take(in_a_hurry(floor), *(order_document() for _ in range(5)))
    plan_cycle(floor, made_by(floor, breaking_on(keys[0])))
    actions.release_order(floor, keys[0], "t")
    assert order_state(floor, keys[0]) == "waiting"
    mended = plan_cycle(floor)
    assert {job.order for job in mended.snapshot.problem.jobs} == set(keys)
    housekeep(floor)
    assert gauge(floor) == 0


def test_an_order_that_is_let_go_and_still_breaks_planning_is_held_again(floor: Floor) -> None:
    keys = take(in_a_hurry(floor), *(order_document() for _ in range(5)))
    solver = breaking_on(keys[0])
    plan_cycle(floor, made_by(floor, solver))
    actions.release_order(floor, keys[0], "t")
    plan_cycle(floor, made_by(floor, solver))
    assert order_state(floor, keys[0]) == "held"


def test_pieces_of_an_order_stay_together_in_quarantine(floor: Floor) -> None:
    take(in_a_hurry(floor), order_document(), order_document())
    (poison,) = take(floor, order_document(quantity=3))
    plan = plan_cycle(floor, made_by(floor, breaking_on(poison)))
    assert len(plan.snapshot.problem.jobs) == 2


def always_broken(problem: Problem, **options: Any) -> PlanResult:
    raise RuntimeError("no disk")


def failures(floor: Floor, code: str) -> float | None:
    return floor.metrics.registry.get_sample_value("batcher_plan_failures_total", {"code": code})


def test_when_planning_itself_is_broken_nobody_is_held_and_the_last_plan_stands(floor: Floor) -> None:
    keys = take(in_a_hurry(floor), *(order_document() for _ in range(5)))
    last = plan_cycle(floor)
    with pytest.raises(PlanningError, match="no order is to blame: RuntimeError: no disk"):
        plan_cycle(floor, made_by(floor, always_broken))
    assert floor.plans.current is last
    assert {order_state(floor, key) for key in keys} == {"waiting"}
    assert failures(floor, "planning_failed") == 1


def test_a_fault_that_passes_costs_the_search_of_one_plan_and_no_order(floor: Floor) -> None:
    keys = take(floor, *(order_document() for _ in range(5)))
    broken = [True]

    def once(problem: Problem, **options: Any) -> PlanResult:
        if broken.pop() if broken else False:
            raise OSError("too many open files")
        return solve(problem, **options)

    plan = plan_cycle(floor, made_by(floor, once))
    assert plan.result.verdict.feasible
    assert {job.order for job in plan.snapshot.problem.jobs} == set(keys)


def test_an_order_that_was_cancelled_meanwhile_is_passed_over(floor: Floor) -> None:
    keys = take(in_a_hurry(floor), *(order_document() for _ in range(5)))
    tries = []

    def cancelling(problem: Problem, **options: Any) -> PlanResult:
        tries.append(1)
        if any(job.order == keys[0] for job in problem.jobs):
            if len(tries) == 1:
                actions.cancel_order(floor, keys[0], "bought twice", "t")
            raise ValueError("it breaks")
        return solve(problem, **options)

    plan = plan_cycle(floor, made_by(floor, cancelling))
    assert {job.order for job in plan.snapshot.problem.jobs} == set(keys[1:])
    assert order_state(floor, keys[0]) == "cancelled"


def test_an_order_for_which_the_judge_refuses_the_greedy_plan_is_held(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = take(in_a_hurry(floor), *(order_document() for _ in range(5)))

    def too_early(schedule: Schedule) -> Plan:
        plan = to_plan(schedule)
        if all(job.order != keys[3] for job in schedule.instance.problem.jobs):
            return plan
        return replace(plan, batches=tuple(replace(batch, start=batch.start - 1) for batch in plan.batches))

    monkeypatch.setattr("batcher.planning.solve.to_plan", too_early)
    monkeypatch.setattr("batcher.planning.brief.to_plan", too_early)
    plan = plan_cycle(floor)
    assert {job.order for job in plan.snapshot.problem.jobs} == {key for key in keys if key != keys[3]}
    with floor.store.read() as session:
        assert (orders.get_order(session, keys[3]).held_reason or "").count("it lasts") == 1
    actions.release_order(floor, keys[3], "t")
    for key in keys:
        if key != keys[3]:
            actions.cancel_order(floor, key, "alone", "t")
    with pytest.raises(PlanRejectedError):
        plan_cycle(floor)
    assert failures(floor, "plan_rejected") == 1


def test_a_queue_that_no_station_may_take_is_a_plan_without_a_batch_and_no_fault(floor: Floor) -> None:
    take(in_a_hurry(floor), order_document())
    for station in floor.rules.current.stations:
        actions.set_station(floor, station, up=False, reason="power", who="t")
    assert plan_cycle(floor).result.verdict.unplanned == 1
