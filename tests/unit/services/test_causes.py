"""What binds a waiting piece, on floors that really have each reason; whom it hurts, and what would have helped."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from batcher.domain.states import StationState
from batcher.errors import NotFoundError
from batcher.planning.plan import PlanResult
from batcher.planning.problem import Problem
from batcher.planning.quick import quick_plan
from batcher.rules.ruleset import RuleSet
from batcher.services import actions
from batcher.services.causes import Cause
from batcher.services.context import Floor
from batcher.services.counterfactuals import changes_for
from batcher.services.cycle import plan_cycle
from batcher.services.explain import ItemWhy, why
from batcher.services.hurts import hurt_by_rule, hurt_by_station
from batcher.services.queue import read_queue
from batcher.services.releasing import release_due
from batcher.services.what_if import what_if
from batcher.store import stations
from tests.builders_api import NOW
from tests.builders_floor import later, made_by, order_document, plan_at_once, run_through, send, take

TIN, PLATE, MAT, MUG = "TIN-CAK-NATURAL-01", "PLT-POR-WHITE-01", "MAT-COI-NATURAL-01", "MUG-CER-WHITE-01"


def _down(floor: Floor, *names: str) -> None:
    with floor.store.write() as session:
        for name in names:
            stations.set_station(session, name, StationState.DOWN, "lamp", NOW)


def _pieces(floor: Floor, key: str) -> tuple[ItemWhy, ...]:
    return why(floor, actions.find_order(floor, key)).items


def _searched(problem: Problem, **_given: object) -> PlanResult:
    return quick_plan(problem, moves=2000)


def _under(floor: Floor, rules: RuleSet) -> Floor:
    floor.rules.swap(rules, NOW)
    return floor


def test_a_piece_waits_for_its_batch_to_fill_until_its_latest_safe_start(floor: Floor) -> None:
    (key,) = take(floor, order_document(TIN))
    plan = plan_at_once(floor)

    (piece,) = _pieces(floor, key)

    latest = plan.snapshot.at + timedelta(seconds=min(plan.latest_begin.values()))
    assert (piece.code, piece.until, piece.rule) == (Cause.FILL, latest, "same-product-and-finish")
    assert piece.station in ("uv-1", "uv-2")


def test_a_piece_waits_for_the_station_that_went_down_since_the_plan(floor: Floor) -> None:
    (key,) = take(floor, order_document(TIN))
    plan_at_once(floor)
    _down(floor, "uv-1", "uv-2")

    (piece,) = _pieces(floor, key)

    assert piece.code == Cause.STATION_DOWN
    assert "is down: lamp" in piece.text


def test_a_piece_in_the_queue_of_a_station_that_went_down_waits_for_it(floor: Floor) -> None:
    (key,) = take(floor, order_document(TIN, quantity=15))
    plan_at_once(floor)
    go = later(floor, hours=8)
    (ticket,) = release_due(go)
    send(go)
    _down(floor, ticket.station)

    assert {(piece.code, piece.station) for piece in _pieces(go, key)} == {(Cause.STATION_DOWN, ticket.station)}


def test_a_full_batch_waits_at_night_for_the_operator(floor: Floor) -> None:
    night = later(floor, hours=12)
    (key,) = take(
        night, order_document(MAT, quantity=2, placed_at=night.now().isoformat())
    )  # somebody must stay with doormats
    plan_at_once(night)

    pieces = _pieces(night, key)

    assert {piece.code for piece in pieces} == {Cause.OPERATOR_ABSENT}
    assert {piece.until for piece in pieces} == {datetime(2026, 11, 24, 7, 0, tzinfo=UTC)}


def test_a_station_that_does_not_run_at_night_is_closed_to_what_is_due(floor: Floor) -> None:
    rules = floor.rules.current
    printer = replace(rules.stations["sublimation-1"], runs=rules.stations["uv-1"].attended)
    _under(floor, replace(rules, stations={**rules.stations, printer.id: printer}))
    (key,) = take(floor, order_document(MUG, service="same-day"))
    night = later(floor, hours=12)
    plan_at_once(night)

    (piece,) = _pieces(night, key)

    assert (piece.code, piece.station) == (Cause.STATION_CLOSED, "sublimation-1")
    assert piece.until == datetime(2026, 11, 24, 7, 0, tzinfo=UTC)


def test_full_batches_wait_for_their_turn_and_for_their_setup(floor: Floor) -> None:
    _down(floor, "uv-2")
    (plates,) = take(floor, order_document(PLATE, quantity=18, service="same-day"))
    (tins,) = take(floor, order_document(TIN, quantity=15, service="economy"))
    plan_at_once(floor)  # uv-1 is set up for plates

    of_plates = {piece.code for piece in _pieces(floor, plates)}
    of_tins = {(piece.code, piece.station) for piece in _pieces(floor, tins)}

    assert of_plates == {Cause.IN_HAND, Cause.STATION_BUSY}
    assert of_tins == {(Cause.CHANGEOVER_ORDER, "uv-1")}


def test_a_later_step_waits_for_the_one_before_it(floor: Floor) -> None:
    (key,) = take(floor, order_document(MUG))
    plan_at_once(floor)

    (piece,) = _pieces(floor, key)
    print_, press = piece.steps

    assert (print_.binding.cause, press.binding.cause) == (Cause.FILL, Cause.PREDECESSOR)
    assert press.binding.station == "sublimation-1"
    assert press.binding.until is not None


def test_a_batch_waits_for_a_piece_of_it_whose_step_before_is_not_over(floor: Floor) -> None:
    rules = floor.rules.current
    print_ = replace(rules.processes["sublimation-print"], release={"max_wait_s": 3600})
    _under(floor, replace(rules, processes={**rules.processes, "sublimation-print": print_}))
    (first,) = take(floor, order_document(MUG, service="same-day"))
    plan_at_once(floor)
    go = later(floor, hours=1.5)
    (ticket,) = release_due(go)
    send(go)
    run_through(go, ticket)
    take(go, order_document(MUG, quantity=11, service="same-day", placed_at=go.now().isoformat()))
    plan_cycle(go, made_by(go, _searched))  # which finds that twelve mugs are one batch

    (piece,) = _pieces(go, first)

    assert (piece.code, piece.station) == (Cause.PREDECESSOR, "mug-press-1")


def test_a_station_and_a_rule_tell_whom_they_keep_waiting(floor: Floor) -> None:
    keys = take(floor, *(order_document(TIN, service=service) for service in ("same-day", "economy")))
    take(floor, order_document(MUG))
    plan_at_once(floor)
    (station,) = {piece.station for key in keys for piece in _pieces(floor, key)}
    assert station is not None

    by_station, by_rule = hurt_by_station(floor, station), hurt_by_rule(floor, "same-product-and-finish")

    assert {hurt.order.key for hurt in by_station.listed} == set(keys)
    assert (by_station.steps, by_station.causes) == (2, {"fill": 2})
    assert set(keys) < {hurt.order.key for hurt in by_rule.listed}  # the press of the mug goes by it too
    assert hurt_by_station(floor, "laser-1").listed == ()


def test_late_orders_are_told_first_with_what_they_lose(floor: Floor) -> None:
    _down(floor, "uv-2")
    keys = take(floor, *(order_document(MAT, quantity=40, service="same-day") for _ in range(4)))
    plan_at_once(floor)

    hurts = hurt_by_station(floor, "uv-1")

    assert 0 < hurts.late_orders < len(keys) + 1
    assert hurts.listed[0].late_cost_minor == max(hurt.late_cost_minor for hurt in hurts.listed) > 0
    assert hurts.late_cost_minor == pytest.approx(sum(hurt.late_cost_minor for hurt in hurts.listed))


def test_what_there_is_not_keeps_nobody_waiting(floor: Floor) -> None:
    for ask in (hurt_by_station, hurt_by_rule):
        with pytest.raises(NotFoundError):
            ask(floor, "no-such")


def test_what_would_have_helped_a_late_order_is_found_by_planning_again(floor: Floor) -> None:
    _down(floor, "uv-2")
    take(floor, *(order_document(MAT, quantity=40, service="same-day") for _ in range(2)))
    (late,) = take(floor, order_document(MAT, quantity=30, service="same-day"))
    plan_at_once(floor)

    found = what_if(floor, actions.find_order(floor, late), budget_s=60)

    assert not found.in_time
    assert found.ready_at is not None
    assert {"station_up", "one_more_station", "operators_always"} < {remedy.code for remedy in found.remedies}
    assert all(remedy.in_time or remedy.ready_at < found.ready_at for remedy in found.remedies)
    assert found.untried == 0


def test_search_finds_in_time_what_greedy_plans_have_late_all_the_same(floor: Floor) -> None:
    _down(floor, "uv-2")
    *_, late = take(floor, *(order_document(MAT, quantity=count, service="same-day") for count in (40, 30, 25, 15)))
    plan_at_once(floor)
    order, rules = actions.find_order(floor, late), floor.rules.current
    queue = read_queue(floor, rules)
    up = next(
        change for change in changes_for(rules, queue, queue.snapshot(rules), order) if change.code == "station_up"
    )

    found = what_if(floor, order, budget_s=60)

    greedily = quick_plan(up.snapshot.problem).plan
    own = {job.id for job in up.snapshot.problem.jobs if job.order == late}
    ends = max(batch.end for batch in greedily.batches if own & set(batch.jobs))
    assert up.snapshot.at + timedelta(seconds=ends) > order.leave_by_at
    (remedy,) = (remedy for remedy in found.remedies if remedy.code == "station_up")
    assert (remedy.in_time, remedy.searched) == (True, True)


def test_a_rule_that_keeps_work_from_a_station_is_named_as_what_would_have_helped(floor: Floor) -> None:
    rules = floor.rules.current
    elsewhere = frozenset(rules.stations) - {"uv-2"}
    narrow = tuple(
        replace(r, stations=elsewhere) if r.id == "same-product-and-finish" else r for r in rules.batch_rules
    )
    _under(floor, replace(rules, batch_rules=narrow))
    *_, late = take(floor, *(order_document(MAT, quantity=40, service="same-day") for _ in range(3)))
    plan_at_once(floor)

    found = what_if(floor, actions.find_order(floor, late), budget_s=60)

    told = {remedy.what for remedy in found.remedies if remedy.code == "rule"}
    assert "rule same-product-and-finish: any station of its process may run it (no stations)" in told


def test_without_time_it_is_told_that_nothing_was_tried(floor: Floor) -> None:
    (key,) = take(floor, order_document(TIN))
    plan_at_once(floor)

    found = what_if(floor, actions.find_order(floor, key), budget_s=0)

    assert (found.ready_at, found.remedies, found.tried) == (None, (), 0)
    assert found.untried > 0
