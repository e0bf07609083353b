"""`batcher why`: what an order waits for and what would help it, or whom a station or a batch rule keeps waiting."""

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from batcher.cli.floors import reading_floor
from batcher.cli.output import JsonOption, local, plain, print_json, print_table, tell
from batcher.services.actions import find_order
from batcher.services.explain import Why
from batcher.services.explain import why as why_order
from batcher.services.hurts import Hurts, hurt_by_rule, hurt_by_station
from batcher.services.what_if import WhatIf, what_if


def why(
    order: Annotated[str | None, typer.Argument(help="Order id, or our key of it.")] = None,
    station: Annotated[str | None, typer.Option(help="Whom this station keeps waiting.")] = None,
    rule: Annotated[str | None, typer.Option(help="Whom this batch rule keeps waiting.")] = None,
    alternatives: Annotated[
        bool, typer.Option("--what-if", help="Plan again to see what would help the order.")
    ] = False,
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="For those plans.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """
    Tell in plain words where each piece of an order is, what it waits for and until when.

    With --what-if the queue is planned again with one thing different at a time: a station up, one station more,
    operators there, a looser rule, an earlier order. With --station or --rule: whom it keeps waiting.

    Example: batcher why 543300-033 --what-if
    """
    if sum(given is not None for given in (order, station, rule)) != 1:
        raise typer.BadParameter("name an order, a --station or a --rule")
    with reading_floor() as floor:
        zone = floor.rules.current.site.zone
        if order is None:
            hurts = hurt_by_station(floor, station) if station is not None else hurt_by_rule(floor, rule or "")
            if as_json:
                print_json(hurts)
            else:
                _tell_hurts(hurts, zone)
            return
        told = why_order(floor, find_order(floor, order))
        found = what_if(floor, told.order, budget_s=seconds) if alternatives else None
    if as_json:
        print_json(told if found is None else {**plain(told), "what_if": found})
        return
    _tell_why(told)
    if found is not None:
        _tell_what_if(found, zone)


def _tell_why(told: Why) -> None:
    tell(f"Order {told.order.order_id} ({told.order.source}), {told.order.service}, {told.order.state}.")
    tell(told.headline)
    tell(f"Due: {told.order.due_how}")
    for item in told.items:
        tell(f"  {item.sku} [{item.item_id}] {item.text}")
        for step in item.steps[1:]:
            tell(f"    then step {step.step}, {step.process}: {step.binding.text}")


def _tell_what_if(found: WhatIf, zone: ZoneInfo) -> None:
    ready = "not known" if found.ready_at is None else local(found.ready_at, zone)
    how = "and searched " if found.searched else ""
    verdict = "in time" if found.in_time else "not in time"
    tell(f"Planned again {how}with nothing changed, it is packed {ready}: {verdict}.")
    print_table(
        "What would help",
        ("what", "packed", "in time", "all else costs more", "found by"),
        [
            (
                one.what,
                local(one.ready_at, zone),
                "yes" if one.in_time else "no",
                f"{one.cost_minor:.0f}",
                "search" if one.searched else "greedy plan",
            )
            for one in found.remedies
        ],
        f"Nothing of what was tried ({found.tried}) helps it.",
    )
    if found.untried:
        tell(f"{found.untried} more could not be tried in the time; give more --seconds.")


def _tell_hurts(hurts: Hurts, zone: ZoneInfo) -> None:
    counted = ", ".join(f"{count} {cause}" for cause, count in hurts.causes.items()) or "nothing"
    tell(
        f"{hurts.kind.capitalize()} {hurts.name} keeps {hurts.steps} steps of {hurts.orders} orders waiting: {counted}."
    )
    tell(f"{hurts.late_orders} of them are planned late, which costs {hurts.late_cost_minor:.0f} minor units.")
    print_table(
        "Orders, the dearest first",
        ("order", "source", "leaves by", "packed", "late costs", "because"),
        [
            (one.order.order_id, one.order.source, local(one.order.leave_by_at, zone), local(one.ready_at, zone),
             f"{one.late_cost_minor:.0f}", one.text)
            for one in hurts.listed
        ],
        "Nobody waits for it.",
    )  # fmt: skip
