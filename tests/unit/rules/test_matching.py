"""Which rule takes a job, what the rules know of it, and why the ones before did not take it."""

from dataclasses import replace

import pytest

from batcher.domain.orders import Item, Order
from batcher.domain.states import ItemState, OrderState
from batcher.errors import NotFoundError
from batcher.rules.batch_rules import BatchRule, Mix, OrderSize, Selector
from batcher.rules.explain import explain_rules, explain_sku
from batcher.rules.facts import job_facts, sku_facts
from batcher.rules.schema import load_rules
from tests.builders_rules import DEMO_FLOOR, SMALL_FLOOR, utc

RULES = load_rules(SMALL_FLOOR)
AT = utc("2026-06-15T22:30")
ORDER = Order(
    key="01ORDER", source="shop", order_id="A-1", state=OrderState.WAITING, placed_at=AT, received_at=AT,
    service="next-day", tier="gold", channel="web", country="Norway", carrier="dpd",
    attributes={"campaign": "summer", "description": "from the order"}, leave_by_at=AT, late_cost_minor=1,
    late_cost_per_hour_minor=1, due_how="", pieces=3,
)  # fmt: skip
ITEM = Item(
    id="01ITEM", order_key="01ORDER", line_id="1", sku="MUG-1", product="mug", finish="white", text="Anna",
    artwork=None, attributes={"campaign": "piece"}, state=ItemState.WAITING,
)  # fmt: skip


def test_the_facts_of_a_job_come_from_step_piece_and_order() -> None:
    facts = job_facts(RULES, ORDER, ITEM, 2)

    assert (facts.process, facts.fixture) == ("press", "mug-rack")
    assert (facts.sku, facts.product, facts.finish) == ("MUG-1", "mug", "white")
    assert (facts.order, facts.pieces, facts.remake) == ("01ORDER", 3, False)
    # 22:30 UTC is the next day in Berlin.
    assert facts.due_day == "2026-06-16"


def test_attributes_of_the_piece_win_over_the_orders_and_these_over_the_catalogues() -> None:
    facts = job_facts(RULES, ORDER, ITEM, 1)

    assert facts.value("attribute.campaign") == "piece"
    assert facts.value("attribute.description") == "from the order"
    assert facts.value("attribute.unheard-of") == ""


def test_a_piece_made_again_is_a_remake() -> None:
    assert job_facts(RULES, ORDER, replace(ITEM, remake_of="01OTHER"), 1).remake


@pytest.mark.parametrize(("product", "step"), [("lamp", 1), ("mug", 0), ("mug", 3)])
def test_a_product_or_step_that_the_rules_no_longer_have_is_not_found(product: str, step: int) -> None:
    with pytest.raises(NotFoundError):
        job_facts(RULES, ORDER, replace(ITEM, product=product), step)


def test_the_first_active_rule_that_matches_takes_a_job() -> None:
    mugs, everything = BatchRule("mugs", Selector({"product": ("mug",)})), BatchRule("rest", Selector())
    facts = job_facts(RULES, ORDER, ITEM, 1)

    assert replace(RULES, batch_rules=(mugs, everything)).match(facts) is mugs
    assert replace(RULES, batch_rules=(replace(mugs, active=False), everything)).match(facts) is everything
    assert replace(RULES, batch_rules=()).match(facts) is None


@pytest.mark.parametrize(
    ("where", "why"),
    [
        (Selector({"country": ("NO", "Sweden")}), "country is Norway, the rule wants NO or Sweden"),
        (Selector({"attribute.colour": ("red",)}), "attribute.colour is not given, the rule wants red"),
        (Selector(order_size=OrderSize.SINGLE), "the order has 3 pieces, the rule wants single-item orders"),
        (Selector(min_quantity=4), "the order has 3 pieces, the rule wants at least 4"),
        (Selector(max_quantity=2), "the order has 3 pieces, the rule wants at most 2"),
        (Selector(remake=True), "it is not a remake"),
    ],
)
def test_a_rule_says_why_it_does_not_take_a_job(where: Selector, why: str) -> None:
    rules = replace(RULES, batch_rules=(BatchRule("picky", where), BatchRule("rest", Selector())))

    told = explain_rules(rules, job_facts(RULES, ORDER, ITEM, 1))

    assert told.rule == "rest"
    assert [(verdict.rule, verdict.takes) for verdict in told.verdicts] == [("picky", False), ("rest", True)]
    assert told.verdicts[0].why == why


def test_an_explanation_tells_what_a_batch_of_the_rule_may_hold() -> None:
    rule = BatchRule(
        "all", Selector(), equal=("product",), mix=Mix("finish", 2), whole_orders=True, max_items=4,
        stations=frozenset({"press-1"}),
    )  # fmt: skip

    told = explain_rules(replace(RULES, batch_rules=(rule,)), job_facts(RULES, ORDER, ITEM, 2), 2)

    assert told.verdicts[0].why == (
        "takes it: same product, at most 2 different finish, at most 4 pieces, orders kept whole, on press-1"
    )
    assert told.family == (("product", "mug"),)
    assert told.step == 2


def test_a_job_that_no_rule_takes_is_told_so() -> None:
    rules = replace(RULES, batch_rules=(BatchRule("tins", Selector({"product": ("tin",)})),))

    told = explain_rules(rules, job_facts(RULES, ORDER, ITEM, 1))

    assert told.rule is None
    assert told.family == ()


def test_every_step_of_a_sku_is_explained() -> None:
    steps = explain_sku(RULES, "MUG-1", service="economy", pieces=2)

    assert [(step.step, step.process, step.fixture, step.rule) for step in steps] == [
        (1, "paper-print", "sheet", "sheets"),
        (2, "press", "mug-rack", "rest"),
    ]


def test_a_sku_that_only_a_pattern_takes_is_explained_too() -> None:
    assert [step.rule for step in explain_sku(RULES, "TILE-77")] == ["sheets", "rest"]


def test_unknown_names_are_not_found() -> None:
    with pytest.raises(NotFoundError, match="no SKU LAMP-1"):
        explain_sku(RULES, "LAMP-1")
    with pytest.raises(NotFoundError, match="no service drone"):
        explain_sku(RULES, "MUG-1", service="drone")
    with pytest.raises(NotFoundError, match="no tier iron"):
        explain_sku(RULES, "MUG-1", tier="iron")
    with pytest.raises(NotFoundError, match="no SKU LAMP-1"):
        sku_facts(RULES, "LAMP-1", 1, service="next-day")


@pytest.mark.parametrize(
    ("sku", "rules"),
    [
        ("MUG-CER-WHITE-01", ["sublimation-sheets", "same-product-and-finish"]),
        ("BAG-TOT-BLACK-01", ["dtf-film", "same-product-and-finish"]),
        ("CRD-BIR-NATURAL-01", ["cards"]),
        ("TIN-CAK-RED-01", ["same-product-and-finish"]),
    ],
)
def test_the_demonstration_floor_batches_as_it_is_described(sku: str, rules: list[str]) -> None:
    assert [step.rule for step in explain_sku(load_rules(DEMO_FLOOR), sku)] == rules
