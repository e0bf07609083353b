"""
`batcher station`: virtual stations, one process that acts as machines.

How a machine behaves is in `simulate.virtual_station`; here are only its command line, its folders and its end.
"""

import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from batcher.dispatch.folders import station_folders
from batcher.errors import NotFoundError
from batcher.rules.floor import Station
from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import load_rules
from batcher.settings import load_settings
from batcher.simulate.machine_folders import MachineFolders
from batcher.simulate.virtual_station import Machine, run_machines

station = typer.Typer(no_args_is_help=True)


@station.callback()
def _group() -> None:  # without it, one command alone would be no group
    """Virtual stations: machines for demonstrations and tests."""


@station.command()
def run(
    station_id: Annotated[
        list[str] | None, typer.Option("--station", help="Station to act as; may be repeated.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Act as every station of the rules.")] = False,
    speed: Annotated[float | None, typer.Option(help="Floor seconds in one real second.")] = None,
    fail_rate: Annotated[float, typer.Option(min=0, max=1, help="Share of pieces that come out wrong.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Which pieces come out wrong.")] = 0,
    state_dir: Annotated[Path | None, typer.Option(help="State directory of the daemon.")] = None,
    rules: Annotated[Path | None, typer.Option(help="Rules directory.")] = None,
    clock: Annotated[str | None, typer.Option(help="FLOOR_ISO@REAL_ISO: the floor's time at a real instant.")] = None,
) -> None:
    """
    Act as machines: take tickets, make them on the floor's clock, report; until SIGTERM or Ctrl-C.

    Killed at any moment and started again, it goes on where it was and makes nothing twice.

    Example: batcher station run --all --speed 60 --fail-rate 0.01
    """
    settings = load_settings(state_dir=state_dir, rules=rules, clock=clock, speed=speed)
    chosen = _chosen(load_rules(settings.rules, catalogue=settings.catalogue), station_id or [], every=every)
    floor_clock = settings.floor_clock(datetime.now(UTC))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    machines = [
        Machine(
            one,
            machine_folders(settings.state_dir, one),
            started_at=floor_clock.now(),
            fail_rate=fail_rate,
            seed=seed,
        )
        for one in chosen
    ]
    typer.echo(f"acting as {', '.join(one.id for one in chosen)} at {floor_clock.speed:g}x")
    try:
        run_machines(machines, floor_clock, stop)
    finally:
        for machine in machines:
            machine.close()


def machine_folders(state_dir: Path, one: Station) -> MachineFolders:
    """Return the folders of the machine that acts as a station: the daemon's, from the other side."""
    folders = station_folders(state_dir, one)
    return MachineFolders(
        hot=folders.hot, reports=folders.reports, home=folders.stage.with_name(f"{folders.hot.name}.machine")
    )


def _chosen(rules: RuleSet, wanted: list[str], *, every: bool) -> list[Station]:
    if every == bool(wanted):
        raise typer.BadParameter("name stations with --station, or take them all with --all")
    if every:
        return list(rules.stations.values())
    for name in wanted:
        if name not in rules.stations:
            raise NotFoundError("station", name)
    return [rules.stations[name] for name in wanted]
