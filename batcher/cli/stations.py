"""`batcher stations`: list them, take one down or up."""

from typing import Annotated
from urllib.parse import quote

import typer

from batcher.cli.floors import act, reading_floor
from batcher.cli.output import JsonOption, local, print_json, print_table, tell
from batcher.services import actions
from batcher.store import stations as stored

stations = typer.Typer(help="Stations: list, down, up.", no_args_is_help=True)

StationId = Annotated[str, typer.Argument(help="Station id.")]
_WHO = "cli"


@stations.command("list")
def list_stations(as_json: JsonOption = False) -> None:
    """
    List the stations and how they are.

    Example: batcher stations list --json
    """
    with reading_floor() as floor:
        with floor.store.read() as session:
            found = stored.all_stations(session)
        zone = floor.rules.current.site.zone
    if as_json:
        print_json(list(found.values()))
        return
    rows = [(s.id, s.state, s.reason, local(s.since, zone), s.setup_state, local(s.last_report_at, zone))
            for s in found.values()]  # fmt: skip
    columns = ("station", "state", "reason", "since", "set up for", "last report")
    print_table("Stations", columns, rows, "There are no stations.")


@stations.command()
def down(
    station: StationId,
    reason: Annotated[str, typer.Option(help="Why, for those who look later.")],
    as_json: JsonOption = False,
) -> None:
    """
    Take a station down: what it has not been sent yet is planned elsewhere.

    Example: batcher stations down uv-1 --reason "lamp broken"
    """
    _set(station, up=False, reason=reason, as_json=as_json)


@stations.command()
def up(station: StationId, as_json: JsonOption = False) -> None:
    """
    Take a station up again.

    Example: batcher stations up uv-1
    """
    _set(station, up=True, reason="", as_json=as_json)


def _set(station: str, *, up: bool, reason: str, as_json: bool) -> None:
    verb = "up" if up else "down"
    answer = act(
        f"/v1/stations/{quote(station, safe='')}/{verb}",
        {"reason": reason, "who": _WHO},
        lambda floor: {"recalled": actions.set_station(floor, station, up=up, reason=reason, who=_WHO)},
    )
    if as_json:
        print_json(answer)
    else:
        tell(f"Station {station} is {verb}.")
