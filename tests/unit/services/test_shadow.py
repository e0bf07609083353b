"""Other rules on the live queue: told, and never acted on."""

from dataclasses import replace

from batcher.errors import ConfigError
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor
from batcher.services.shadow import diff_rules, watch_shadow
from batcher.store import batches
from tests.builders_floor import order_document, take


def _hasty(rules: RuleSet) -> RuleSet:
    """Return rules under which a batch is full with the first piece."""
    hasty = [replace(rule, release=replace(rule.release, target_fill=0.01)) for rule in rules.batch_rules]
    return replace(rules, hash="hasty", batch_rules=tuple(hasty))


def test_the_same_rules_make_no_difference(floor: Floor) -> None:
    take(floor, order_document(), order_document())
    found = diff_rules(floor, floor.rules.current)
    assert found.in_force == found.shadow
    assert (found.same_batches, found.only_in_force, found.only_shadow) == (1, (), ())


def test_what_only_the_shadow_would_release_is_told_and_counted_but_not_released(floor: Floor) -> None:
    take(floor, order_document())
    shadow = _hasty(floor.rules.current)
    (start,) = diff_rules(floor, shadow).only_shadow
    assert (start.reason, len(start.jobs)) == ("full", 1)

    watch_shadow(floor, lambda: shadow)

    starts = floor.metrics.registry.get_sample_value("batcher_shadow_starts_total", {"rules": "shadow"})
    assert starts == 1
    with floor.store.read() as session:
        assert batches.batches(session) == []
    assert floor.plans.current is None


def test_shadow_rules_that_cannot_be_used_change_nothing_and_are_told(floor: Floor) -> None:
    def broken() -> RuleSet:
        raise ConfigError("no such directory")

    watch_shadow(floor, broken)

    assert floor.metrics.registry.get_sample_value("batcher_shadow_rules_usable") == 0
