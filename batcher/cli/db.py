"""
`batcher db`: the database brought up to date, copied and checked.

What that means is in `store.migrate`; here are only the command line and what is told.
"""

from pathlib import Path
from typing import Annotated

import typer

from batcher.cli.exit_codes import ExitCode
from batcher.cli.output import JsonOption, print_json, tell
from batcher.settings import load_settings
from batcher.store import migrate

db = typer.Typer(help="The database: brought up to date, copied and checked.", no_args_is_help=True)

StateDir = Annotated[Path | None, typer.Option(help="State directory of the daemon.")]


@db.command()
def upgrade(state_dir: StateDir = None, as_json: JsonOption = False) -> None:
    """
    Bring the database to the schema of this version, making it when there is none; no daemon may be using it.

    Example: batcher db upgrade --state-dir /var/lib/batcher
    """
    url = load_settings(state_dir=state_dir).store_url
    before = migrate.current(url)
    migrate.upgrade(url)
    after = migrate.current(url)
    if as_json:
        print_json({"before": before, "after": after})
    else:
        tell(f"schema {after}, nothing to do" if before == after else f"schema {before or 'none'} -> {after}")


@db.command()
def backup(
    path: Annotated[Path, typer.Argument(help="File to write; it must not exist.")],
    state_dir: StateDir = None,
    as_json: JsonOption = False,
) -> None:
    """
    Copy the database as of one moment, while the daemon goes on working.

    Example: batcher db backup /srv/backups/batcher-monday.db
    """
    migrate.backup(load_settings(state_dir=state_dir).store_url, path)
    size = path.stat().st_size
    if as_json:
        print_json({"path": str(path), "bytes": size})
    else:
        tell(f"{path}: {size} bytes")


@db.command()
def check(state_dir: StateDir = None, as_json: JsonOption = False) -> None:
    """
    Check the file and everything that must hold inside it; exit 1 when something does not.

    Example: batcher db check --json
    """
    problems = migrate.check(load_settings(state_dir=state_dir).store_url)
    if as_json:
        print_json({"ok": not problems, "problems": problems})
    else:
        for line in problems or ["all is well"]:
            tell(line)
    if problems:
        raise typer.Exit(ExitCode.FAILED)
