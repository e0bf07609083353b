"""What a service is to an order may hang on its channel, destination and tier."""

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

import pytest

from batcher.domain.orders import OrderIn, OrderLine
from batcher.errors import OrderRejectedError
from batcher.intake.accept import judge
from batcher.rules.floor import ServiceCase
from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import load_rules
from batcher.rules.sla import promise
from tests.builders_api import RULES

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CASES = (
    ServiceCase({"channel": ("market*",), "tier": ("gold",)}, late_cost_minor=2000),
    ServiceCase({"country": ("Ireland", "France")}, order_by=time(8, 0), leaves_by=time(15, 0)),
    ServiceCase({"channel": ("store",)}, offered=False),
)


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    found = load_rules(RULES)
    return replace(found, services={**found.services, "next-day": replace(found.services["next-day"], cases=CASES)})


def _order(**facts: Any) -> OrderIn:
    lines = (OrderLine("1", "TIN-CAK-NATURAL-01", 1, "Zoë"),)
    return OrderIn(source="shop", order_id="A", placed_at=NOW, service="next-day", lines=lines, **facts)


def test_without_a_case_the_service_is_as_it_says(rules: RuleSet) -> None:
    found = promise(rules, _order(channel="web", country="United Kingdom"), NOW)

    assert (found.leave_by_at, found.late_cost_minor) == (datetime(2026, 11, 23, 19, 0, tzinfo=UTC), 500)


def test_a_destination_has_its_own_times_and_the_service_s_own_costs(rules: RuleSet) -> None:
    found = promise(rules, _order(country="Ireland"), NOW)

    assert (found.leave_by_at, found.late_cost_minor) == (datetime(2026, 11, 24, 15, 0, tzinfo=UTC), 500)


def test_late_costs_hang_on_channel_and_tier_together(rules: RuleSet) -> None:
    gold = rules.tiers["gold"].late_cost_factor

    assert promise(rules, _order(channel="marketplace", tier="gold"), NOW).late_cost_minor == 2000 * gold
    assert promise(rules, _order(channel="marketplace"), NOW).late_cost_minor == 500


def test_a_service_that_is_not_offered_to_a_channel_holds_its_orders(rules: RuleSet) -> None:
    held = judge(rules, _order(channel="store"), NOW).held

    assert held is not None
    assert held.code == "service_not_offered"
    with pytest.raises(OrderRejectedError):
        promise(rules, _order(channel="store"), NOW)


def test_the_first_case_that_takes_an_order_decides(rules: RuleSet) -> None:
    found = promise(rules, _order(channel="marketplace", tier="gold", country="Ireland"), NOW)

    assert found.leave_by_at == datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
