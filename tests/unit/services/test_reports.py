"""Cases 91 to 98 of what stations report: contradictions are kept as evidence and change nothing."""

import json

import pytest

from batcher.domain.batches import StationReport, Ticket
from batcher.domain.states import TicketState
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.dispatching import StationDoors
from batcher.services.releasing import release_due
from batcher.services.reports import apply_report
from batcher.store import reports
from tests.builders_floor import later, order_document, report, run_through, send, state_of, take


@pytest.fixture
def ticket(floor: Floor) -> Ticket:
    take(floor, *(order_document() for _ in range(15)))
    plan_cycle(floor)
    (released,) = release_due(floor)
    send(floor)
    return released


def test_a_report_of_an_unknown_ticket_is_kept_as_an_orphan(floor: Floor) -> None:
    told = StationReport("r1", "uv-1", "01NOSUCHTICKET", "done", floor.now())
    assert apply_report(floor, told).code == "ticket_unknown"
    with floor.store.read() as session:
        assert [r.report_id for r in reports.list_reports(session, outcome="orphan")] == ["r1"]


def test_a_station_cannot_report_another_stations_ticket(floor: Floor, ticket: Ticket) -> None:
    told = StationReport("r1", "laser-1", ticket.id, "done", floor.now())
    first, again = apply_report(floor, told), apply_report(floor, told)
    assert (first.outcome, first.code) == (again.outcome, again.code) == ("rejected", "not_your_ticket")
    assert (first.repeat, again.repeat) == (False, True)
    assert state_of(floor, ticket) is TicketState.DELIVERED


def test_a_repeat_is_counted_and_an_id_used_anew_is_no_repeat(floor: Floor, ticket: Ticket) -> None:
    for _ in range(3):
        report(floor, ticket, "accepted", "r1")
    reused = report(floor, ticket, "running", "r1")
    assert (reused.outcome, reused.code) == ("rejected", "report_id_reused")
    assert state_of(floor, ticket) is TicketState.ACCEPTED
    with floor.store.read() as session:
        (kept,) = reports.list_reports(session)
    assert (kept.kind, kept.replays) == ("accepted", 2)


def test_done_before_accepted_is_a_fact_and_accepted_after_it_is_old_news(floor: Floor, ticket: Ticket) -> None:
    assert report(floor, ticket, "done").outcome == "applied"
    assert report(floor, ticket, "accepted").outcome == "out_of_order"
    assert state_of(floor, ticket) is TicketState.DONE


def test_failed_after_done_contradicts_and_changes_nothing(floor: Floor, ticket: Ticket) -> None:
    run_through(floor, ticket)
    told = report(floor, ticket, "failed")
    assert (told.outcome, told.code) == ("rejected", "contradiction")
    assert state_of(floor, ticket) is TicketState.DONE


def test_a_second_acceptance_by_another_report_means_two_machines(floor: Floor, ticket: Ticket) -> None:
    report(floor, ticket, "accepted")
    assert report(floor, ticket, "accepted").code == "duplicate_execution"


def test_a_piece_that_is_not_on_the_ticket_is_refused(floor: Floor, ticket: Ticket) -> None:
    told = report(floor, ticket, "done", items={"01NOSUCHITEM": "done"})
    assert told.code == "items_unknown"
    assert state_of(floor, ticket) is TicketState.DELIVERED
    run_through(floor, ticket)
    assert report(floor, ticket, "done", items={"01NOSUCHITEM": "done"}).code == "items_unknown"


def test_a_report_of_a_ticket_that_was_never_sent_is_refused(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(15)))
    plan_cycle(floor)
    (unsent,) = release_due(floor)
    assert report(floor, unsent, "done").code == "ticket_not_sent"


def test_a_station_clock_days_off_is_told_and_not_used(floor: Floor, ticket: Ticket) -> None:
    wrong = StationReport("r1", ticket.station, ticket.id, "accepted", later(floor, days=-3).now())
    told = apply_report(floor, wrong)
    assert (told.outcome, told.code) == ("applied", "station_clock_skew")


def test_many_reports_of_a_folder_are_applied_in_order_and_put_away(floor: Floor, ticket: Ticket) -> None:
    out = floor.settings.state_dir / "stations" / ticket.station / "out"
    for number, kind in enumerate(("accepted", "running", "done")):
        document = {
            "format": "batcher-report/1", "report_id": f"r{number}", "station": ticket.station,
            "ticket_id": ticket.id, "kind": kind, "at": floor.now().isoformat(),
        }  # fmt: skip
        (out / f"r{number}.json").write_text(json.dumps(document))
    doors = StationDoors(floor)
    doors.open()
    assert doors.read() == 3
    assert state_of(floor, ticket) is TicketState.DONE
    assert list(out.glob("*.json")) == []
    assert doors.read() == 0
