"""`batcher sources`: how the sources stand that are polled, trying one, reading one again."""

from typing import Annotated
from urllib.parse import quote

import typer

from batcher.cli.floors import act, reading_floor
from batcher.cli.output import JsonOption, local, print_json, print_table, tell
from batcher.services import sources as service
from batcher.store import sources as stored

sources = typer.Typer(help="Sources that are polled: list, try, refused, rewind.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Id of the source.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")]
_WHO = "cli"


@sources.command("list")
def list_sources(as_json: JsonOption = False) -> None:
    """
    List the sources of the rules, how far each was read, and what is wrong.

    Example: batcher sources list
    """
    with reading_floor() as floor:
        found = service.statuses(floor)
        zone = floor.rules.current.site.zone
    if as_json:
        print_json(found)
        return
    rows = [
        (one.state.id, one.kind, one.state.orders, local(one.state.ok_at, zone), local(one.state.next_at, zone),
         one.refused, one.owed, one.state.last_error)
        for one in found
    ]  # fmt: skip
    columns = ("source", "kind", "orders", "last read", "next look", "refused", "untold", "trouble")
    print_table("Sources", columns, rows, "The rules name no source.")


@sources.command("try")
def try_source(name: Name, limit: Limit = 20, as_json: JsonOption = False) -> None:
    """
    Fetch the page that comes next and show what each order would become; nothing is kept.

    Example: batcher sources try webshop
    """
    with reading_floor() as floor:
        tried = service.try_source(floor, name, limit=limit)
        zone = floor.rules.current.site.zone
    if as_json:
        print_json(tried)
        return
    rows = []
    for one in tried:
        taken = one.taken
        outcome = f"held: {taken.held_code}" if taken.held_code else taken.outcome
        why = "; ".join(map(str, taken.faults)) or taken.message
        rows.append((one.ident, taken.order_id, outcome, local(taken.leave_by_at, zone), why))
    print_table(
        f"Orders of {name}", ("there", "order", "would be", "leaves by", "why"), rows, "The page has no orders."
    )


@sources.command()
def refused(name: Name, limit: Limit = 100, as_json: JsonOption = False) -> None:
    """
    List orders of a source that cannot be taken in, and why.

    Example: batcher sources refused webshop
    """
    with reading_floor() as floor:
        source = service.source_of(floor, name)
        with floor.store.read() as session:
            found = stored.notes_in(session, source.id, "refused", limit)
        zone = floor.rules.current.site.zone
    if as_json:
        print_json(found)
        return
    rows = [(note.ident, note.order_id, local(note.at, zone), note.why) for note in found]
    print_table(f"Refused orders of {name}", ("there", "order", "since", "why"), rows, "None is refused.")


@sources.command()
def rewind(
    name: Name,
    watermark: Annotated[str | None, typer.Option("--to", help="Instant or number; none: the beginning.")] = None,
    as_json: JsonOption = False,
) -> None:
    """
    Read a source again, such as after its mapping was mended; what came in before is recognised.

    Example: batcher sources rewind webshop --to 2026-11-20T00:00:00Z
    """
    answer = act(
        f"/v1/sources/{quote(name, safe='')}/rewind",
        {"watermark": watermark, "who": _WHO},
        lambda floor: service.rewind(floor, name, watermark, _WHO),
    )
    if as_json:
        print_json(answer)
    else:
        tell(f"Source {name} is read again from {watermark or 'its beginning'}.")
