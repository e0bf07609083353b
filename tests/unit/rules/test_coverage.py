"""Which rule hides which: claimed only where it is certain."""

import pytest

from batcher.rules.batch_rules import BatchRule, OrderSize, Selector
from batcher.rules.coverage import StepKey, World, covers, gaps, hidden, reach

WORLD = World(
    steps=(
        StepKey("mug", 0, "print", "sheet"),
        StepKey("mug", 1, "press", "mug-rack"),
        StepKey("tin", 0, "uv", "tin-jig"),
    ),
    services=("next-day", "economy"),
    tiers=("standard", "gold"),
)


def where(**patterns: str) -> Selector:
    """Return a selector of one pattern each."""
    return Selector(patterns={name: (pattern,) for name, pattern in patterns.items()})


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        (Selector(), where(product="mug")),
        (where(process="p*"), where(product="mug")),
        (where(product="tin"), where(fixture="tin-jig", service="economy")),
        (where(service="*"), Selector()),
        (where(finish="*"), Selector()),
        (where(sku="MUG-*"), where(sku="MUG-1")),
        (where(sku="MUG-*"), where(sku="MUG-*", channel="web")),
        (Selector(min_quantity=2), Selector(order_size=OrderSize.MULTI)),
        (Selector(order_size=OrderSize.SINGLE), Selector(max_quantity=1)),
        (Selector(max_quantity=5), Selector(max_quantity=3, remake=True)),
    ],
)
def test_a_wider_selector_covers_a_narrower_one(wide: Selector, narrow: Selector) -> None:
    assert covers(reach(wide, WORLD), reach(narrow, WORLD))


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        (where(product="mug"), Selector()),
        (where(product="mug"), where(product="tin")),
        (where(service="economy"), where(product="mug")),
        (where(tier="gold"), where(tier="standard")),
        (where(finish="red"), where(product="mug")),
        (where(sku="MUG-?"), where(sku="MUG-*")),
        (Selector(order_size=OrderSize.MULTI), Selector(min_quantity=1)),
        (Selector(max_quantity=3), Selector(max_quantity=5)),
        (Selector(remake=False), Selector()),
    ],
)
def test_a_selector_that_takes_less_does_not_cover(wide: Selector, narrow: Selector) -> None:
    assert not covers(reach(wide, WORLD), reach(narrow, WORLD))


def test_only_active_rules_hide_and_are_hidden() -> None:
    rules = [
        BatchRule("off", Selector(), active=False),
        BatchRule("mugs", where(product="mug")),
        BatchRule("presses", where(process="press")),
        BatchRule("off too", where(product="mug"), active=False),
    ]

    assert [(rule.id, hider.id) for rule, hider in hidden(rules, WORLD)] == [("presses", "mugs")]


def test_rules_that_share_out_all_jobs_leave_no_gap() -> None:
    rules = [
        BatchRule("single", Selector(order_size=OrderSize.SINGLE)),
        BatchRule("few", Selector(min_quantity=2, max_quantity=4)),
        BatchRule("many", Selector(min_quantity=5)),
    ]

    assert list(gaps(rules, WORLD)) == []


def test_a_hole_between_quantities_is_found() -> None:
    rules = [BatchRule("few", Selector(max_quantity=4)), BatchRule("many", Selector(min_quantity=6))]

    assert {gap.pieces for gap in gaps(rules, WORLD)} == {5}


def test_a_rule_that_asks_for_a_finish_is_not_counted_on() -> None:
    rules = [BatchRule("red", where(finish="red")), BatchRule("mugs", where(product="mug"))]

    assert [gap.step.product for gap in gaps(rules, WORLD)] == ["tin"]
