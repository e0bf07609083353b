"""
Which jobs may share a batch, and when a batch may wait: the rules engineers tune.

A rule selects jobs; the first active rule that matches takes a job. Matching is pure and explains itself.
How families become a planning problem is in `services`; when a batch starts, in `planning.release`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from batcher.rules.bounds import ReleaseBounds

#: Begins the names of facts that are attributes.
ATTRIBUTE = "attribute."


class OrderSize(StrEnum):
    """Whether a rule takes orders of one piece, of several, or both."""

    ANY = "any"
    SINGLE = "single"
    MULTI = "multi"


@dataclass(frozen=True)
class JobFacts:
    """What a rule can know of a job."""

    process: str
    fixture: str
    product: str
    finish: str
    sku: str
    service: str
    tier: str
    channel: str
    country: str
    carrier: str
    order: str  #: our key of the order
    pieces: int  #: pieces in the whole order
    remake: bool
    due_day: str  #: local date of the leave-by time, ISO
    attributes: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """Return one fact by the name rules use: a field, or ``attribute.NAME`` (empty when absent)."""
        if name.startswith(ATTRIBUTE):
            return self.attributes.get(name.removeprefix(ATTRIBUTE), "")
        return str(getattr(self, name))


#: Facts a selector compares with shell patterns, and names that `equal` and `mix` may use besides ``attribute.NAME``.
PATTERN_FACTS = (
    "process", "fixture", "product", "finish", "sku", "service", "tier", "channel", "country", "carrier",
)  # fmt: skip
GROUPING_FACTS = (*PATTERN_FACTS, "order", "due_day")


@dataclass(frozen=True)
class Selector:
    """
    Which jobs a rule takes; what is left out matches all.

    Parameters
    ----------
    patterns
        Shell patterns by fact (`PATTERN_FACTS` or ``attribute.NAME``); one of them must match.
    """

    patterns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    order_size: OrderSize = OrderSize.ANY
    min_quantity: int = 1
    max_quantity: int | None = None
    remake: bool | None = None

    def mismatch(self, facts: JobFacts) -> str | None:
        """Return why it does not take a job, in plain words; none when it does."""
        for name, patterns in self.patterns.items():
            value = facts.value(name)
            if not any(fnmatchcase(value, pattern) for pattern in patterns):
                return f"{name} is {value or 'not given'}, the rule wants {' or '.join(patterns)}"
        if self.order_size is not OrderSize.ANY:
            size = OrderSize.SINGLE if facts.pieces == 1 else OrderSize.MULTI
            if size is not self.order_size:
                return f"the order has {facts.pieces} pieces, the rule wants {self.order_size}-item orders"
        if facts.pieces < self.min_quantity:
            return f"the order has {facts.pieces} pieces, the rule wants at least {self.min_quantity}"
        if self.max_quantity is not None and facts.pieces > self.max_quantity:
            return f"the order has {facts.pieces} pieces, the rule wants at most {self.max_quantity}"
        if self.remake is not None and facts.remake is not self.remake:
            return "it is a remake" if facts.remake else "it is not a remake"
        return None


@dataclass(frozen=True)
class Mix:
    """At most `at_most` different values of a fact in one batch."""

    by: str
    at_most: int


@dataclass(frozen=True)
class BatchRule:
    """
    One rule.

    Parameters
    ----------
    equal
        Facts that must be the same for all jobs of a batch; process and fixture always are.
    mix
        A bound on how many kinds may lie in one batch.
    whole_orders
        Whether an order's jobs of the same family stay together.
    max_items
        Items in one batch, where that is less than the fixture holds.
    stations
        Stations that may run it; none: all of the process.
    """

    id: str
    where: Selector
    active: bool = True
    equal: tuple[str, ...] = ("product", "finish")
    mix: Mix | None = None
    whole_orders: bool = False
    max_items: int | None = None
    stations: frozenset[str] | None = None
    sort: tuple[str, ...] = ()  #: how pieces are laid into slots
    release: ReleaseBounds = field(default_factory=ReleaseBounds)

    def mismatch(self, facts: JobFacts) -> str | None:
        """Return why the rule does not take a job; none when it does."""
        return self.where.mismatch(facts) if self.active else "the rule is switched off"
