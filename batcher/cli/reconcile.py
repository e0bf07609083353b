"""`batcher reconcile`: a database from a backup, and what stations were sent since."""

from typing import Annotated, Any

import typer

from batcher.cli.floors import act, reading_floor
from batcher.cli.output import JsonOption, plain, print_json, print_table, tell
from batcher.services import reconciling
from batcher.services.context import Floor
from batcher.services.reconciling import Reconciliation, differences
from batcher.services.safe_mode import look_for_restore
from batcher.store.restored import safe_mode

_WHO = "cli"


def reconcile(
    do: Annotated[bool, typer.Option("--do", help="Do it, and leave safe mode; else only show.")] = False,
    reason: Annotated[str, typer.Option(help="What happened; kept in the log.")] = "",
    as_json: JsonOption = False,
) -> None:
    """
    Show what stations were sent that a restored database does not know, or take it over and send again.

    Example: batcher reconcile --do --reason "restored the backup of 14:00"
    """
    found: Any = _do(reason) if do else _look()
    if as_json:
        print_json(found)
        return
    if not found["reason"]:
        tell("The floor is not in safe mode.")
        return
    tell(f"{'Reconciled' if do else 'Safe mode'}: {found['reason']}")
    rows = [(t["ticket_id"], t["station"], t["verdict"], _ids(t["orders"])) for t in found["tickets"]]
    print_table("Sent", ("ticket", "station", "becomes", "orders"), rows, "No ticket was sent that is not known.")
    tell(f"{found['reports']} reports count again")
    for name, what in (("held", "held, look at their stations"), ("unknown", "not known, held when they come again")):
        if found[name]:
            tell(f"Orders {what}: {', '.join(found[name])}")


def _look() -> object:
    with reading_floor() as floor:
        with floor.store.read() as session:
            floor.safe.mode = safe_mode(session)
        return _plain(differences(floor))


def _do(reason: str) -> object:
    def alone(floor: Floor) -> object:
        look_for_restore(floor)
        return _plain(reconciling.reconcile(floor, reason=reason, who=_WHO))

    return act("/v1/reconciliation", {"reason": reason, "who": _WHO}, alone)


def _plain(found: Reconciliation) -> dict[str, Any]:
    """Return what the API would answer: a ticket's document stays between us and its station."""
    told: dict[str, Any] = plain(found)
    for ticket in told["tickets"]:
        del ticket["document"]
    return told


def _ids(orders: list[list[str]]) -> str:
    return ", ".join(order_id for _, order_id in orders)
