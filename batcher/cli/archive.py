"""`batcher archive`: what is finished leaves the database, and is read from where it went."""

from typing import Annotated, Any

import typer

from batcher.cli.exit_codes import ExitCode
from batcher.cli.floors import act, reading_floor
from batcher.cli.output import JsonOption, plain, print_json, print_table, tell
from batcher.services import archiving
from batcher.services.context import Floor
from batcher.services.safe_mode import look_for_restore

archive = typer.Typer(
    help="Finished orders that have left the database: looked up, and sent there.", no_args_is_help=True
)


@archive.command()
def run(as_json: JsonOption = False) -> None:
    """
    Archive now what has been finished for BATCHER_ARCHIVE_DAYS; the daemon does so by itself, some every minute.

    Example: batcher archive run
    """
    counts: dict[str, int] = {}
    done: Any = {"more": True}
    while done["more"]:
        done = plain(act("/v1/archive", {}, _here))
        counts = {kind: counts.get(kind, 0) + count for kind, count in done["counts"].items()}
    if as_json:
        print_json({"counts": counts, "kept_back": done["kept_back"]})
        return
    tell("Archived: " + (", ".join(f"{kind}s {count}" for kind, count in counts.items() if count) or "nothing"))
    if done["kept_back"]:
        tell(f"{done['kept_back']} orders are old enough and cannot leave yet: news undelivered, or tickets not ended")


@archive.command()
def show(
    order: Annotated[str, typer.Argument(help="Order id, or our key of it.")], as_json: JsonOption = False
) -> None:
    """
    Show an order that has left the database: its pieces, and what happened to them when.

    Example: batcher archive show 543300-033
    """
    with reading_floor() as floor:
        found = archiving.find_archived(floor, order)
        record = archiving.read_archived(floor, found)
        zone = floor.rules.current.site.zone
    if as_json:
        print_json(record)
        return
    tell(
        f"Order {found.order_id} of {found.source} ({found.key}): {found.state}, archived {found.archived_at:%Y-%m-%d}"
    )
    pieces = [(row["id"], row["sku"], row["state"], row["remake_of"]) for row in record["items"]]
    print_table("Pieces", ("piece", "sku", "state", "remake of"), pieces, "It has no pieces.")
    happened = [(row["at"][:19], row["kind"], row["ident"], row["before"], row["after"]) for row in record["events"]]
    print_table(
        f"What happened (UTC, site {zone})", ("at", "what", "id", "was", "became"), happened, "Nothing is known."
    )


@archive.command()
def check(as_json: JsonOption = False) -> None:
    """
    Read the whole archive, as far as it counts; exit 1 when a file is missing or damaged.

    Example: batcher archive check --json
    """
    with reading_floor() as floor:
        faults = archiving.archive_faults(floor)
    if as_json:
        print_json({"ok": not faults, "faults": faults})
    else:
        for line in faults or ["all is well"]:
            tell(line)
    if faults:
        raise typer.Exit(ExitCode.FAILED)


def _here(floor: Floor) -> object:
    look_for_restore(floor)
    return archiving.archive_finished(floor)
