"""A small floor and order documents for tests of intake."""

from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from batcher.domain.calendars import Calendar, Span
from batcher.rules.batch_rules import BatchRule, Selector
from batcher.rules.floor import (
    CatalogueEntry,
    Changeover,
    Fixture,
    Process,
    Product,
    Service,
    Site,
    Station,
    Step,
    TextRule,
    Tier,
)
from batcher.rules.ruleset import PlanningRules, RuleSet

LONDON = ZoneInfo("Europe/London")
EVERY_DAY = Calendar(LONDON, ((Span(time(0), time(0)),),) * 7)
NEVER = Calendar(LONDON, ((),) * 7)


def document(**changes: Any) -> dict[str, Any]:
    """Return an order document that is accepted, with fields changed; a field that is `...` is left out."""
    good = {
        "order_id": "A-1",
        "placed_at": "2026-11-23T08:00:00",
        "service": "next-day",
        "lines": [{"line_id": 1, "sku": "MUG-1", "quantity": 2, "text": "Zoë", "price": 9.99}],
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def line(**changes: Any) -> dict[str, Any]:
    """Return a document whose only line is changed."""
    good = {"line_id": 1, "sku": "MUG-1", "quantity": 2}
    return document(lines=[{name: value for name, value in {**good, **changes}.items() if value is not ...}])


def small_rules() -> RuleSet:
    """Return a floor that prints mugs and presses them, and tins that no station, and tags that no rule takes."""
    return RuleSet(
        hash="rules-1",
        site=Site("test", LONDON, "GBP", 900),
        processes={name: Process(name, Changeover(300, 50)) for name in ("print", "press")},
        stations={name: _station(f"{name}-1", name) for name in ("print", "press")},
        fixtures={
            "sheet": Fixture("sheet", "print", "paper", 200, unattended=True, capacity=40),
            "rack": Fixture("rack", "press", "rack", 120, unattended=False, capacity=12),
            "big-rack": Fixture("big-rack", "press", "big-rack", 120, unattended=False, capacity=40),
        },
        products={
            "mug": Product(
                "mug",
                (Step("print", "sheet"), Step("press", "rack")),
                ("MUG-*",),
                TextRule(required=False, max_characters=12),
                max_quantity=20,
            ),
            "tin": Product("tin", (Step("press", "big-rack"),), ("TIN-*",)),
            "tag": Product("tag", (Step("print", "sheet"),), ("TAG-*",), TextRule(required=True)),
        },
        services={
            "next-day": Service("next-day", time(14), 1, time(17), EVERY_DAY, 300, 60),
            "never": Service("never", time(14), 1, time(17), NEVER, 300, 60),
        },
        tiers={"standard": Tier("standard"), "gold": Tier("gold", 2.0)},
        batch_rules=(
            BatchRule("mugs", Selector({"product": ("mug",)})),
            BatchRule("tins", Selector({"product": ("tin",)})),
            BatchRule("tags", Selector({"product": ("tag",), "channel": ("phone",)})),
        ),
        planning=PlanningRules(),
        catalogue={"MUG-1": CatalogueEntry("MUG-1", "mug", "white")},
    )


def _station(ident: str, process: str) -> Station:
    return Station(
        id=ident,
        process=process,
        attended=None,
        runs=None,
        magazine=0,
        setup_unattended=False,
        cost_per_hour_minor=1000,
        changeover_cost_per_hour_minor=1000,
        cost_per_batch_minor=50,
        initial_state="paper",
        fixtures=frozenset({"sheet", "rack"}),
    )
