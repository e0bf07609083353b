"""
One compiled set of rules: what the daemon plans, releases and answers by, and its hash.

Pure and immutable; a reload swaps the whole value. Reading it from files is `schema`'s work.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property

from batcher.rules.batch_rules import BatchRule, JobFacts
from batcher.rules.bounds import ReleaseBounds, bounded
from batcher.rules.floor import CatalogueEntry, Fixture, Process, Product, Service, Site, Station, Tier
from batcher.rules.remembered import Remembered
from batcher.rules.sources import Source


@dataclass(frozen=True)
class PlanningRules:
    """How far and how long the planner looks, and how much is released ahead."""

    horizon_s: int = 7 * 86_400
    budget_s: float = 5.0  #: wall-clock seconds for one plan
    queue_depth: int = 2  #: live tickets at a station, the running one included


@dataclass(frozen=True)
class RuleSet:
    """Everything an engineer has written down; mappings are by id and in the order of the files."""

    hash: str
    site: Site
    processes: Mapping[str, Process]
    stations: Mapping[str, Station]
    fixtures: Mapping[str, Fixture]
    products: Mapping[str, Product]
    services: Mapping[str, Service]
    tiers: Mapping[str, Tier]
    batch_rules: tuple[BatchRule, ...]
    planning: PlanningRules
    catalogue: Mapping[str, CatalogueEntry]
    sources: Mapping[str, Source] = field(default_factory=dict)
    remembered: Remembered = field(default_factory=Remembered, init=False, repr=False, compare=False)

    def entry(self, sku: str) -> CatalogueEntry | None:
        """Return what a SKU is: by the catalogue, else by the first product whose pattern takes it."""
        found = self.catalogue.get(sku)
        if found is not None:
            return found
        for product in self.products.values():
            if any(fnmatchcase(sku, pattern) for pattern in product.skus):
                return CatalogueEntry(sku=sku, product=product.id, finish="")
        return None

    @cached_property
    def facts_read(self) -> tuple[str, ...]:
        """The facts that batch rules take jobs by, beside how many pieces an order has and what was made again."""
        return tuple({name: None for rule in self.batch_rules for name in rule.where.patterns})

    def takes_lines(self, sku: str) -> bool:
        """Tell whether the text of a SKU may have several lines."""
        entry = self.entry(sku)
        product = None if entry is None else self.products.get(entry.product)
        return product is not None and product.text.max_lines > 1

    def queue_depth(self, station: str) -> int:
        """Return how many live tickets a station may have, the running one included."""
        own = self.stations[station].queue_depth
        return self.planning.queue_depth if own is None else own

    def stations_for(self, fixture: Fixture, rule: BatchRule) -> list[Station]:
        """Return the stations that take a fixture under a rule, in the order of the files."""
        return [
            station
            for station in self.stations.values()
            if station.process == fixture.process
            and (station.fixtures is None or fixture.id in station.fixtures)
            and (rule.stations is None or station.id in rule.stations)
        ]

    def bounds(self, rule: BatchRule, facts: JobFacts) -> ReleaseBounds:
        """Return the release bounds of a job that a rule takes; a service that is no more has none."""
        process, product = self.processes[facts.process], self.products[facts.product]
        service = self.services.get(facts.service)
        return bounded(rule.release, process.release, product.release, service.release if service else {})

    def match(self, facts: JobFacts) -> BatchRule | None:
        """Return the first active rule that takes a job; none when no rule does."""
        return next((rule for rule in self.batch_rules if rule.mismatch(facts) is None), None)

    def explain(self, facts: JobFacts) -> list[tuple[BatchRule, str | None]]:
        """Return each rule down to the one that takes the job, with why it does not (none: it does)."""
        told: list[tuple[BatchRule, str | None]] = []
        for rule in self.batch_rules:
            why_not = rule.mismatch(facts)
            told.append((rule, why_not))
            if why_not is None:
                break
        return told
