"""`batcher blanks`: what has run out, and what is back."""

from collections.abc import Iterable
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from batcher.cli.floors import act, reading_floor
from batcher.cli.output import JsonOption, local, print_json, print_table, tell
from batcher.services.blanks import MissedBlank, missed_blanks, say_back, say_out
from batcher.services.context import Floor

blanks = typer.Typer(help="Blanks that have run out: list, out, back.", no_args_is_help=True)

Blank = Annotated[str, typer.Argument(help="A product, a product/finish, or a SKU.")]
#: What is told of each.
BLANK_COLUMNS = ("blank", "pieces", "reason", "who", "since")
_WHO = "cli"


@blanks.command("list")
def list_blanks(as_json: JsonOption = False) -> None:
    """
    List what has run out, and how many pieces wait for it.

    Example: batcher blanks list --json
    """
    with reading_floor() as floor:
        with floor.store.read() as session:
            out = missed_blanks(session)
        zone = floor.rules.current.site.zone
    if as_json:
        print_json(out)
        return
    print_table("Blanks that have run out", BLANK_COLUMNS, blank_rows(out, zone), "Nothing has run out.")


def blank_rows(out: Iterable[MissedBlank], zone: ZoneInfo) -> list[tuple[object, ...]]:
    """Return blanks that have run out as rows of a table."""
    return [(one.blank, one.waiting, one.reason, one.who, local(one.since, zone)) for one in out]


@blanks.command("out")
def run_out(
    blank: Blank,
    reason: Annotated[str, typer.Option(help="Why, and until when, for those who look later.")] = "",
    as_json: JsonOption = False,
) -> None:
    """
    Say that a blank has run out: no more pieces of it are begun, and no others wait for them.

    Example: batcher blanks out tin --reason "the truck comes at three"
    """
    answer: Any = act(
        "/v1/blanks/out",
        {"blank": blank, "reason": reason, "who": _WHO},
        lambda floor: {"blank": blank, "waiting": say_out(floor, blank, reason=reason, who=_WHO)},
    )
    if as_json:
        print_json(answer)
    else:
        tell(f"{blank} has run out; {answer['waiting']} pieces wait for it.")


@blanks.command("back")
def come_back(
    blank: Blank,
    reason: Annotated[str, typer.Option(help="What has come, for those who look later.")] = "",
    as_json: JsonOption = False,
) -> None:
    """
    Say that a blank is there again: its pieces are planned.

    Example: batcher blanks back tin
    """

    def here(floor: Floor) -> object:
        say_back(floor, blank, reason=reason, who=_WHO)
        return {"blank": blank, "waiting": 0}

    answer = act("/v1/blanks/back", {"blank": blank, "reason": reason, "who": _WHO}, here)
    if as_json:
        print_json(answer)
    else:
        tell(f"{blank} is back.")
