"""`batcher check`: whether a rules directory can be used, and everything that is wrong with it at once."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from batcher.cli.exit_codes import ExitCode
from batcher.cli.output import JsonOption, errors, plain, print_json, printable
from batcher.cli.queue_trial import QueueTrial, try_on_queue
from batcher.errors import Fault
from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import Inspection, inspect
from batcher.settings import load_settings


def check(
    directory: Annotated[Path | None, typer.Argument(help="Rules directory; else that of the settings.")] = None,
    catalogue: Annotated[Path | None, typer.Option(help="Catalogue instead of the directory's own.")] = None,
    against_queue: Annotated[
        bool, typer.Option("--against-queue", help="Try them on the waiting work too, as a reload would.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """
    Check rules without using them: exit 0, or 78 with every fault and where it stands.

    With --against-queue also 78 when work that waits could not be made under them; each such job is told.

    Example: batcher check config/floor --against-queue
    """
    settings = load_settings(rules=directory, catalogue=catalogue)
    found = inspect(settings.rules, catalogue=settings.catalogue)
    queue = try_on_queue(found.rules) if against_queue and found.rules is not None else None
    if json:
        print_json(_document(found, queue))
    else:
        _tell(found)
        _tell_queue(queue)
    if found.rules is None or (queue is not None and queue.stranded):
        raise typer.Exit(ExitCode.CONFIG)


def summary(rules: RuleSet) -> dict[str, int]:
    """Return how many of each thing a rule set has."""
    return {
        "stations": len(rules.stations),
        "products": len(rules.products),
        "services": len(rules.services),
        "batch rules": len(rules.batch_rules),
        "SKUs": len(rules.catalogue),
    }


def _tell(found: Inspection) -> None:
    for warning in found.warnings:
        _complain(f"warning: {warning}")
    for fault in found.faults:
        _complain(str(fault))
    if found.rules is None:
        _complain(f"{len(found.faults)} {'fault' if len(found.faults) == 1 else 'faults'}; not usable")
        return
    counts = ", ".join(f"{count} {what}" for what, count in summary(found.rules).items())
    typer.echo(f"ok: {counts}; rules {found.rules.hash}")


def _tell_queue(queue: QueueTrial | None) -> None:
    if queue is None:
        return
    for fault in queue.stranded:
        _complain(str(fault))
    for job, why in queue.left_out.items():
        _complain(f"warning: job {job}: {why}; the plan in force leaves it out too")
    if queue.stranded:
        _complain("refused: a reload would keep the rules in force")
    else:
        typer.echo(f"queue: {queue.jobs} jobs in {queue.batches} batches, {queue.late_orders} orders late")


def _complain(line: str) -> None:
    errors.print(Text(printable(line)), soft_wrap=True)


def _document(found: Inspection, queue: QueueTrial | None) -> dict[str, object]:
    return {
        "ok": found.rules is not None and (queue is None or not queue.stranded),
        "hash": None if found.rules is None else found.rules.hash,
        "counts": {} if found.rules is None else summary(found.rules),
        "faults": [_fault(fault) for fault in found.faults],
        "warnings": [_fault(fault) for fault in found.warnings],
        "queue": plain(queue),
    }


def _fault(fault: Fault) -> dict[str, object]:
    path, line, column = fault.where.rsplit(":", 2)
    return {"file": path, "line": int(line), "column": int(column), "code": fault.code, "message": fault.message}
