"""Which batch rule takes each step of each piece of an order, as the rules in force say now."""

from dataclasses import dataclass

from batcher.domain.orders import Item, Order
from batcher.domain.states import ItemState
from batcher.rules.explain import StepExplanation, explain_rules
from batcher.rules.facts import job_facts
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor
from batcher.store import orders

#: A piece of which nothing more is made has no rule.
_GONE = (ItemState.SCRAPPED, ItemState.CANCELLED)


@dataclass(frozen=True)
class ItemMatch:
    """What the rules say to one piece."""

    item_id: str
    sku: str
    product: str
    steps: tuple[StepExplanation, ...]  #: none when the rules no longer have the product


def match_order(floor: Floor, order: Order) -> list[ItemMatch]:
    """Return what the rules say to each piece of an order that is, or will be, made."""
    with floor.store.read() as session:
        items = orders.items_of(session, order.key)
    rules = floor.rules.current
    return [_match(rules, order, item) for item in items if item.state not in _GONE]


def _match(rules: RuleSet, order: Order, item: Item) -> ItemMatch:
    product = rules.products.get(item.product)
    numbers = range(1, len(product.route) + 1) if product is not None else ()
    steps = tuple(explain_rules(rules, job_facts(rules, order, item, number), number) for number in numbers)
    return ItemMatch(item.id, item.sku, item.product, steps)
