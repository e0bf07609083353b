"""`batcher batches`, `tickets` and `reports`: what was released, what stations were told, what they told us."""

from typing import Annotated, Literal

import typer

from batcher.cli.floors import reading_floor
from batcher.cli.output import JsonOption, local, print_json, print_table
from batcher.domain.states import BatchState, TicketState
from batcher.store import batches as stored
from batcher.store import reports as stored_reports

Station = Annotated[str | None, typer.Option(help="Only this station.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")]


def batches(
    station: Station = None,
    state: Annotated[list[BatchState] | None, typer.Option(help="Only these states; may be repeated.")] = None,
    limit: Limit = 30,
    as_json: JsonOption = False,
) -> None:
    """
    List released batches, the newest first.

    Example: batcher batches --station uv-1 --state running
    """
    with reading_floor() as floor:
        with floor.store.read() as session:
            found = stored.batches(session, station=station, states=state or None, limit=limit)
        zone = floor.rules.current.site.zone
    if as_json:
        print_json(found)
        return
    rows = [
        (b.id, b.station, b.state, b.fixture, b.jobs, f"{b.fill:.0%}", local(b.start_at, zone), b.rule, b.reason)
        for b in found
    ]
    columns = ("batch", "station", "state", "fixture", "pieces", "fill", "start", "rule", "released because")
    print_table("Batches", columns, rows, "No batch has been released.")


def tickets(
    ticket: Annotated[str | None, typer.Argument(help="Show one ticket as its station got it.")] = None,
    station: Station = None,
    state: Annotated[list[TicketState] | None, typer.Option(help="Only these states; may be repeated.")] = None,
    limit: Limit = 30,
    as_json: JsonOption = False,
) -> None:
    """
    List job tickets, or show one whole.

    Example: batcher tickets --state in_doubt
    """
    with reading_floor() as floor, floor.store.read() as session:
        zone = floor.rules.current.site.zone
        if ticket is not None:
            print_json(stored.get_ticket(session, ticket).document)
            return
        found = stored.tickets(session, station=station, states=state or None, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (t.id, t.station, t.sequence, t.state, local(t.start_at, zone), local(t.end_at, zone), t.attempts, t.last_error)
        for t in found
    ]
    columns = ("ticket", "station", "no", "state", "start", "end", "tries", "last error")
    print_table("Tickets", columns, rows, "There are no such tickets.")


def reports(
    station: Station = None,
    outcome: Annotated[
        Literal["applied", "out_of_order", "rejected", "orphan"] | None, typer.Option(help="Only what led to this.")
    ] = None,
    limit: Limit = 30,
    as_json: JsonOption = False,
) -> None:
    """
    List what stations reported, the newest first.

    Example: batcher reports --outcome orphan
    """
    with reading_floor() as floor:
        with floor.store.read() as session:
            found = stored_reports.list_reports(session, station=station, outcome=outcome, limit=limit)
        zone = floor.rules.current.site.zone
    if as_json:
        print_json(found)
        return
    rows = [(local(r.received_at, zone), r.station, r.ticket_id, r.kind, r.outcome, r.code, r.message) for r in found]
    columns = ("received", "station", "ticket", "kind", "outcome", "code", "message")
    print_table("Reports", columns, rows, "There are no such reports.")
