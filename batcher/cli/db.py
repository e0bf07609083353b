"""
`batcher db`: the database brought up to date, copied and checked.

What that means is in `store.migrate`; here are only the command line and what is told.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from batcher.cli.exit_codes import ExitCode
from batcher.settings import load_settings
from batcher.store import migrate

db = typer.Typer(help="The database.", no_args_is_help=True)

StateDir = Annotated[Path | None, typer.Option(help="State directory of the daemon.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@db.callback()
def _group() -> None:
    """The database: brought up to date, copied and checked."""


@db.command()
def upgrade(state_dir: StateDir = None) -> None:
    """Bring the database to the schema of this version, making it when there is none; no daemon may be using it."""
    url = load_settings(state_dir=state_dir).store_url
    before = migrate.current(url)
    migrate.upgrade(url)
    after = migrate.current(url)
    typer.echo(f"schema {after}, nothing to do" if before == after else f"schema {before or 'none'} -> {after}")


@db.command()
def backup(
    path: Annotated[Path, typer.Argument(help="File to write; it must not exist.")], state_dir: StateDir = None
) -> None:
    """Copy the database as of one moment, while the daemon goes on working."""
    migrate.backup(load_settings(state_dir=state_dir).store_url, path)
    typer.echo(f"{path}: {path.stat().st_size} bytes")


@db.command()
def check(state_dir: StateDir = None, as_json: AsJson = False) -> None:
    """Check the file and everything that must hold inside it; exit 1 when something does not."""
    problems = migrate.check(load_settings(state_dir=state_dir).store_url)
    if as_json:
        typer.echo(json.dumps({"ok": not problems, "problems": problems}))
    else:
        typer.echo("\n".join(problems) or "all is well")
    if problems:
        raise typer.Exit(ExitCode.FAILED)
