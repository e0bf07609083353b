"""A cancelled order on the floor: taken back before it is sent, recalled after, and never packed unseen."""

import json
from pathlib import Path

import pytest

from batcher.dispatch.hotfolder import HotFolder
from batcher.domain.states import TicketState
from batcher.services import actions
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.dispatching import StationDoors
from batcher.services.housekeeping import housekeep
from batcher.services.pieces import piece_views
from batcher.services.queue import read_snapshot
from batcher.services.releasing import release_due
from tests.builders_floor import later, order_document, order_state, run_through, send, state_of, take

FULL_TIN_JIG = 15


def requests(floor: Floor, station: str) -> list[Path]:
    return sorted((floor.settings.state_dir / "stations" / station / "recall").glob("*.json"))


def hot(floor: Floor, station: str) -> list[Path]:
    return sorted((floor.settings.state_dir / "stations" / station / "in").glob("*.json"))


def test_a_batch_that_was_not_sent_is_taken_back_and_planned_anew_without_the_cancelled_order(floor: Floor) -> None:
    keys = take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    plan_cycle(floor)
    (ticket,) = release_due(floor)
    floor.replan.clear()
    actions.cancel_order(floor, keys[0], "bought twice", "t")
    assert floor.replan.is_set()
    assert state_of(floor, ticket) is TicketState.CANCELLED
    send(floor)
    assert hot(floor, ticket.station) == requests(floor, ticket.station) == []
    assert len(read_snapshot(floor, floor.rules.current).problem.jobs) == FULL_TIN_JIG - 1


def test_a_ticket_staged_while_its_order_is_cancelled_never_reaches_its_station(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    plan_cycle(floor)
    (ticket,) = release_due(floor)
    doors = StationDoors(floor)
    doors.open()
    stage = HotFolder.stage

    def stage_and_cancel(to: HotFolder, ticket_id: str, content: bytes) -> None:
        stage(to, ticket_id, content)
        actions.cancel_order(floor, keys[0], "bought twice", "t")

    monkeypatch.setattr(HotFolder, "stage", stage_and_cancel)
    doors.send()
    assert state_of(floor, ticket) is TicketState.CANCELLED
    assert hot(floor, ticket.station) == []
    assert list((floor.settings.state_dir / "stations" / ticket.station / "stage").glob("*.tmp")) == []


def test_a_station_is_asked_not_to_make_what_was_cancelled_after_it_was_sent(floor: Floor) -> None:
    keys = take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    plan_cycle(floor)
    (ticket,) = release_due(floor)
    doors = StationDoors(floor)
    doors.open()
    doors.send()
    actions.cancel_order(floor, keys[0], "bought twice", "t")
    doors.send()
    (request,) = requests(floor, ticket.station)
    told = json.loads(request.read_text())
    assert (told["format"], told["ticket_id"], told["item_id"]) == ("batcher-recall/1", ticket.id, request.stem)
    request.unlink()  # the station has seen it
    doors.send()
    assert requests(floor, ticket.station) == []
    send(floor)  # after a restart nobody knows: it is told again
    assert requests(floor, ticket.station) == [request]


def test_what_was_made_though_it_was_cancelled_is_set_aside_and_not_packed(floor: Floor) -> None:
    keys = take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    plan_cycle(floor)
    (ticket,) = release_due(floor)
    send(floor)
    actions.cancel_order(floor, keys[0], "bought twice", "t")
    assert [view.set_aside for view in piece_views(floor, keys[0])] == [True]
    run_through(floor, ticket)
    send(floor)
    assert requests(floor, ticket.station) == []
    housekeep(later(floor, days=1))
    assert [view.set_aside for view in piece_views(floor, keys[0])] == [True]
    assert [view.set_aside for view in piece_views(floor, keys[1])] == [False]
    assert order_state(floor, keys[0]) == "cancelled"
    assert {order_state(floor, key) for key in keys[1:]} == {"complete"}
    assert floor.metrics.registry.get_sample_value("batcher_pieces_set_aside_total") == 1


def test_a_recall_folder_that_cannot_be_written_keeps_no_ticket_back(floor: Floor) -> None:
    keys = take(floor, *(order_document() for _ in range(2 * FULL_TIN_JIG)))
    plan_cycle(floor)
    ticket, *_ = release_due(floor)
    send(floor)
    actions.cancel_order(floor, keys[0], "bought twice", "t")
    for station in floor.rules.current.stations:
        (floor.settings.state_dir / "stations" / station / "recall").write_text("in the way")
    send(floor)
    assert state_of(floor, ticket) is TicketState.DELIVERED
