"""
Which family each waiting job belongs to, remembered from one snapshot to the next.

Most of a queue is the queue of a minute ago, and what a rule can know of a piece changes only with the piece or its
order. Turning families into a planning problem is `snapshot`'s work.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from batcher.domain.orders import Item, OpenWork, Order
from batcher.rules.batch_rules import BatchRule, JobFacts
from batcher.rules.bounds import ReleaseBounds
from batcher.rules.facts import job_facts
from batcher.rules.floor import Step
from batcher.rules.ruleset import RuleSet


@dataclass(frozen=True)
class Placing:
    """What the rules make of one step of a piece."""

    facts: JobFacts
    rule: BatchRule
    step: Step
    family: str
    bounds: ReleaseBounds


@dataclass(frozen=True)
class Placed:
    """A waiting job with the family it belongs to."""

    work: OpenWork
    placing: Placing

    @property
    def facts(self) -> JobFacts:
        """What a rule can know of it."""
        return self.placing.facts

    @property
    def rule(self) -> BatchRule:
        """The rule that takes it."""
        return self.placing.rule

    @property
    def step(self) -> Step:
        """How it is made."""
        return self.placing.step

    @property
    def family(self) -> str:
        """What it may share a batch with."""
        return self.placing.family


@dataclass(frozen=True)
class _Known:
    """An earlier answer and what it was given for; a text instead of a placing tells why there is none."""

    order: Order
    item: Item
    answer: Placing | str


class FamilyBook:
    """Sorts jobs into families under one set of rules at a time; other rules make it forget."""

    def __init__(self) -> None:
        #: one value, swapped whole: a reload sorts in another thread
        self._last: tuple[RuleSet | None, dict[str, _Known]] = (None, {})

    def sort(self, rules: RuleSet, work: Iterable[OpenWork]) -> tuple[list[Placed], dict[str, str]]:
        """Return the jobs that have a family, in their order, and why the others have none, by job id."""
        before_rules, before = self._last
        if before_rules is not rules:
            before = {}
        known: dict[str, _Known] = {}
        placed: list[Placed] = []
        left_out: dict[str, str] = {}
        for entry in work:
            found = before.get(entry.job.id)
            if found is None or found.item != entry.item or found.order != entry.order:
                found = _Known(entry.order, entry.item, _answer(rules, entry))
            known[entry.job.id] = found
            if isinstance(found.answer, Placing):
                placed.append(Placed(entry, found.answer))
            else:
                left_out[entry.job.id] = found.answer
        self._last = (rules, known)  # what waits no more is forgotten
        return placed, left_out


def _answer(rules: RuleSet, entry: OpenWork) -> Placing | str:
    product = rules.products.get(entry.item.product)
    if product is None or entry.job.step > len(product.route):
        return f"the rules no longer say how a {entry.item.product} is made"
    step = product.route[entry.job.step - 1]
    facts = job_facts(rules, entry.order, entry.item, entry.job.step)
    rule = rules.match(facts)
    if rule is None:
        return f"no batch rule takes {entry.item.product} at {step.process}"
    values = [facts.value(name) for name in rule.equal]
    return Placing(facts, rule, step, "/".join((rule.id, step.fixture, *values)), rules.bounds(rule, facts))
