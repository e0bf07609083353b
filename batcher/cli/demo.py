"""
`batcher demo`: the whole floor on this machine, with orders of its own making, on a fast clock.

Real processes, real folders, a real database; the stations are virtual. What `make run` runs.
"""

import contextlib
import itertools
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.live import Live

from batcher.cli.exit_codes import ExitCode
from batcher.cli.floor_check import checked
from batcher.cli.floors import reading_floor
from batcher.cli.live_view import live_view
from batcher.cli.output import JsonOption, console, print_json, tell
from batcher.domain.calendars import local
from batcher.domain.clock import Clock
from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import load_rules
from batcher.services.status import floor_status
from batcher.settings import Settings, load_settings
from batcher.simulate.checker import FloorCheck
from batcher.simulate.generator import orders as generated_orders
from batcher.simulate.generator import write_drop
from batcher.simulate.processes import FloorProcesses, running

#: The floor's day begins here, so that there is something to see at once.
_OPENING = clock_time(7, 30)
_BACKLOG = timedelta(hours=14)
_ORDERS_A_DAY = 600
#: Where the daemon listens when nothing else is said, and so where the documentation looks for it.
_PORT = 8080


def demo(
    speed: Annotated[float, typer.Option(min=1, max=600, help="Floor seconds in one real second.")] = 60,
    seconds: Annotated[float | None, typer.Option(min=5, help="End by itself after so many real seconds.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of orders, failures and planner.")] = 0,
    rate: Annotated[float, typer.Option(min=1, help="Orders a day.")] = _ORDERS_A_DAY,
    rules: Annotated[Path, typer.Option(help="Rules directory.")] = Path("config/floor"),
    state_dir: Annotated[Path | None, typer.Option(help="Where to keep it all; a new directory by default.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the API; a free one if it is taken.")] = _PORT,
    as_json: JsonOption = False,
) -> None:
    """
    Run the whole floor here: daemon, virtual stations, and orders of their own making.

    It starts on a Monday morning with the night's orders waiting. Ends with Ctrl-C or after --seconds; exit code 0
    means that nothing was lost, made twice or made without being known.

    Example: batcher demo --speed 60 --seconds 90
    """
    compiled = load_rules(rules)
    started = datetime.now(UTC)
    home = state_dir or Path("state") / f"demo-{started:%Y%m%d-%H%M%S}"
    (home / "drop").mkdir(parents=True, exist_ok=True)
    floor = FloorProcesses(
        state_dir=home.absolute(),
        rules=rules.absolute(),
        floor_at=_monday_morning(started, compiled.site.zone),
        anchor_at=started,
        speed=speed,
        seed=seed,
        fail_rate=0.01,
        port=port if _is_free(port) else 0,
        others={"private_hooks": True, "private_artwork": True},  # a shop of your own is tried on your own machine
    )
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    tell(f"Starting the floor in {home} at {speed:g} times real time ...")
    settings = load_settings(
        state_dir=floor.state_dir, rules=floor.rules, speed=speed,
        clock=f"{floor.floor_at.isoformat()}@{started.isoformat()}",
    )  # fmt: skip
    with running(floor):
        tell(f"Status page: {floor.url()}/   stop with Ctrl-C")
        tell(f"Commands in another terminal: export BATCHER_SETTINGS={_write_settings(floor, home)}")
        _go_on(settings, compiled, rate, seed, seconds, stop)
    found = checked(settings, finished=False)
    if as_json:
        print_json(found)
    else:
        _tell_summary(found)
    raise typer.Exit(ExitCode.OK if found.sound and found.items_made else ExitCode.FAILED)


def _write_settings(floor: FloorProcesses, home: Path) -> Path:
    """Leave the floor's settings in a file, for commands that look at it; return the file."""
    path = home.absolute() / "batcher.env"
    lines = [f"{name}={value}\n" for name, value in floor.environment().items() if name.startswith("BATCHER_")]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _monday_morning(today: datetime, zone: ZoneInfo) -> datetime:
    day = today.astimezone(zone).date()
    return local(day - timedelta(days=day.weekday()), _OPENING, zone)


def _go_on(
    settings: Settings, rules: RuleSet, rate: float, seed: int, seconds: float | None, stop: threading.Event
) -> None:
    """Feed orders as they come due on the floor's clock, and show the floor, until it is time to end."""
    clock = settings.floor_clock(datetime.now(UTC))
    stream = generated_orders(rules, seed=seed, start_at=clock.floor_at - _BACKLOG, rate_per_day=rate)
    until = None if seconds is None else time.monotonic() + seconds
    shown = Live(console=console, auto_refresh=False) if console.is_terminal else contextlib.nullcontext()
    with shown as live:
        for turn in itertools.count():
            stream = _drop_due(settings, stream, clock)
            if stop.wait(0.5) or (until is not None and time.monotonic() > until):
                return
            if live is not None and turn % 2 == 0:
                with reading_floor(settings) as floor:
                    live.update(live_view(floor_status(floor), floor.rules.current.site.zone), refresh=True)


def _drop_due(settings: Settings, stream: Iterator[dict[str, object]], clock: Clock) -> Iterator[dict[str, object]]:
    """Drop every order whose time has come; return the rest of the stream."""
    due = []
    for order in stream:
        if datetime.fromisoformat(str(order["placed_at"])) > clock.now():
            stream = itertools.chain([order], stream)
            break
        due.append(order)
    if due:
        write_drop(settings.orders_dir, due)
    return stream


def _tell_summary(found: FloorCheck) -> None:
    tell(f"Orders: {found.orders} taken in, {found.complete} complete, {len(found.held)} held")
    twice, lost = len(found.made_twice), len(found.lost)
    tell(f"Pieces: {found.items_made} made, {found.remakes} remade, {twice} made twice, {lost} lost")
    batches = sum(found.batches_by_process.values())
    tell(f"Batches: {batches}; released because: {json.dumps(dict(found.reasons))}")
    for process, fill in found.fill_by_process.items():
        tell(f"  {process}: {found.batches_by_process[process]} batches, {fill:.0%} full on average")
