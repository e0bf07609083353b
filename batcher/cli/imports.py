"""`batcher orders import`: a file of orders, through the running daemon or straight into its database."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import track

from batcher.cli.exit_codes import ExitCode
from batcher.cli.floors import act
from batcher.cli.output import JsonOption, errors, print_json, print_table, tell
from batcher.intake.records import Record, read_bytes, read_records
from batcher.services.context import Floor
from batcher.services.intake import SOURCE_PATTERN, Taken, take_orders

#: Orders in one commit, or one request.
_PART = 500
#: Refused records that are listed; the counts are whole.
_LISTED = 20


def source_name(name: str) -> str:
    """Return what a source is called, or tell what it may be called."""
    if not re.fullmatch(SOURCE_PATTERN, name):
        raise typer.BadParameter("at most 64 letters, digits, '.', '_' and '-', the first a letter or digit")
    return name


def import_orders(
    file: Annotated[Path, typer.Argument(help="A .json, .jsonl or .csv file, also .gz.")],
    source: Annotated[
        str, typer.Option(callback=source_name, help="Who sends; order ids are unique for each source.")
    ] = "import",
    as_json: JsonOption = False,
) -> None:
    """
    Take in a file of orders; known ones are left alone, bad ones are told, good ones are kept.

    Exit code 0 when every order is kept or known, 65 when some were refused.

    Example: batcher orders import orders-2011-02-07.jsonl.gz --source shop
    """
    records = read_records(file.name, read_bytes(file))
    results = [_refused(record) for record in records if record.faults]
    good = [record.doc for record in records if not record.faults]
    parts = [good[start : start + _PART] for start in range(0, len(good), _PART)]
    shown = track(parts, description="Taking in", console=errors, disable=as_json or not errors.is_terminal)
    results += [entry for part in shown for entry in _take(part, source)]
    bad = [entry for entry in results if entry["outcome"] in ("conflict", "rejected")]
    counts = Counter("held" if r["outcome"] == "created" and r["held_code"] else r["outcome"] for r in results)
    if as_json:
        print_json({"counts": counts, "refused": bad})
    else:
        tell(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())) or "The file has no orders.")
        if bad:
            rows = [(entry["order_id"], entry["outcome"], entry["message"]) for entry in bad[:_LISTED]]
            print_table("Refused", ("order", "outcome", "why"), rows, "")
    if bad:
        raise typer.Exit(ExitCode.BAD_DATA)


def _take(docs: Sequence[object], source: str) -> Iterator[dict[str, Any]]:
    def alone(floor: Floor) -> object:
        return {"results": [_entry(taken) for taken in take_orders(floor, docs, source)]}

    answer = act(f"/v1/orders?source={source}", list(docs), alone)
    assert isinstance(answer, dict)
    yield from answer["results"]


def _entry(taken: Taken) -> dict[str, Any]:
    return {
        "order_id": taken.order_id,
        "outcome": taken.outcome,
        "held_code": taken.held_code,
        "message": taken.message,
    }


def _refused(record: Record) -> dict[str, Any]:
    return {"order_id": record.where, "outcome": "rejected", "held_code": None, "message": str(record.faults[0])}
