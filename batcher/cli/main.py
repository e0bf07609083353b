"""
The command line: every command in one place, each loaded when it is called, and how failures are told.

What a command does is in its own file; which exit code a failure has is in `exit_codes`.
"""

import importlib
import sys
import traceback
from typing import Any

import structlog
import typer
from rich.text import Text
from typer.core import TyperGroup
from typer.main import get_command

import batcher
from batcher.cli.exit_codes import exit_code
from batcher.cli.output import errors, printable
from batcher.errors import BatcherError, FaultsError

#: Where each command, or group of commands, is; a command that only lists must not wait for what plans or serves.
COMMANDS = {
    "run": "batcher.cli.daemon:run",
    "check": "batcher.cli.check:check",
    "plan": "batcher.cli.overview:plan",
    "status": "batcher.cli.overview:status",
    "why": "batcher.cli.why:why",
    "quote": "batcher.cli.quote:quote",
    "orders": "batcher.cli.orders:orders",
    "archive": "batcher.cli.archive:archive",
    "erase": "batcher.cli.erase:erase",
    "batches": "batcher.cli.queues:batches",
    "load-list": "batcher.cli.load_list:show_load_list",
    "tickets": "batcher.cli.queues:tickets",
    "print": "batcher.cli.papers:print_papers",
    "resolve": "batcher.cli.resolve:resolve",
    "reconcile": "batcher.cli.reconcile:reconcile",
    "stations": "batcher.cli.stations:stations",
    "blanks": "batcher.cli.blanks:blanks",
    "reports": "batcher.cli.queues:reports",
    "rules": "batcher.cli.rules:rules",
    "preview": "batcher.cli.preview:preview",
    "sources": "batcher.cli.sources:sources",
    "hooks": "batcher.cli.hooks:hooks",
    "token": "batcher.cli.tokens:token",
    "db": "batcher.cli.db:db",
    "solve": "batcher.cli.solve:solve",
    "simulate": "batcher.cli.simulate:simulate",
    "demo": "batcher.cli.demo:demo",
    "station": "batcher.cli.station:station",
}


class _LazyGroup(TyperGroup):
    """Finds a command in its module when it is asked for."""

    # Typer keeps the types of its contexts and commands to itself
    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the base class asks for it
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the base class asks for it
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(importlib.import_module(module), name)
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
            alone.command(cmd_name)(found)
            found = alone
        command = get_command(found)
        command.name = cmd_name
        return command


app = typer.Typer(
    name="batcher",
    cls=_LazyGroup,
    help="Runs a personalised-gift factory lights-out: orders in, cheapest batches planned, job tickets out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"batcher {batcher.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Runs a personalised-gift factory lights-out: orders in, cheapest batches planned, job tickets out."""


def main() -> None:
    """Run one command and exit with a code that scripts can trust."""
    # what services log while a command acts by itself: standard output belongs to the command's answer
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        app()
    except (BatcherError, OSError) as error:
        _show(error)
        sys.exit(exit_code(error))
    except Exception as error:  # noqa: BLE001 - a bug, told whole, with a code of its own
        traceback.print_exc()
        sys.exit(exit_code(error))


def _show(error: BaseException) -> None:
    """Tell what went wrong, one fault a line."""
    if isinstance(error, FaultsError):
        lines = [str(fault) for fault in error.faults]
    elif isinstance(error, OSError) and error.strerror:
        lines = [f"{error.filename}: {error.strerror}" if error.filename else error.strerror]
    else:
        lines = str(error).splitlines()
    for line in lines:
        errors.print(Text(printable(line)), soft_wrap=True)
