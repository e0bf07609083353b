from datetime import timedelta

from batcher.services import actions
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.explain import why
from batcher.services.housekeeping import housekeep
from batcher.services.releasing import release_due
from batcher.services.status import floor_status
from batcher.store import batches
from tests.builders_api import send_ticket
from tests.builders_floor import at, later, order_document, plan_at_once, run_through, send, take


def told(floor: Floor, key: str) -> str:
    answer = why(floor, actions.find_order(floor, key))
    return "\n".join([answer.headline, *(item.text for item in answer.items)])


def test_why_follows_an_order_from_intake_to_the_parcel(floor: Floor) -> None:
    (key,) = take(floor, order_document())
    assert "waits for the first plan" in told(floor, key)
    plan = plan_cycle(floor)
    waiting = told(floor, key)
    assert "waits for its batch on uv-" in waiting
    assert "to fill (rule same-product-and-finish, 1 pieces, 7% full now)" in waiting
    assert "in time" in waiting
    start = at(floor, plan.snapshot.at + timedelta(seconds=min(plan.latest_begin.values())))
    (ticket,) = release_due(start)
    assert "released, on its way" in told(start, key)
    send(start)
    assert "in the station's folder" in told(start, key)
    run_through(start, ticket)
    assert "being packed" in told(start, key)
    packed = later(start, hours=1)
    housekeep(packed)
    assert "in time to leave by" in told(packed, key)


def test_why_tells_where_a_piece_that_was_packed_too_late_lost_its_time(floor: Floor) -> None:
    (key,) = take(floor, order_document())
    tomorrow = later(floor, hours=26)
    plan_cycle(tomorrow)
    (ticket,) = release_due(tomorrow)
    send(tomorrow)
    run_through(tomorrow, ticket)
    packed = later(tomorrow, hours=1)
    housekeep(packed)

    answer = why(packed, actions.find_order(packed, key))

    (piece,) = answer.items
    assert "late: it had to leave by" in answer.headline
    assert (piece.code, piece.station) == ("late", ticket.station)
    assert "after it had to leave; most time was lost at step 1, uv-print, waited 2" in piece.text


def test_why_names_the_reason_of_a_held_order_and_when_it_must_leave(floor: Floor) -> None:
    (key,) = take(floor, order_document("NO-SUCH-SKU"))
    reason = "line 1: no SKU NO-SUCH-SKU in the catalogue; add it"
    assert told(floor, key) == f"Held (sku_unknown): {reason}. It must leave by Mon 23 Nov 19:00."


def test_why_tells_no_date_of_an_order_that_was_promised_none(floor: Floor) -> None:
    (key,) = take(floor, order_document(service="overnight"))
    assert "Held (service_unknown)" in told(floor, key)
    assert "must leave" not in told(floor, key)


def test_why_says_when_a_piece_that_was_made_has_rested_and_been_packed(floor: Floor) -> None:
    (key,) = take(floor, order_document("MUG-CER-WHITE-01"))
    for process, station in (("sublimation-print", "sublimation-1"), ("mug-press", "mug-press-1")):
        ticket_id = send_ticket(floor, station, process, ticket_id=f"T-{process}")
        with floor.store.read() as session:
            ticket = batches.get_ticket(session, ticket_id)
        run_through(floor, ticket)
    (piece,) = why(floor, actions.find_order(floor, key)).items
    route = floor.rules.current.products["mug"].route
    rested = floor.now() + timedelta(seconds=route[-1].rest_s)
    assert piece.text == f"made; it rests until {rested:%a %d %b %H:%M}"
    assert piece.expected_at is not None
    assert abs(piece.expected_at - rested - timedelta(minutes=15)) < timedelta(seconds=1)


def test_why_says_that_every_station_that_could_do_it_is_down(floor: Floor) -> None:
    (key,) = take(floor, order_document())
    for station in ("uv-1", "uv-2"):
        actions.set_station(floor, station, up=False, reason="lamp", who="t")
    plan_cycle(floor)
    assert "every station that could do it is down: uv-1, uv-2" in told(floor, key)


def test_the_status_counts_orders_and_shows_what_each_station_does_next(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(16)))
    plan_cycle(floor)
    release_due(floor)
    status = floor_status(floor)
    assert status.orders["in_production"] + status.orders["waiting"] == 16
    uv = {s.id: s for s in status.stations if s.process == "uv-print"}
    assert sum(len(s.queue) for s in uv.values()) == 1
    assert any(s.next_batch is not None and s.next_batch.jobs == 1 for s in uv.values())
    assert status.plan is not None
    assert status.plan.jobs == 16


def test_an_order_that_is_being_packed_is_expected_when_it_is_packed(floor: Floor) -> None:
    take(floor, order_document())
    ticket_id = send_ticket(floor, "uv-1", "uv-print")
    with floor.store.read() as session:
        ticket = batches.get_ticket(session, ticket_id)
    run_through(floor, ticket)
    (late,) = floor_status(later(floor, days=3)).late
    assert late.expected_at is not None
    assert abs(late.expected_at - floor.now() - timedelta(minutes=15)) < timedelta(seconds=1)


def test_an_order_whose_time_has_passed_is_late_on_the_status(floor: Floor) -> None:
    take(floor, order_document())
    plan_cycle(floor)
    status = floor_status(later(floor, days=3))
    assert (status.late_count, status.at_risk_count) == (1, 0)


def test_the_status_tells_what_the_next_batch_of_a_station_waits_for(floor: Floor) -> None:
    take(floor, order_document(quantity=16))
    plan_at_once(floor)

    def texts(at: Floor) -> set[tuple[int, str]]:
        return {
            (s.next_batch.jobs, s.next_batch.release_reason_text)
            for s in floor_status(at).stations
            if s.next_batch is not None
        }

    assert texts(floor) & {(15, "full: goes when its station is free"), (1, "may wait to fill")}
    assert {text for _, text in texts(later(floor, days=3))} == {"starts as soon as it can"}
