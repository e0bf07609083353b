"""The floor on one screen of a terminal, as `batcher demo` shows it while it runs."""

from zoneinfo import ZoneInfo

from rich.console import Group
from rich.table import Table
from rich.text import Text

from batcher.cli.output import local
from batcher.services.status import FloorStatus, StationStatus


def live_view(status: FloorStatus, zone: ZoneInfo) -> Group:
    """Return the floor as one screen: the clock, the orders, and a line for each station."""
    orders = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in status.orders.items() if count)
    plan = "no plan yet"
    if status.plan is not None:
        gap = "" if status.plan.gap is None else f", at most {status.plan.gap:.0%} above the best possible"
        plan = f"{status.plan.jobs} jobs in {status.plan.batches} batches, {status.plan.cost_minor / 100:.2f}{gap}"
    table = Table(box=None, header_style="dim", pad_edge=False)
    for column in ("station", "runs now", "until", "queue", "next", "planned for"):
        table.add_column(column)
    for station in status.stations:
        table.add_row(*_row(station, zone))
    return Group(
        Text(f"{local(status.now, zone)}   {orders or 'no orders'}", style="bold"),
        Text(f"late {status.late_count}, at risk {status.at_risk_count}   plan: {plan}", style="dim"),
        table,
    )


def _row(station: StationStatus, zone: ZoneInfo) -> tuple[str, ...]:
    if station.state == "down":
        return (station.id, f"down: {station.reason}", "", "", "", "")
    running, planned = station.running, station.next_batch
    idle = "idle" if station.attended else "unattended"
    return (
        station.id,
        idle if running is None else f"{running.jobs} x {running.fixture} ({running.fill:.0%})",
        "" if running is None else f"{running.end_at.astimezone(zone):%H:%M}",
        str(len(station.queue)),
        "" if planned is None else f"{planned.jobs} x {planned.fixture} ({planned.fill:.0%})",
        "" if planned is None else local(planned.start_at, zone),
    )
