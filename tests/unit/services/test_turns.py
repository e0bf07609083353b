"""What comes by the hundred is done in turns, and told in few lines."""

import shutil
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from batcher.dispatch import outbox
from batcher.services import releasing
from batcher.services.context import Floor
from batcher.services.dispatching import StationDoors
from batcher.services.releasing import release_due
from tests.builders_api import NOW, send_ticket
from tests.builders_floor import at, order_document, plan_at_once, take

FULL_TIN_JIG = 15


def test_a_turn_of_releases_has_an_end_and_the_next_goes_on(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releasing, "_MOST", 1)
    take(floor, *(order_document() for _ in range(6 * FULL_TIN_JIG)))
    plan_at_once(floor)

    turns = [[ticket.station for ticket in release_due(floor)] for _ in range(4)]

    assert all(len(set(turn)) == len(turn) for turn in turns)  # one of each station, then the turn is over
    assert len(turns[0]) > 0
    assert len(turns[1]) > 0
    assert turns[3] == []


def test_of_many_tickets_those_released_first_are_handed_over_first_and_each_once(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_MOST", 1)
    take(floor, *(order_document() for _ in range(3 * FULL_TIN_JIG)))
    plan_at_once(floor)
    released = sorted(release_due(floor), key=lambda ticket: (ticket.station, ticket.sequence))
    doors = StationDoors(floor)
    doors.open()

    turns = [[sent.ticket_id for sent in doors.send()] for _ in range(len(released) + 1)]

    assert turns == [*([ticket.id] for ticket in released), []]


def test_several_hands_hand_over_what_one_would_each_stations_tickets_in_their_order(floor: Floor) -> None:
    for station, ticket_id in (("uv-1", "T1"), ("uv-2", "T2"), ("uv-1", "T3"), ("uv-2", "T4")):
        take(floor, order_document())
        send_ticket(floor, station, "uv-print", ticket_id=ticket_id, delivered=False)
    doors = StationDoors(floor, hands=2)
    doors.open()

    sent = [(one.station, one.ticket_id) for one in doors.send()]

    assert [ticket for station, ticket in sent if station == "uv-1"] == ["T1", "T3"]
    assert [ticket for station, ticket in sent if station == "uv-2"] == ["T2", "T4"]
    hot = floor.settings.state_dir / "stations"
    assert sorted(path.stem for path in hot.glob("*/in/*.json")) == ["T1", "T2", "T3", "T4"]
    assert doors.send() == []


def test_nothing_is_handed_over_to_a_folder_that_cannot_be_marked_and_nothing_is_taken_for_handed_over(
    floor: Floor,
) -> None:
    take(floor, order_document())
    send_ticket(floor, "uv-1", "uv-print", ticket_id="T1", delivered=False)
    doors = StationDoors(floor)
    doors.open()
    folder = floor.settings.state_dir / "stations" / "uv-1"
    in_the_way = (folder / "stage" / "folder-id.part" / "something", folder / "in" / "T1.json" / "something")
    for path in in_the_way:
        path.mkdir(parents=True)
    failed = doors.send()
    for path in in_the_way:
        shutil.rmtree(path.parent)

    sent = StationDoors(at(floor, NOW + timedelta(minutes=5))).send()

    assert [one.delivered for one in failed] == [False]
    assert [(one.ticket_id, one.delivered) for one in sent] == [("T1", True)]
    assert (folder / "in" / "T1.json").is_file()


def test_a_list_of_orders_is_told_in_one_line_and_what_is_odd_in_it_by_itself(floor: Floor) -> None:
    (first, held) = (order_document(), order_document("NO-SUCH"))
    with capture_logs() as lines:
        take(floor, first, order_document(), held)
        take(floor, first, order_document())

    assert [(line["event"], line.get("orders"), line.get("created")) for line in lines] == [
        ("orders_taken_in", 3, 2), ("order_taken_in", None, None), ("orders_taken_in", 2, 1),
    ]  # fmt: skip
    assert (lines[1]["order_id"], lines[1]["outcome"]) == (held["order_id"], "held")


def test_a_folder_that_stays_away_is_told_once_counted_each_time_and_told_when_it_is_back(floor: Floor) -> None:
    doors = StationDoors(floor)
    doors.open()
    folder = floor.settings.state_dir / "stations" / "uv-1"
    with capture_logs() as lines:
        shutil.move(folder, folder.with_name("away"))
        for _ in range(3):
            doors.read()
        shutil.move(folder.with_name("away"), folder)
        doors.read()

    assert [(line["event"], line["station"]) for line in lines] == [
        ("station_folders_away", "uv-1"), ("station_folders_back", "uv-1"),
    ]  # fmt: skip
    counted = floor.metrics.registry.get_sample_value("batcher_dispatch_failures_total", {"station": "uv-1"})
    assert counted == 3
