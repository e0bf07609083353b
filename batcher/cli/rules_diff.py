"""`batcher rules diff`: what other rules would do with the live queue at this moment."""

from pathlib import Path
from typing import Annotated

import typer

from batcher.cli.floors import reading_floor
from batcher.cli.output import JsonOption, print_json, print_table
from batcher.errors import ConfigError
from batcher.rules.schema import load_rules
from batcher.services.rules_diff import RulesDiff, Start
from batcher.services.shadow import diff_rules
from batcher.settings import load_settings


def diff(
    directory: Annotated[
        Path | None, typer.Argument(help="The other rules directory; else BATCHER_SHADOW_RULES.")
    ] = None,
    catalogue: Annotated[Path | None, typer.Option(help="Catalogue instead of the directory's own.")] = None,
    json: JsonOption = False,
) -> None:
    """
    Tell what other rules would do with the live queue now: plan, cost, and what they would release. Nothing is kept.

    Exit 78 when they cannot be used.

    Example: batcher rules diff config/tried
    """
    settings = load_settings(catalogue=catalogue)
    chosen = directory or settings.shadow_rules
    if chosen is None:
        raise ConfigError("name a rules directory, or set BATCHER_SHADOW_RULES")
    shadow = load_rules(chosen, catalogue=settings.catalogue)
    with reading_floor() as floor:
        found = diff_rules(floor, shadow)
    if json:
        print_json(found)
    else:
        _tell(found)


def _tell(found: RulesDiff) -> None:
    rows = [
        (name, o.rules_hash, o.jobs, o.left_out, o.batches, o.late_orders, round(o.cost_minor))
        for name, o in (("in force", found.in_force), ("shadow", found.shadow))
    ]
    outcome_columns = ("rules", "hash", "jobs", "left out", "batches", "late orders", "cost")
    print_table(f"{found.same_batches} batches are the same", outcome_columns, rows, "")
    starts = [*_rows("in force", found.only_in_force), *_rows("shadow", found.only_shadow)]
    start_columns = ("only under", "station", "fixture", "pieces", "because")
    print_table("Released now", start_columns, starts, "Both would release the same now.")


def _rows(name: str, starts: tuple[Start, ...]) -> list[tuple[object, ...]]:
    return [(name, start.station, start.fixture, len(start.jobs), start.reason) for start in starts]
