"""An order's way over the floor, by the functions that the daemon's loops call."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from batcher.domain.states import JobState, TicketState
from batcher.errors import TransitionError
from batcher.services import actions
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.housekeeping import housekeep
from batcher.services.queue import read_snapshot
from batcher.services.releasing import release_due
from batcher.store import batches, events, orders, stations
from tests.builders_floor import at, later, order_document, order_state, report, run_through, send, state_of, take
from tests.builders_store import open_orders

FULL_TIN_JIG = 15


def test_a_full_batch_is_released_sent_made_packed_and_its_orders_complete(floor: Floor) -> None:
    keys = take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    plan = plan_cycle(floor)
    (ticket,) = release_due(floor)
    assert ticket.rules_hash == plan.rules_hash == floor.rules.current.hash
    send(floor)
    hot = floor.settings.state_dir / "stations" / ticket.station / "in"
    assert [path.stem for path in hot.glob("*.json")] == [ticket.id]
    run_through(floor, ticket)
    packed = later(floor, seconds=floor.rules.current.site.pack_s + 1)
    housekeep(packed)
    assert {order_state(floor, key) for key in keys} == {"complete"}


def test_a_batch_with_room_and_time_waits_and_goes_at_its_latest_begin(floor: Floor) -> None:
    take(floor, order_document())
    plan = plan_cycle(floor)
    (latest,) = plan.latest_begin.values()
    assert release_due(floor) == []
    assert release_due(at(floor, plan.snapshot.at + timedelta(seconds=latest - 60))) == []
    (ticket,) = release_due(at(floor, plan.snapshot.at + timedelta(seconds=latest)))
    assert ticket.end_at + timedelta(seconds=floor.rules.current.site.pack_s) <= _leave_by(floor)


def _leave_by(floor: Floor) -> datetime:
    with floor.store.read() as session:
        return open_orders(session)[0].leave_by_at


def test_never_more_tickets_than_the_queue_depth_at_a_station(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(6 * FULL_TIN_JIG)))
    plan_cycle(floor)
    released = release_due(floor)
    by_station = [ticket.station for ticket in released]
    assert max(by_station.count(station) for station in by_station) == floor.rules.current.planning.queue_depth
    assert release_due(floor) == []


def test_the_second_step_is_ready_only_when_the_first_is_done_and_rested(floor: Floor) -> None:
    bag = next(sku for sku, entry in floor.rules.current.catalogue.items() if entry.product == "bag")
    (key,) = take(floor, order_document(bag, service="same-day"))
    plan = plan_cycle(floor)
    rest = floor.rules.current.products["bag"].route[0].rest_s
    (ticket,) = release_due(at(floor, plan.snapshot.at + timedelta(seconds=min(plan.latest_begin.values()))))
    send(floor)
    run_through(floor, ticket)
    with floor.store.read() as session:
        first, second = orders.jobs_of(session, key)
    assert (first.state, second.state) == (JobState.DONE, JobState.WAITING)
    assert second.ready_at is not None
    assert abs((second.ready_at - floor.now()).total_seconds() - rest) < 1


def test_a_failed_piece_becomes_one_remake_however_often_the_failure_is_told(floor: Floor) -> None:
    (key,) = take(floor, order_document(quantity=FULL_TIN_JIG))
    plan_cycle(floor)
    (ticket,) = release_due(floor)
    send(floor)
    with floor.store.read() as session:
        spoilt = batches.ticket_items(session, ticket.id)[0].item_id
    for kind in ("accepted", "running"):
        report(floor, ticket, kind)
    told = [report(floor, ticket, "done", f"again-{k}", items={spoilt: "failed"}) for k in (1, 1, 2)]
    assert [(outcome.outcome, outcome.repeat) for outcome in told] == [
        ("applied", False),
        ("applied", True),
        ("out_of_order", False),
    ]
    with floor.store.read() as session:
        remakes = [item for item in orders.items_of(session, key) if item.remake_of == spoilt]
    assert len(remakes) == 1
    housekeep(later(floor, hours=1))
    assert order_state(floor, key) == "in_production"  # it still owes the remake


def test_a_station_that_goes_down_gives_back_what_it_was_not_sent(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    plan_cycle(floor)
    (ticket,) = release_due(floor)
    assert actions.set_station(floor, ticket.station, up=False, reason="lamp", who="t") == [ticket.id]
    assert state_of(floor, ticket) is TicketState.CANCELLED
    counted = {"station": ticket.station, "state": "cancelled"}
    assert floor.metrics.registry.get_sample_value("batcher_tickets_total", counted) == 1
    assert floor.replan.is_set()
    plan_cycle(floor)
    (elsewhere,) = release_due(floor)
    assert elsewhere.station != ticket.station


def test_what_a_station_has_been_sent_stays_there_when_it_goes_down(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    plan_cycle(floor)
    (ticket,) = release_due(floor)
    send(floor)
    assert actions.set_station(floor, ticket.station, up=False, reason="lamp", who="t") == []
    plan_cycle(floor)
    assert release_due(floor) == []
    assert state_of(floor, ticket) is TicketState.DELIVERED


def test_who_did_what_to_an_order_or_a_station_and_why_is_kept(floor: Floor) -> None:
    (key,) = take(floor, order_document())
    actions.hold_order(floor, key, "wrong name", "Jo")
    actions.release_order(floor, key, "Kim", reason="name is right")
    actions.cancel_order(floor, key, "bought twice", "Lou")
    for reason in ("lamp", "lamp ordered"):
        actions.set_station(floor, "uv-1", up=False, reason=reason, who="Jo")
    with floor.store.read() as session:
        told = [event.data for event in events.events_of(session, ident=key)][1:]
        (down,) = events.events_of(session, ident="uv-1")
        assert stations.all_stations(session)["uv-1"].reason == "lamp ordered"
    assert [data["who"] for data in told] == ["Jo", "Kim", "Lou"]
    assert [data.get("reason") for data in told] == ["wrong name", "name is right", "bought twice"]
    assert down.data == {"reason": "lamp", "who": "Jo"}


def test_a_batch_of_a_held_order_is_not_released_and_a_new_plan_is_asked_for(floor: Floor) -> None:
    keys = take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    plan_cycle(floor)
    actions.hold_order(floor, keys[0], "wrong name", "t")
    floor.replan.clear()
    assert release_due(floor) == []
    assert floor.replan.is_set()
    assert len(read_snapshot(floor, floor.rules.current).problem.jobs) == FULL_TIN_JIG - 1


def test_nothing_is_released_from_a_plan_made_under_other_rules(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    plan_cycle(floor)
    floor.rules.swap(replace(floor.rules.current, hash="other"), floor.now())
    assert release_due(floor) == []
    plan_cycle(floor)
    assert len(release_due(floor)) == 1


def test_an_order_that_cannot_be_made_is_held_with_a_reason_and_planned_once_it_can(floor: Floor) -> None:
    (key,) = take(floor, order_document("NO-SUCH-SKU"))
    assert order_state(floor, key) == "held"
    with pytest.raises(TransitionError, match="NO-SUCH-SKU"):
        actions.release_order(floor, key, "t")
    with floor.store.read() as session:
        assert orders.get_order(session, key).held_code == "sku_unknown"


def test_an_order_that_came_too_late_is_held_and_made_late_when_released(floor: Floor) -> None:
    late = at(floor, floor.now().replace(hour=17, minute=50))
    (key,) = take(late, order_document(service="same-day"))
    assert order_state(floor, key) == "held"
    actions.release_order(late, key, "t")
    assert len(read_snapshot(late, floor.rules.current).problem.jobs) == 1


def test_a_cancelled_order_that_waits_is_never_made(floor: Floor) -> None:
    (key,) = take(floor, order_document())
    actions.cancel_order(floor, key, "bought twice", "t")
    assert read_snapshot(floor, floor.rules.current).problem.jobs == ()
    assert order_state(floor, key) == "cancelled"


def test_the_setup_state_of_a_station_is_what_its_last_run_left(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    plan_cycle(floor)
    (ticket,) = release_due(floor)
    send(floor)
    run_through(floor, ticket)
    with floor.store.read() as session:
        assert stations.all_stations(session)[ticket.station].setup_state == "tin-jig"


def test_an_exact_rule_releases_a_sheet_only_when_another_had_to_be_opened(floor: Floor) -> None:
    rules = floor.rules.current
    bounds = replace(rules.batch_rules[0].release, exact=True)
    exact = replace(rules.batch_rules[0], release=bounds)
    floor.rules.swap(replace(rules, batch_rules=(exact, *rules.batch_rules[1:])), floor.now())
    mug = next(sku for sku, entry in rules.catalogue.items() if entry.product == "mug")
    take(floor, *(order_document(mug) for _ in range(20)))
    plan_cycle(floor)
    assert release_due(floor) == []
    take(floor, *(order_document(mug) for _ in range(30)))
    plan_cycle(floor)
    assert release_due(floor) != []
