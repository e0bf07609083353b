"""
The command line: every command in one place, and how failures are told.

What a command does is in its own file; which exit code a failure has is in `exit_codes`.
"""

import sys

import click
import typer
from rich.text import Text

import batcher
from batcher.cli import queues
from batcher.cli.check import check
from batcher.cli.daemon import run
from batcher.cli.db import db
from batcher.cli.demo import demo
from batcher.cli.exit_codes import ExitCode, exit_code
from batcher.cli.orders import orders
from batcher.cli.output import errors, printable
from batcher.cli.overview import plan, status, why
from batcher.cli.rules import rules
from batcher.cli.solve import solve
from batcher.cli.station import station
from batcher.cli.stations import stations
from batcher.errors import BatcherError, FaultsError

app = typer.Typer(
    name="batcher",
    help="Runs a personalised-gift factory lights-out: orders in, cheapest batches planned, job tickets out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for _command in (run, check, plan, status, why, queues.batches, queues.tickets, queues.reports, solve, demo):
    app.command()(_command)
for _name, _group in (("orders", orders), ("stations", stations), ("db", db), ("rules", rules), ("station", station)):
    app.add_typer(_group, name=_name)


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
    try:
        sys.exit(app(standalone_mode=False) or ExitCode.OK)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.exceptions.Abort:
        sys.exit(ExitCode.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(ExitCode.USAGE)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except (BatcherError, OSError) as error:
        _show(error)
        sys.exit(exit_code(error))


def _show(error: BaseException) -> None:
    """Tell what went wrong, one fault a line."""
    lines = [str(fault) for fault in error.faults] if isinstance(error, FaultsError) else str(error).splitlines()
    for line in lines:
        errors.print(Text(printable(line)), soft_wrap=True)
