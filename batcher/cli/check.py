"""`batcher check`: whether a rules directory can be used, and everything that is wrong with it at once."""

import json as json_lines
from pathlib import Path
from typing import Annotated

import typer

from batcher.cli.exit_codes import ExitCode
from batcher.errors import Fault
from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import Inspection, inspect


def check(
    directory: Annotated[Path, typer.Argument(help="Rules directory.")] = Path("config/floor"),
    catalogue: Annotated[Path | None, typer.Option(help="Catalogue instead of the directory's own.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """
    Check rules without using them: exit 0, or 78 with every fault and where it stands.

    Example: batcher check config/floor
    """
    found = inspect(directory, catalogue=catalogue)
    if json:
        typer.echo(json_lines.dumps(_document(found), indent=2))
    else:
        _tell(found)
    if found.rules is None:
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
        typer.echo(f"warning: {warning}", err=True)
    for fault in found.faults:
        typer.echo(str(fault), err=True)
    if found.rules is None:
        typer.echo(f"{len(found.faults)} {'fault' if len(found.faults) == 1 else 'faults'}; not usable", err=True)
        return
    counts = ", ".join(f"{count} {what}" for what, count in summary(found.rules).items())
    typer.echo(f"ok: {counts}; rules {found.rules.hash}")


def _document(found: Inspection) -> dict[str, object]:
    return {
        "ok": found.rules is not None,
        "hash": None if found.rules is None else found.rules.hash,
        "counts": {} if found.rules is None else summary(found.rules),
        "faults": [_fault(fault) for fault in found.faults],
        "warnings": [_fault(fault) for fault in found.warnings],
    }


def _fault(fault: Fault) -> dict[str, object]:
    path, line, column = fault.where.rsplit(":", 2)
    return {"file": path, "line": int(line), "column": int(column), "code": fault.code, "message": fault.message}
