"""What cannot be known is put in doubt, told, never guessed, and ends by a report or by somebody who has looked."""

import shutil
from pathlib import Path

import pytest

from batcher.api.app import create_app
from batcher.api.health import Health
from batcher.dispatch.ticket import ticket_bytes
from batcher.domain.batches import Ticket
from batcher.domain.states import TicketState
from batcher.errors import TransitionError
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.dispatching import StationDoors
from batcher.services.doubt import resolve_ticket
from batcher.services.housekeeping import housekeep
from batcher.services.releasing import release_due
from batcher.store import batches, orders
from tests.builders_api import client_of
from tests.builders_floor import later, order_document, order_state, report, run_through, send, state_of, take
from tests.builders_store import open_orders

FULL_TIN_JIG = 15


@pytest.fixture
def ticket(floor: Floor) -> Ticket:
    """Return a ticket that lies in its station's folder."""
    take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    plan_cycle(floor)
    (released,) = release_due(floor)
    send(floor)
    return released


def folder(floor: Floor, ticket: Ticket) -> Path:
    return floor.settings.state_dir / "stations" / ticket.station


def lose_folder(floor: Floor, ticket: Ticket) -> None:
    shutil.rmtree(folder(floor, ticket))
    send(floor)


def gauge(floor: Floor, name: str) -> float | None:
    return floor.metrics.registry.get_sample_value(f"batcher_{name}")


def test_a_station_that_lost_its_folder_puts_what_lay_in_it_in_doubt_and_raises_the_alarm(
    floor: Floor, ticket: Ticket
) -> None:
    assert state_of(floor, ticket) is TicketState.DELIVERED
    lose_folder(floor, ticket)
    assert state_of(floor, ticket) is TicketState.IN_DOUBT
    assert gauge(floor, "tickets_in_doubt") == 1  # at once, not at the next housekeeping
    housekeep(later(floor, minutes=10))
    assert gauge(floor, "tickets_oldest_in_doubt_seconds") == pytest.approx(600, abs=2)


def test_a_ticket_whose_token_is_gone_with_its_folder_does_not_count_as_delivered(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    plan_cycle(floor)
    doors = StationDoors(floor)
    doors.open()
    doors.send()
    (ticket,) = release_due(floor)
    hot = doors._hot[ticket.station]
    hot.stage(ticket.id, ticket_bytes(ticket.document))
    with floor.store.write() as session:
        batches.move_ticket(session, ticket.id, TicketState.SENDING, floor.now())
    shutil.rmtree(folder(floor, ticket))  # killed here, and the disk with it
    send(floor)
    assert state_of(floor, ticket) is TicketState.IN_DOUBT
    assert list((folder(floor, ticket) / "in").iterdir()) == []


def test_nothing_in_doubt_is_planned_released_or_sent_again(floor: Floor, ticket: Ticket) -> None:
    lose_folder(floor, ticket)
    plan_cycle(later(floor, hours=3))
    assert release_due(later(floor, hours=3)) == []
    send(later(floor, hours=3))
    assert list((folder(floor, ticket) / "in").iterdir()) == []
    assert state_of(floor, ticket) is TicketState.IN_DOUBT


def test_a_folder_that_was_kept_puts_nothing_in_doubt(floor: Floor, ticket: Ticket) -> None:
    send(floor)
    send(floor)
    assert state_of(floor, ticket) is TicketState.DELIVERED
    lose_folder(floor, ticket)
    send(floor)  # the new folder is the station's from now on
    assert gauge(floor, "tickets_in_doubt") == 1


def test_what_a_station_has_begun_is_not_doubted(floor: Floor, ticket: Ticket) -> None:
    assert report(floor, ticket, "accepted").outcome == "applied"
    lose_folder(floor, ticket)
    assert state_of(floor, ticket) is TicketState.ACCEPTED


def test_a_report_ends_the_doubt(floor: Floor, ticket: Ticket) -> None:
    lose_folder(floor, ticket)
    run_through(floor, ticket)
    assert state_of(floor, ticket) is TicketState.DONE


def test_resolved_as_made_the_pieces_go_on_and_nothing_is_made_again(floor: Floor, ticket: Ticket) -> None:
    lose_folder(floor, ticket)
    ended = resolve_ticket(floor, ticket.id, made=True, reason="they lie on the trolley", who="Zsófia")
    assert ended.state is TicketState.DONE
    with floor.store.read() as session:
        assert orders.open_work(session) == []
        keys = [order.key for order in open_orders(session)]
    assert {order_state(floor, key) for key in keys} == {"in_production"}
    assert gauge(floor, "tickets_in_doubt") == 0


def test_resolved_as_not_made_the_pieces_are_planned_and_sent_once_more(floor: Floor, ticket: Ticket) -> None:
    lose_folder(floor, ticket)
    ended = resolve_ticket(floor, ticket.id, made=False, reason="the folder was empty", who="Zsófia")
    assert ended.state is TicketState.CANCELLED
    plan_cycle(floor)
    (again,) = release_due(floor)
    assert again.id != ticket.id
    send(floor)
    assert state_of(floor, again) is TicketState.DELIVERED


def test_what_is_not_made_can_be_published_by_nobody_any_more(floor: Floor, ticket: Ticket) -> None:
    lose_folder(floor, ticket)
    token = folder(floor, ticket) / "stage" / f"{ticket.id}.{floor.store.epoch}.tmp"
    token.write_bytes(b"of a leader that was paused before its rename")
    resolve_ticket(floor, ticket.id, made=False, reason="looked", who="Zsófia")
    assert not token.exists()


def test_only_a_doubt_can_be_resolved(floor: Floor, ticket: Ticket) -> None:
    with pytest.raises(TransitionError, match="resolved as not made"):
        resolve_ticket(floor, ticket.id, made=False, reason="?", who="Zsófia")
    with client_of(create_app(floor, Health())) as client:
        path = f"/v1/tickets/{ticket.id}/resolve"
        assert client.post(path, json={"made": True, "reason": "looked"}).status_code == 409
        assert client.post(path, json={"made": True}).status_code == 422
        assert client.post("/v1/tickets/T0/resolve", json={"made": True, "reason": "x"}).status_code == 404
        lose_folder(floor, ticket)
        answer = client.post(path, json={"made": True, "reason": "looked", "who": "Zsófia"})
        assert (answer.status_code, answer.json()["state"]) == (200, "done")
