"""`batcher load-list`: what to lay ready at each station before the operators leave."""

from typing import Annotated

import typer

from batcher.cli.floors import reading_floor
from batcher.cli.output import JsonOption, local, print_json, print_table
from batcher.services.load_list import Load, load_lists


def show_load_list(
    station: Annotated[str | None, typer.Option(help="Only this station.")] = None, as_json: JsonOption = False
) -> None:
    """
    Tell what to lay ready for the night under way, or the next: fixtures, blanks and setups, in order.

    Example: batcher load-list --station uv-1
    """
    with reading_floor() as floor:
        lists = load_lists(floor, only=station)
        zone = floor.rules.current.site.zone
    if as_json:
        print_json(lists)
        return
    rows = [
        (
            night.station,
            load.place,
            f"{local(load.begin_at, zone)}",
            load.fixture,
            f"{load.setup_state}, changed to" if load.changeover else load.setup_state,
            _blanks(load),
            load.ticket_id or "planned",
        )
        for night in lists
        for load in night.loads
    ]
    columns = ("station", "place", "begins", "fixture", "setup", "blanks", "ticket")
    print_table("For the night", columns, rows, "Nothing runs in the night.")


def _blanks(load: Load) -> str:
    return ", ".join(f"{blank.pieces} x {blank.sku}" for blank in load.blanks)
