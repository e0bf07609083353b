"""`batcher token`: make, list and revoke tokens of the API."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from batcher.cli.floors import act, reading_floor
from batcher.cli.output import JsonOption, local, print_json, print_table, tell
from batcher.domain.access import Scope
from batcher.services import access
from batcher.services.context import Floor
from batcher.store import tokens as stored

token = typer.Typer(help="Tokens of the API: create, list, revoke.", no_args_is_help=True)


@token.command()
def create(
    name: Annotated[str, typer.Argument(help="Who will use it; it is told with what they do.")],
    scope: Annotated[list[Scope], typer.Option(help="What it allows; may be repeated.")],
    days: Annotated[int, typer.Option(min=1, max=3650, help="Until it expires.")] = 365,
    source: Annotated[str | None, typer.Option(help="Bind it to the orders of one source.")] = None,
    station: Annotated[str | None, typer.Option(help="Bind it to one station.")] = None,
    as_json: JsonOption = False,
) -> None:
    """
    Make a token; it is shown once. From the first one on, the API lets nobody in without.

    Example: batcher token create shop --scope orders:write --scope orders:read --source shop
    """
    wanted = {"name": name, "scopes": scope, "days": days, "source": source, "station": station}

    def here(floor: Floor) -> object:
        made = access.create_token(floor, name, scope, days=days, source=source, station=station)
        return {**vars(made.token), "secret": made.secret}

    answer = act("/v1/tokens", wanted, here)
    assert isinstance(answer, dict)
    if as_json:
        print_json(answer)
    else:
        tell(str(answer["secret"]))


@token.command("list")
def list_tokens(as_json: JsonOption = False) -> None:
    """
    List the tokens; what they are themselves is kept nowhere.

    Example: batcher token list
    """
    with reading_floor() as floor:
        with floor.store.read() as session:
            found = stored.tokens(session)
        zone = floor.rules.current.site.zone
    if as_json:
        print_json(found)
        return
    rows: list[tuple[Any, ...]] = [
        (t.name, t.id, " ".join(t.scopes), t.source or t.station, local(t.expires_at, zone), local(t.revoked_at, zone))
        for t in found
    ]
    columns = ("name", "id", "scopes", "bound to", "expires", "revoked")
    print_table("Tokens", columns, rows, "No token has been made: everybody on this machine may do everything.")


@token.command()
def revoke(
    ref: Annotated[str, typer.Argument(metavar="TOKEN", help="Name or id.")], as_json: JsonOption = False
) -> None:
    """
    Revoke a token: it is refused from the next request on.

    Example: batcher token revoke shop
    """
    answer = act(f"/v1/tokens/{quote(ref, safe='')}/revoke", {}, lambda floor: access.revoke_token(floor, ref))
    if as_json:
        print_json(answer)
    else:
        tell(f"Token {ref} is revoked.")
