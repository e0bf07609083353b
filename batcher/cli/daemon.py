"""`batcher run`: the daemon."""

from pathlib import Path
from typing import Annotated

import typer

from batcher.settings import load_settings


def run(
    rules: Annotated[Path | None, typer.Option(help="Rules directory (BATCHER_RULES).")] = None,
    state_dir: Annotated[Path | None, typer.Option(help="State directory (BATCHER_STATE_DIR).")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (BATCHER_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, 0 for any (BATCHER_PORT).")] = None,
    speed: Annotated[float | None, typer.Option(help="Floor seconds in one real second (BATCHER_SPEED).")] = None,
    clock: Annotated[str | None, typer.Option(help="FLOOR_ISO@REAL_ISO (BATCHER_CLOCK).")] = None,
) -> None:
    """
    Run the floor: take orders in, plan, release, dispatch, until SIGTERM; SIGHUP reloads the rules.

    Example: batcher run --rules config/floor --state-dir /var/lib/batcher
    """
    from batcher.daemon.main import run as run_daemon

    run_daemon(load_settings(rules=rules, state_dir=state_dir, host=host, port=port, speed=speed, clock=clock))
