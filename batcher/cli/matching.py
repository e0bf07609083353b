"""`batcher rules match`: which rule takes each step, of an order the store knows or of a SKU anyone may order."""

from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from batcher.cli.floors import reading_floor
from batcher.cli.output import JsonOption, print_json, printable
from batcher.domain.orders import Order
from batcher.errors import NotFoundError, StoreError
from batcher.rules.explain import StepExplanation, explain_sku
from batcher.rules.floor import STANDARD_TIER
from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import load_rules
from batcher.services.actions import find_order
from batcher.services.matching import ItemMatch, match_order
from batcher.settings import Settings, load_settings


def match(
    ref: Annotated[str, typer.Argument(metavar="ORDER|SKU", help="Order id, our key of an order, or a SKU.")],
    service: Annotated[str | None, typer.Option(help="For a SKU: service; the first one when left out.")] = None,
    country: Annotated[str, typer.Option(help="For a SKU: country of the order.")] = "",
    channel: Annotated[str, typer.Option(help="For a SKU: channel of the order.")] = "",
    tier: Annotated[str, typer.Option(help="For a SKU: tier of the customer.")] = STANDARD_TIER,
    pieces: Annotated[int, typer.Option(min=1, help="For a SKU: pieces in the whole order.")] = 1,
    directory: Annotated[
        Path | None, typer.Option("--rules", help="Rules directory; else that of the settings.")
    ] = None,
    catalogue: Annotated[Path | None, typer.Option(help="Catalogue instead of the directory's own.")] = None,
    as_json: JsonOption = False,
) -> None:
    """
    Tell which rule takes each step of an order's pieces, or of a SKU, and why the rules before it do not.

    An order id or key that the database knows is asked for as it was ordered; anything else is a SKU.

    Example: batcher rules match MUG-CER-WHITE-01 --service same-day --pieces 3
    """
    settings = load_settings(rules=directory, catalogue=catalogue)
    try:
        with reading_floor(settings) as floor:
            order = find_order(floor, ref)
            items = match_order(floor, order)
    except (NotFoundError, StoreError) as error:
        rules = _rules_with_sku(settings, ref, error)
    else:
        _show_order(order, items, as_json=as_json)
        return
    steps = explain_sku(rules, ref, service=service, tier=tier, channel=channel, country=country, pieces=pieces)
    if as_json:
        print_json([step.document() for step in steps])
        return
    for step in steps:
        _tell_step(step)


def _rules_with_sku(settings: Settings, ref: str, no_order: NotFoundError | StoreError) -> RuleSet:
    """Return rules that know a SKU, which may be asked for without a database."""
    rules = load_rules(settings.rules, catalogue=settings.catalogue)
    if rules.entry(ref) is not None:
        return rules
    if isinstance(no_order, StoreError):
        raise NotFoundError("SKU", f"{ref}; orders could not be asked for: {no_order}") from no_order
    raise NotFoundError("order or SKU", ref) from no_order


def _show_order(order: Order, items: list[ItemMatch], *, as_json: bool) -> None:
    if as_json:
        told = [
            {"item_id": i.item_id, "sku": i.sku, "product": i.product, "steps": [s.document() for s in i.steps]}
            for i in items
        ]
        print_json({"order_id": order.order_id, "key": order.key, "state": order.state, "items": told})
        return
    _tell(f"order {order.order_id} ({order.source}): {order.state}, {order.service}")
    if not items:
        _tell(order.held_reason or "no piece of it is made")
    for (sku, product, steps), alike in groupby(items, key=lambda item: (item.sku, item.product, item.steps)):
        _tell(f"{sku}: {', '.join(item.item_id for item in alike)}")
        if not steps:
            _tell(f"  the rules no longer say how a {product} is made")
        for step in steps:
            _tell_step(step)


def _tell_step(step: StepExplanation) -> None:
    _tell(f"step {step.step}: {step.process} in {step.fixture} -> {step.rule or 'no rule takes it'}")
    for verdict in step.verdicts:
        _tell(f"  {'+' if verdict.takes else '-'} {verdict.rule}: {verdict.why}")
    if step.family:
        _tell(f"  family: {', '.join(f'{fact} {value}' for fact, value in step.family)}")


def _tell(line: str) -> None:
    typer.echo(printable(line))
