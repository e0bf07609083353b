"""
What the batch rules must mean together, and with the floor: each can take some job, and each job has a rule.

Runs when the floor's own sections are in shape; which rule hides which is worked out in `coverage`.
"""

from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from batcher.errors import Fault
from batcher.rules.batch_rules import BatchRule
from batcher.rules.bounds import ReleaseBounds, bounded
from batcher.rules.compile import batch_rule, given_bounds
from batcher.rules.consistency import Checked, takes
from batcher.rules.coverage import Gap, StepKey, World, ever_taken, gaps, hidden, reach
from batcher.rules.faults import Places
from batcher.rules.floor import STANDARD_TIER
from batcher.rules.sections import Sections

#: What a rule's reach is made of; with a fault in one of these nothing can be said of the rules.
_GROUND = {"site", "processes", "stations", "fixtures", "products", "services", "tiers", "release"}


def check_batch_rules(sections: Sections, places: Places) -> Checked:
    """Return what is wrong between the batch rules, and between them and the floor."""
    faults = list(_same_ids(sections, places))
    if sections.site is None or sections.broken & _GROUND or not sections.products or not sections.services:
        return Checked(tuple(faults))
    zone, world = sections.site.time_zone, _world(sections)
    rules = {at: batch_rule(shape, sections.release, zone) for at, shape in sorted(sections.batch_rules.items())}
    faults += [*_unreachable(rules, world, places), *_hidden(rules, world, places)]
    faults += [*_fills(rules, world, sections, zone, places), *_stations(rules, world, sections, places)]
    warnings = list(_without_effect(rules, sections, places))
    if rules and "batch_rules" not in sections.broken:
        told, warned = _uncovered(list(rules.values()), world, places)
        faults, warnings = [*faults, *told], [*warnings, *warned]
    return Checked(tuple(faults), tuple(warnings))


def _world(sections: Sections) -> World:
    return World(
        steps=tuple(
            StepKey(name, position, sections.fixtures[step.fixture].process, step.fixture)
            for name, product in sections.products.items()
            for position, step in enumerate(product.route)
        ),
        services=tuple(sections.services),
        tiers=tuple(dict.fromkeys([STANDARD_TIER, *sections.tiers])),
    )


def _same_ids(sections: Sections, places: Places) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for position, shape in sorted(sections.batch_rules.items()):
        if shape.id in first:
            earlier = places.at("batch_rules", first[shape.id], "id")
            message = f"batch rule '{shape.id}' is defined again; first at {earlier}"
            yield Fault(places.at("batch_rules", position, "id"), message, "duplicate_id")
        first.setdefault(shape.id, position)


def _unreachable(rules: Mapping[int, BatchRule], world: World, places: Places) -> Iterator[Fault]:
    for position, rule in rules.items():
        if not reach(rule.where, world).steps:
            wanted = ", ".join(
                f"{fact} {' or '.join(rule.where.patterns[fact])}"
                for fact in ("process", "fixture", "product")
                if fact in rule.where.patterns
            )
            message = f"rule '{rule.id}' can never take a job: no step of any route has {wanted} together"
            yield Fault(places.at("batch_rules", position, "where"), message, "never_matches")


def _hidden(rules: Mapping[int, BatchRule], world: World, places: Places) -> Iterator[Fault]:
    positions = {id(rule): position for position, rule in rules.items()}
    for rule, hider in hidden(list(rules.values()), world):
        earlier = places.at("batch_rules", positions[id(hider)], "id")
        message = (
            f"rules '{hider.id}' and '{rule.id}' conflict: '{hider.id}' ({earlier}) comes first and takes every "
            f"job that '{rule.id}' would; put '{rule.id}' before it, narrow '{hider.id}', or take one out"
        )
        yield Fault(places.at("batch_rules", positions[id(rule)], "id"), message, "shadowed")


def _fills(
    rules: Mapping[int, BatchRule], world: World, sections: Sections, zone: ZoneInfo, places: Places
) -> Iterator[Fault]:
    """No job may have a minimum above its target, whoever gave the one and the other."""
    for position, rule in rules.items():
        for bounds, whose in _bounds(rule, world, sections, zone):
            least, full = bounds.min_fill, bounds.target_fill
            if least > full:
                message = f"rule '{rule.id}': min_fill {least:.0%} is more than target_fill {full:.0%} ({whose})"
                yield Fault(places.at("batch_rules", position, "release"), message, "range")
                break


def _bounds(rule: BatchRule, world: World, sections: Sections, zone: ZoneInfo) -> Iterator[tuple[ReleaseBounds, str]]:
    """Yield the bounds of all jobs that a rule may take, and whose they are."""
    yield rule.release, "release of rule and site"
    for step in sorted(reach(rule.where, world).steps, key=lambda step: (step.product, step.position)):
        made = (sections.processes[step.process], sections.products[step.product])
        for name, service in sections.services.items():
            given = [given_bounds(owner.release, zone) for owner in (*made, service)]
            if any(given):
                yield bounded(rule.release, *given), f"{step.product} at {step.process}, service {name}"


def _stations(rules: Mapping[int, BatchRule], world: World, sections: Sections, places: Places) -> Iterator[Fault]:
    """A rule bound to stations must have one for every step that it takes."""
    for position, rule in rules.items():
        if rule.stations is None:
            continue
        for step in sorted(reach(rule.where, world).steps, key=lambda step: (step.product, step.position)):
            fixture = sections.fixtures[step.fixture]
            if not any(takes(sections.stations[name], step.fixture, fixture) for name in rule.stations):
                message = (
                    f"rule '{rule.id}' takes step {step.position + 1} of '{step.product}' ({step.process} in "
                    f"{step.fixture}), and none of its stations {', '.join(sorted(rule.stations))} can run it"
                )
                yield Fault(places.at("batch_rules", position, "stations"), message, "conflict")
                break


def _without_effect(rules: Mapping[int, BatchRule], sections: Sections, places: Places) -> Iterator[Fault]:
    given = [process.release for process in sections.processes.values()]
    given += [product.release for product in sections.products.values()]
    given += [service.release for service in sections.services.values()]
    if any(bounds.close_at for bounds in given):
        return
    for position, rule in rules.items():
        bounds = rule.release
        if bounds.min_fill > 0 and not bounds.close_at:
            message = f"rule '{rule.id}': min_fill {bounds.min_fill:.0%} has no effect without close_at"
            yield Fault(places.at("batch_rules", position, "release"), message, "no_effect")


def _uncovered(rules: Sequence[BatchRule], world: World, places: Places) -> tuple[list[Fault], list[Fault]]:
    """Return the steps that no rule takes, as faults, and those that only some jobs have a rule for, as warnings."""
    taken, faults, warnings = ever_taken(rules, world), [], []
    for gap in gaps(rules, world):
        where = places.at("products", gap.step.product, "route", gap.step.position)
        step = f"step {gap.step.position + 1} of '{gap.step.product}'"
        if gap.step not in taken:
            message = f"no batch rule takes {step}; let one take it, such as a last rule without where"
            faults.append(Fault(where, message, "no_rule"))
        else:
            message = f"no batch rule is sure to take {step} of {_example(gap)}; add a last rule without where"
            warnings.append(Fault(where, message, "no_rule"))
    return faults, warnings


def _example(gap: Gap) -> str:
    pieces = "1 piece" if gap.pieces == 1 else f"{gap.pieces} pieces"
    return f"{'a remake in ' if gap.remake else ''}an order of {pieces}, service {gap.service}, tier {gap.tier}"
