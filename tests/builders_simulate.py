"""A small day on the shipped floor, to be simulated."""

from datetime import UTC, datetime
from functools import cache
from itertools import islice

from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import load_rules
from batcher.simulate.demand import Arrival
from batcher.simulate.generator import orders
from tests.builders_api import RULES

#: A Monday in winter.
MORNING = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@cache
def shipped_rules() -> RuleSet:
    return load_rules(RULES, catalogue=None)


def a_few_orders(count: int = 15, *, seed: int = 1) -> list[Arrival]:
    """Return orders placed within some hours of a morning."""
    documents = islice(orders(shipped_rules(), seed=seed, start_at=MORNING, rate_per_day=200), count)
    return [Arrival(datetime.fromisoformat(str(d["placed_at"])).astimezone(UTC), dict(d)) for d in documents]
