"""`batcher resolve`: what somebody has found out about a ticket in doubt."""

from typing import Annotated
from urllib.parse import quote

import typer

from batcher.cli.floors import act
from batcher.cli.output import JsonOption, print_json, tell
from batcher.services.doubt import resolve_ticket

_WHO = "cli"


def resolve(
    ticket: Annotated[str, typer.Argument(help="Ticket that is in doubt.")],
    made: Annotated[bool, typer.Option("--made/--not-made", help="Whether its pieces were made.")],
    reason: Annotated[str, typer.Option(help="How you know; kept with the ticket.")],
    as_json: JsonOption = False,
) -> None:
    """
    End the doubt about a ticket: its pieces were made and go on, or none was and they are planned anew.

    Look at the station first: what is resolved wrongly is made twice, or not at all.

    Example: batcher resolve 01JD8Z5W2MKQ3T9V7X4B6N8CFA --not-made --reason "its file lies in the old folder"
    """
    body = {"made": made, "reason": reason, "who": _WHO}
    answer = act(
        f"/v1/tickets/{quote(ticket, safe='')}/resolve",
        body,
        lambda floor: resolve_ticket(floor, ticket, made=made, reason=reason, who=_WHO),
    )
    if as_json:
        print_json(answer)
    else:
        tell(f"Ticket {ticket}: resolved as {'made' if made else 'not made'}.")
