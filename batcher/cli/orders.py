"""`batcher orders`: list, import, hold, release and cancel."""

from typing import Annotated
from urllib.parse import quote

import typer

from batcher.cli.floors import act, reading_floor
from batcher.cli.imports import import_orders
from batcher.cli.output import JsonOption, local, print_json, print_table, tell
from batcher.domain.states import OrderState
from batcher.services import actions
from batcher.services.context import Floor
from batcher.store import orders as stored_orders

orders = typer.Typer(help="Orders: list, import, hold, release, cancel.", no_args_is_help=True)
orders.command("import")(import_orders)

Ref = Annotated[str, typer.Argument(help="Order id, or our key of it.")]
Reason = Annotated[str, typer.Option(help="Why, for those who look later.")]
_WHO = "cli"


@orders.command("list")
def list_orders(
    state: Annotated[list[OrderState] | None, typer.Option(help="Only these states; may be repeated.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """
    List orders.

    Example: batcher orders list --state held
    """
    with reading_floor() as floor:
        with floor.store.read() as session:
            found = stored_orders.list_orders(session, states=state or None, limit=limit)
        zone = floor.rules.current.site.zone
    if as_json:
        print_json(found)
        return
    rows = [
        (o.order_id, o.source, o.state, o.service, o.pieces, local(o.placed_at, zone), local(o.leave_by_at, zone),
         o.held_reason)
        for o in found
    ]  # fmt: skip
    columns = ("order", "source", "state", "service", "pieces", "placed", "leaves by", "held because")
    print_table("Orders", columns, rows, "There are no such orders.")


@orders.command()
def hold(order: Ref, reason: Reason, as_json: JsonOption = False) -> None:
    """
    Hold an order: nothing more of it is planned until it is released.

    Example: batcher orders hold 543300-033 --reason "buyer rang, wants another name"
    """
    _do(order, "hold", reason, lambda floor, key: actions.hold_order(floor, key, reason, _WHO), as_json=as_json)


@orders.command()
def release(order: Ref, as_json: JsonOption = False) -> None:
    """
    Release a held order; it is judged anew by the rules in force.

    Example: batcher orders release 543300-033
    """
    _do(order, "release", "", lambda floor, key: actions.release_order(floor, key, _WHO), as_json=as_json)


@orders.command()
def cancel(order: Ref, reason: Reason, as_json: JsonOption = False) -> None:
    """
    Cancel an order; what a station has in hand already is made and flagged.

    Example: batcher orders cancel 543300-033 --reason "bought twice"
    """
    _do(order, "cancel", reason, lambda floor, key: actions.cancel_order(floor, key, reason, _WHO), as_json=as_json)


def _do(order: str, verb: str, reason: str, alone: actions.OrderAction, *, as_json: bool) -> None:
    def here(floor: Floor) -> object:
        return alone(floor, actions.find_order(floor, order).key)

    answer = act(f"/v1/orders/{quote(order, safe='')}/{verb}", {"reason": reason, "who": _WHO}, here)
    if as_json:
        print_json(answer)
    else:
        tell(f"Order {order}: {verb} done.")
