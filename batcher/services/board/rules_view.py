"""The rules in force: since when, what they promise and bound, and what the shadow rules would do otherwise."""

from dataclasses import dataclass
from datetime import datetime

from batcher.rules.batch_rules import BatchRule
from batcher.rules.floor import Service
from batcher.services.context import Floor
from batcher.services.rules_diff import ShadowSeen


@dataclass(frozen=True)
class RulesView:
    """What is in force."""

    hash: str
    since: datetime
    currency: str
    services: tuple[Service, ...]
    batch_rules: tuple[BatchRule, ...]
    stations: int
    fixtures: int
    products: int
    skus: int
    horizon_s: int
    budget_s: float
    queue_depth: int
    shadow: ShadowSeen | None
    shadowed: bool  #: other rules are looked at beside these


def rules_view(floor: Floor) -> RulesView:
    """Return the rules in force, and the last look at the shadow rules."""
    rules = floor.rules.current
    return RulesView(
        hash=rules.hash,
        since=floor.rules.loaded_at,
        currency=rules.site.currency,
        services=tuple(rules.services.values()),
        batch_rules=rules.batch_rules,
        stations=len(rules.stations),
        fixtures=len(rules.fixtures),
        products=len(rules.products),
        skus=len(rules.catalogue),
        horizon_s=rules.planning.horizon_s,
        budget_s=rules.planning.budget_s,
        queue_depth=rules.planning.queue_depth,
        shadow=floor.shadow.seen,
        shadowed=floor.settings.shadow_rules is not None,
    )
