"""
What each batch rule can take at all: which rule hides which, and which jobs no rule takes.

Steps, services, tiers, order sizes and remakes are counted out; of other facts only patterns are compared, so that
"covers" is never claimed wrongly, and may be missed where patterns overlap in ways only their values would show.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from batcher.rules.batch_rules import BatchRule, OrderSize, Selector

_STEP_FACTS = ("product", "process", "fixture")
_COUNTED_FACTS = (*_STEP_FACTS, "service", "tier")


@dataclass(frozen=True)
class StepKey:
    """One step of a product's route."""

    product: str
    position: int  #: 0 is the first
    process: str
    fixture: str


@dataclass(frozen=True)
class World:
    """Everything that jobs can differ in and that the rules themselves list."""

    steps: tuple[StepKey, ...]
    services: tuple[str, ...]
    tiers: tuple[str, ...]


@dataclass(frozen=True)
class Reach:
    """The jobs that one rule takes, were it alone."""

    steps: frozenset[StepKey]
    services: frozenset[str]
    tiers: frozenset[str]
    fewest: int
    most: float
    remakes: frozenset[bool]
    others: Mapping[str, tuple[str, ...]]  #: patterns over facts that are not listed anywhere


@dataclass(frozen=True)
class Gap:
    """A kind of job that no rule takes."""

    step: StepKey
    service: str
    tier: str
    pieces: int
    remake: bool


def reach(where: Selector, world: World) -> Reach:
    """Return what a selector takes."""

    def fits(fact: str, value: str) -> bool:
        return any(fnmatchcase(value, pattern) for pattern in where.patterns.get(fact, ("*",)))

    fewest = max(where.min_quantity, 2 if where.order_size is OrderSize.MULTI else 1)
    most = math.inf if where.max_quantity is None else where.max_quantity
    return Reach(
        steps=frozenset(step for step in world.steps if all(fits(fact, getattr(step, fact)) for fact in _STEP_FACTS)),
        services=frozenset(service for service in world.services if fits("service", service)),
        tiers=frozenset(tier for tier in world.tiers if fits("tier", tier)),
        fewest=fewest,
        most=min(most, 1) if where.order_size is OrderSize.SINGLE else most,
        remakes=frozenset({True, False}) if where.remake is None else frozenset({where.remake}),
        others={
            fact: patterns
            for fact, patterns in where.patterns.items()
            if fact not in _COUNTED_FACTS and "*" not in patterns
        },
    )


def covers(wide: Reach, narrow: Reach) -> bool:
    """Tell whether the first takes everything that the second takes."""
    return (
        narrow.steps <= wide.steps
        and narrow.services <= wide.services
        and narrow.tiers <= wide.tiers
        and wide.fewest <= narrow.fewest
        and narrow.most <= wide.most
        and narrow.remakes <= wide.remakes
        and all(_patterns_cover(patterns, narrow.others.get(fact)) for fact, patterns in wide.others.items())
    )


def hidden(rules: Sequence[BatchRule], world: World) -> Iterator[tuple[BatchRule, BatchRule]]:
    """Yield each active rule that can never take a job, with the earlier one that takes all it would."""
    before: list[tuple[BatchRule, Reach]] = []
    for rule in rules:
        if not rule.active:
            continue
        own = reach(rule.where, world)
        hider = next((earlier for earlier, wide in before if own.steps and covers(wide, own)), None)
        if hider is not None:
            yield rule, hider
        before.append((rule, own))


def gaps(rules: Sequence[BatchRule], world: World) -> Iterator[Gap]:
    """Yield, for each step that some jobs of have no rule for sure, one example of such a job."""
    reaches = [reach(rule.where, world) for rule in rules if rule.active]
    certain = [taken for taken in reaches if not taken.others]
    sizes = sorted(
        {
            1,
            2,
            *(taken.fewest for taken in certain),
            *(int(taken.most) + 1 for taken in certain if taken.most < math.inf),
        }
    )
    for step in world.steps:
        takers = [taken for taken in certain if step in taken.steps]
        found = next(_untaken(step, takers, world, sizes), None)
        if found is not None:
            yield found


def ever_taken(rules: Sequence[BatchRule], world: World) -> Collection[StepKey]:
    """Return the steps that at least one active rule may take a job of."""
    return {step for rule in rules if rule.active for step in reach(rule.where, world).steps}


def _untaken(step: StepKey, takers: Sequence[Reach], world: World, sizes: Sequence[int]) -> Iterator[Gap]:
    for service in world.services:
        for tier in world.tiers:
            fitting = [taken for taken in takers if service in taken.services and tier in taken.tiers]
            for pieces in sizes:
                for remake in (False, True):
                    if not any(taken.fewest <= pieces <= taken.most and remake in taken.remakes for taken in fitting):
                        yield Gap(step, service, tier, pieces, remake)


def _patterns_cover(wide: tuple[str, ...], narrow: tuple[str, ...] | None) -> bool:
    if narrow is None:
        return False
    return all(any(_pattern_covers(pattern, inner) for pattern in wide) for inner in narrow)


def _pattern_covers(wide: str, narrow: str) -> bool:
    literal = not any(letter in narrow for letter in "*?[")
    return wide == narrow or (literal and fnmatchcase(narrow, wide))
