"""`batcher erase`: forget what stood on an order that is over."""

from typing import Annotated
from urllib.parse import quote

import typer

from batcher.cli.floors import act
from batcher.cli.output import JsonOption, print_json, tell
from batcher.services import actions, erasure
from batcher.services.context import Floor


def erase(
    order: Annotated[str, typer.Argument(help="Order id, or our key of it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """
    Forget texts, artwork and attributes of an order that is over: in the database, its log and order files; for good.

    Example: batcher erase 543300-033 --yes
    """
    if not yes:
        typer.confirm(f"Forget what stood on order {order}, for good?", abort=True)

    def here(floor: Floor) -> object:
        return erasure.erase_order(floor, actions.find_order(floor, order).key, "cli")

    answer = act(f"/v1/orders/{quote(order, safe='')}/erase", {"who": "cli"}, here)
    if as_json:
        print_json(answer)
    else:
        tell(f"Order {order}: forgotten.")
