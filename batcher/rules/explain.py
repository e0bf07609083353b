"""Which rule takes a job, and why the rules before it do not: values that commands and pages show."""

from dataclasses import asdict, dataclass

from batcher.errors import NotFoundError
from batcher.rules.batch_rules import BatchRule, JobFacts
from batcher.rules.facts import sku_facts
from batcher.rules.grammar import suggestion
from batcher.rules.ruleset import RuleSet


@dataclass(frozen=True)
class RuleVerdict:
    """What one rule says to a job."""

    rule: str
    takes: bool
    why: str  #: why not, or what a batch of it may hold


@dataclass(frozen=True)
class StepExplanation:
    """What the rules say to one step of a piece."""

    step: int
    process: str
    fixture: str
    rule: str | None  #: the one that takes it; none when no rule does
    family: tuple[tuple[str, str], ...]  #: the facts that its whole batch shares, with their values
    verdicts: tuple[RuleVerdict, ...]  #: from the first rule to the one that takes it

    def document(self) -> dict[str, object]:
        """Return it as plain values, for JSON."""
        return asdict(self) | {"family": dict(self.family)}


def explain_rules(rules: RuleSet, facts: JobFacts, step: int = 1) -> StepExplanation:
    """Return which rule takes a job with these facts and why the rules before do not."""
    told = rules.explain(facts)
    taken = next((rule for rule, why_not in told if why_not is None), None)
    return StepExplanation(
        step=step,
        process=facts.process,
        fixture=facts.fixture,
        rule=None if taken is None else taken.id,
        family=() if taken is None else tuple((fact, facts.value(fact)) for fact in taken.equal),
        verdicts=tuple(
            RuleVerdict(rule.id, why_not is None, _sharing(rule) if why_not is None else why_not)
            for rule, why_not in told
        ),
    )


def explain_sku(
    rules: RuleSet,
    sku: str,
    *,
    service: str | None = None,
    tier: str = "standard",
    channel: str = "",
    country: str = "",
    pieces: int = 1,
) -> list[StepExplanation]:
    """
    Return which rule takes each step of a SKU, were it ordered like this.

    Parameters
    ----------
    service
        None: the first service.

    Raises
    ------
    NotFoundError
        When the SKU, the service or the tier is not known.
    """
    entry = rules.entry(sku)
    if entry is None:
        raise NotFoundError("SKU", sku)
    service = next(iter(rules.services)) if service is None else service
    if service not in rules.services:
        raise NotFoundError("service", f"{service}; {suggestion(service, rules.services)}")
    if tier not in rules.tiers:
        raise NotFoundError("tier", f"{tier}; {suggestion(tier, rules.tiers)}")
    return [
        explain_rules(
            rules,
            sku_facts(rules, sku, step, service=service, tier=tier, channel=channel, country=country, pieces=pieces),
            step,
        )
        for step in range(1, len(rules.products[entry.product].route) + 1)
    ]


def _sharing(rule: BatchRule) -> str:
    """Return in plain words what a batch of the rule may hold."""
    parts = [f"same {', '.join(rule.equal)}" if rule.equal else "anything on the same fixture"]
    if rule.mix is not None:
        parts.append(f"at most {rule.mix.at_most} different {rule.mix.by}")
    if rule.max_items is not None:
        parts.append(f"at most {rule.max_items} pieces")
    if rule.whole_orders:
        parts.append("orders kept whole")
    if rule.stations is not None:
        parts.append(f"on {', '.join(sorted(rule.stations))}")
    return "takes it: " + ", ".join(parts)
