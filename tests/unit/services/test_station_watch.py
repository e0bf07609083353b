"""Stations that go wrong in a row: taken down by themselves, tried with one ticket, and trusted again."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from batcher.dispatch.folders import station_folders
from batcher.domain.batches import Ticket
from batcher.domain.clock import SteppedClock
from batcher.domain.states import TicketState
from batcher.services import actions
from batcher.services.context import Floor
from batcher.services.dispatching import StationDoors
from batcher.services.releasing import release_due
from batcher.services.station_watch import watch_stations
from batcher.store import batches, stations
from batcher.store.stations import StationRow
from tests.builders_api import order, send_ticket
from tests.builders_floor import later, order_document, plan_at_once, report, take

FULL_TIN_JIG = 15


def row_of(floor: Floor, station: str = "uv-1") -> StationRow:
    with floor.store.read() as session:
        return stations.all_stations(session)[station]


def fail(floor: Floor, name: str) -> None:
    """Have a ticket of one tin fail at uv-1."""
    take(floor, order(name))
    send_ticket(floor, "uv-1", "uv-print", ticket_id=name)
    report(floor, ticket_of(floor, name), "failed", reason="head strike")


def ticket_of(floor: Floor, name: str) -> Ticket:
    with floor.store.read() as session:
        return batches.get_ticket(session, name)


def watch(floor: Floor) -> None:
    watch_stations(floor, lambda _: True)


def test_a_station_whose_tickets_fail_in_a_row_is_taken_down_until_somebody_has_looked(floor: Floor) -> None:
    for minute, name in enumerate(("T1", "T2", "T3"), start=1):
        watch(floor)
        assert row_of(floor).state == "up"
        fail(floor := later(floor, minutes=minute), name)
    watch(floor)
    down = row_of(floor)
    assert (down.state, down.quarantine) == ("down", "failing")
    assert "3 tickets failed in a row" in down.reason
    watch(later(floor, days=1))
    assert row_of(floor).state == "down"


def test_a_failure_between_successes_takes_no_station_down(floor: Floor) -> None:
    for minute in range(1, 6):
        floor, name = later(floor, minutes=minute), f"T{minute}"
        take(floor, order(name))
        send_ticket(floor, "uv-1", "uv-print", ticket_id=name)
        report(floor, ticket_of(floor, name), "done" if minute % 2 else "failed")
        watch(floor)
        assert row_of(floor).state == "up"


def test_back_from_quarantine_a_station_is_given_one_ticket_and_trusted_once_it_has_made_it(floor: Floor) -> None:
    for minute, name in enumerate(("T1", "T2", "T3"), start=1):
        fail(floor := later(floor, minutes=minute), name)
    watch(floor)
    actions.set_station(floor, "uv-2", up=False, reason="not this one", who="t")
    with floor.store.write() as session:  # the made-up tickets set it up for what no fixture knows
        stations.set_setup_state(session, "uv-1", floor.rules.current.stations["uv-1"].initial_state)
    floor = later(floor, minutes=1)
    actions.set_station(floor, "uv-1", up=True, reason="cleaned", who="t")
    take(floor, *(order_document() for _ in range(3 * FULL_TIN_JIG)))
    plan_at_once(floor)
    (probe,) = [ticket for ticket in release_due(floor) if ticket.station == "uv-1"]
    watch(floor)
    assert release_due(floor) == []
    with floor.store.write() as session:
        batches.move_ticket(session, probe.id, TicketState.SENDING, floor.now())
        batches.move_ticket(session, probe.id, TicketState.DELIVERED, floor.now())
    report(floor := later(floor, minutes=30), probe, "done")
    watch(floor)
    assert row_of(floor).quarantine is None
    assert len([ticket for ticket in release_due(floor) if ticket.station == "uv-1"]) > 1


def test_a_probe_that_fails_takes_the_station_down_again_at_once(floor: Floor) -> None:
    for minute, name in enumerate(("T1", "T2", "T3"), start=1):
        fail(floor := later(floor, minutes=minute), name)
    watch(floor)
    actions.set_station(floor := later(floor, minutes=1), "uv-1", up=True, reason="cleaned", who="t")
    watch(floor)
    assert row_of(floor).state == "up"
    fail(floor := later(floor, minutes=1), "T4")
    watch(floor)
    assert row_of(floor).state == "down"


def test_what_cannot_be_handed_over_is_planned_elsewhere_and_the_station_comes_back_by_itself(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    plan_at_once(floor)
    (ticket,) = release_due(floor)
    folder = station_folders(floor.settings.state_dir, floor.rules.current.stations[ticket.station]).hot
    doors = StationDoors(floor)
    doors.open()
    away = _move_away(folder)
    for minute in (1, 10, 60):
        doors = StationDoors(later(floor, minutes=minute))
        doors.send()
        watch_stations(floor, doors.reachable)
    gone = row_of(floor, ticket.station)
    assert (gone.state, gone.quarantine) == ("down", "unreachable")
    assert ticket_of(floor, ticket.id).state == "cancelled"
    plan_at_once(floor)
    assert {one.station for one in release_due(floor)} != {ticket.station}
    away.rename(folder)
    watch_stations(floor, doors.reachable)
    back = row_of(floor, ticket.station)
    assert (back.state, back.quarantine) == ("up", "unreachable")


def test_a_station_whose_folder_stays_away_goes_down_though_nothing_is_sent_to_it(floor: Floor) -> None:
    clock = SteppedClock(floor.now())
    floor = replace(floor, clock=clock)
    folder = station_folders(floor.settings.state_dir, floor.rules.current.stations["uv-1"]).hot
    doors = StationDoors(floor)
    doors.open()

    def look(seconds: int) -> StationRow:
        clock.set(clock.now() + timedelta(seconds=seconds))
        doors.read()
        watch_stations(floor, doors.reachable, doors.cut_off())
        return row_of(floor)

    away = _move_away(folder)
    assert look(1).state == "up"
    assert look(30).state == "up"  # a share may be gone for a moment
    gone = look(30)
    assert (gone.state, gone.quarantine) == ("down", "unreachable")
    assert "its folders cannot be used" in gone.reason
    assert look(1).state == "down"
    away.rename(folder)
    assert look(1).state == "up"


def _move_away(folder: Path) -> Path:
    return folder.rename(folder.with_name("unplugged"))
