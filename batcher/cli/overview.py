"""`batcher status`, `batcher plan`: the floor at a glance, what comes next."""

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from batcher.cli.blanks import BLANK_COLUMNS, blank_rows
from batcher.cli.floors import reading_floor
from batcher.cli.output import JsonOption, local, print_json, print_table, tell
from batcher.services.context import Floor
from batcher.services.cycle import plan_now
from batcher.services.plan_document import plan_document
from batcher.services.plan_view import PlannedBatch, plan_batches
from batcher.services.status import NextBatch, TicketBrief, floor_status
from batcher.store import batches
from batcher.store.leadership import Leader


def status(as_json: JsonOption = False) -> None:
    """
    Show the floor: orders by state, stations, late and held orders, the plan in force.

    Example: batcher status --json | jq .orders
    """
    with reading_floor() as floor:
        found = floor_status(floor)
        zone = floor.rules.current.site.zone
    if as_json:
        print_json(found)
        return
    if found.safe_mode:
        tell(f"SAFE MODE, nothing is sent: {found.safe_mode}. `batcher reconcile` shows what to do.")
    tell("Orders: " + ", ".join(f"{count} {state}" for state, count in found.orders.items()))
    tell(f"Late {found.late_count}, at risk {found.at_risk_count}, held {found.orders['held']}")
    if found.in_doubt:
        tell(f"In doubt {found.in_doubt}: `batcher tickets --state in_doubt` lists, `batcher resolve` ends it.")
    if found.plan is not None:
        gap = "no bound" if found.plan.gap is None else f"gap at most {found.plan.gap:.1%}"
        made = local(found.plan.created_at, zone)
        tell(f"Plan of {made}: {found.plan.jobs} jobs in {found.plan.batches} batches, {found.plan.status}, {gap}")
    if found.leader is not None:
        tell(_lead(found.leader, zone, datetime.now(UTC)))
    rows = [
        (
            s.id,
            s.state if not s.reason else f"{s.state}: {s.reason}",
            _brief(s.running),
            len(s.queue),
            _next(s.next_batch, zone),
        )
        for s in found.stations
    ]
    print_table("Stations", ("station", "state", "running", "queue", "next"), rows, "There are no stations.")
    if found.blanks:
        print_table("Blanks that have run out", BLANK_COLUMNS, blank_rows(found.blanks, zone), "")
        tell("`batcher blanks back BLANK` says that one is there again.")
    print_table(
        "Held orders",
        ("order", "source", "code", "reason"),
        [(h.order_id, h.source, h.code, h.reason) for h in found.held],
        "No order is held.",
    )


def _lead(leader: Leader, zone: ZoneInfo, now: datetime) -> str:
    """Return who leads, or led last; leases go by the real clock, not the floor's."""
    who = f"{leader.name} in epoch {leader.epoch}"
    if leader.until <= now:
        return f"Led by nobody since {local(leader.until, zone)}, and by {who} before"
    return f"Led by {who} since {local(leader.since, zone)}, lease renewed {local(leader.renewed_at, zone)}"


def _brief(ticket: TicketBrief | None) -> str:
    return "" if ticket is None else f"{ticket.jobs} pieces, {ticket.fixture} ({ticket.fill:.0%} full)"


def _next(planned: NextBatch | None, zone: ZoneInfo) -> str:
    if planned is None:
        return ""
    return f"{planned.jobs} pieces, {planned.fixture} at {local(planned.start_at, zone)}, {planned.release_reason_text}"


def plan(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Make a plan now, of the queue as it is; keep nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """
    Show the plan in force, or what a plan made now would be.

    Example: batcher plan --dry-run
    """
    with reading_floor() as floor:
        document = plan_document(plan_now(floor)) if dry_run else _planned_last(floor)
        zone = floor.rules.current.site.zone
    if as_json:
        print_json(document)
        return
    if document is None:
        tell("There is no plan yet: the daemon makes the first one when it starts.")
        return
    print_table(
        "Plan",
        ("station", "start", "end", "starts by", "fixture", "pieces", "fill", "rule"),
        [_row(batch, zone) for batch in plan_batches(document)],
        "Nothing waits.",
    )


def _planned_last(floor: Floor) -> dict[str, Any] | None:
    with floor.store.read() as session:
        stored = batches.latest_plan(session)
    return None if stored is None else stored.document.unpacked()


def _row(batch: PlannedBatch, zone: ZoneInfo) -> tuple[object, ...]:
    times = (local(at, zone) for at in (batch.start_at, batch.end_at, batch.latest_begin_at))
    return (batch.station, *times, batch.fixture, len(batch.jobs), f"{batch.fill:.0%}", batch.rule)
