"""What the batch rules can know of a job: of one on the floor, and of a SKU that somebody asks about."""

from collections.abc import Mapping

from batcher.domain.orders import Item, Order, OrderIn
from batcher.errors import NotFoundError
from batcher.rules.batch_rules import ATTRIBUTE, JobFacts
from batcher.rules.floor import STANDARD_TIER, Step
from batcher.rules.ruleset import RuleSet


def job_facts(rules: RuleSet, order: Order, item: Item, step: int) -> JobFacts:
    """
    Return the facts of one step of one piece.

    Parameters
    ----------
    step
        1 is the first step of the route.

    Raises
    ------
    NotFoundError
        When the rules no longer have the product or the step.
    """
    made = route_step(rules, item.product, step)
    return JobFacts(
        process=made.process,
        fixture=made.fixture,
        product=item.product,
        finish=item.finish,
        sku=item.sku,
        service=order.service,
        tier=order.tier,
        channel=order.channel,
        country=order.country,
        carrier=order.carrier,
        order=order.key,
        pieces=order.pieces,
        remake=item.remake_of is not None,
        due_day=order.leave_by_at.astimezone(rules.site.zone).date().isoformat(),
        attributes=_attributes(rules, item.sku, order.attributes, item.attributes),
    )


#: What the route of a product tells of each step.
_OF_THE_ROUTE = ("process", "fixture", "product")
_OF_THE_PIECE = ("finish", "sku")


def kind_of_piece(
    rules: RuleSet, order: OrderIn, *, product: str, finish: str, sku: str, attributes: Mapping[str, str]
) -> tuple[str, ...]:
    """Return all by which batch rules can tell a new piece from another of an order as large, whatever the step."""
    given = {"finish": finish, "sku": sku}
    merged = _attributes(rules, sku, order.attributes, attributes)
    kind = [product]
    for name in rules.facts_read:
        if name in _OF_THE_PIECE:
            kind.append(given[name])
        elif name.startswith(ATTRIBUTE):
            kind.append(merged.get(name.removeprefix(ATTRIBUTE), ""))
        elif name not in _OF_THE_ROUTE:
            kind.append(str(getattr(order, name)))
    return tuple(kind)


def sku_facts(
    rules: RuleSet,
    sku: str,
    step: int,
    *,
    service: str,
    tier: str = STANDARD_TIER,
    channel: str = "",
    country: str = "",
    pieces: int = 1,
    remake: bool = False,
) -> JobFacts:
    """
    Return the facts of one step of a piece that nobody has ordered yet.

    Raises
    ------
    NotFoundError
        When the SKU or the step is not known.
    """
    entry = rules.entry(sku)
    if entry is None:
        raise NotFoundError("SKU", sku)
    made = route_step(rules, entry.product, step)
    return JobFacts(
        process=made.process,
        fixture=made.fixture,
        product=entry.product,
        finish=entry.finish,
        sku=sku,
        service=service,
        tier=tier,
        channel=channel,
        country=country,
        carrier="",
        order="",
        pieces=pieces,
        remake=remake,
        due_day="",
        attributes=entry.attributes,
    )


def route_step(rules: RuleSet, product: str, step: int) -> Step:
    """
    Return one step of a product's route; 1 is the first.

    Raises
    ------
    NotFoundError
        When the rules do not have it.
    """
    found = rules.products.get(product)
    if found is None:
        raise NotFoundError("product", product)
    if not 1 <= step <= len(found.route):
        raise NotFoundError("step", f"{step} of {product}, which has {len(found.route)}")
    return found.route[step - 1]


def _attributes(rules: RuleSet, sku: str, *given: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes of the catalogue, of the order and of the piece, the later winning."""
    entry = rules.catalogue.get(sku)
    merged = {} if entry is None else dict(entry.attributes)
    for attributes in given:
        merged |= attributes
    return merged
