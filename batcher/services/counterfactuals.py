"""
What might have helped an order, one thing changed at a time: the same queue as the planning problem it would be then.

A station that is down brought up, one station more, operators there all day, a looser batch rule, the order placed
earlier. What comes of each is `what_if`'s to find out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from batcher.domain.orders import Order
from batcher.rules.batch_rules import BatchRule
from batcher.rules.ruleset import RuleSet
from batcher.services.families import FamilyBook
from batcher.services.forecast import StationOutlook
from batcher.services.queue import Queue
from batcher.services.snapshot import Snapshot

#: How much earlier the order is tried.
_EARLIER_H = (1, 4, 24)


@dataclass(frozen=True)
class Change:
    """
    One thing changed.

    Parameters
    ----------
    code
        station_up, one_more_station, operators_always, rule or earlier_order.
    earlier
        How much more time the order has than it really has.
    """

    code: str
    what: str
    snapshot: Snapshot
    earlier: timedelta = timedelta(0)


def changes_for(rules: RuleSet, queue: Queue, base: Snapshot, order: Order) -> Iterator[Change]:
    """Yield what is worth trying for an order that waits in a queue, which is `base` with nothing changed."""
    own = {job.family for job in base.problem.jobs if job.order == order.key}
    taken = {base.rules_of[family].id: base.rules_of[family] for family in own}
    processes = {base.fixture_of[family].process for family in own}
    yield from _with_stations(rules, queue, processes)
    for rule in taken.values():
        for what, other in _looser(rule):
            changed = replace(rules, batch_rules=tuple(other if r.id == rule.id else r for r in rules.batch_rules))
            yield Change("rule", f"rule {rule.id}: {what}", _snapshot(changed, queue))
    for hours in _EARLIER_H:
        earlier = timedelta(hours=hours)
        yield Change("earlier_order", f"the order placed {hours} h earlier", _later_due(base, order, earlier), earlier)


def _with_stations(rules: RuleSet, queue: Queue, processes: set[str]) -> Iterator[Change]:
    able = [station for station in rules.stations.values() if station.process in processes]
    for station in able:
        if station.id not in queue.stations:
            up = StationOutlook(queue.at, station.initial_state, 0, {}, 0)
            stations = {**queue.stations, station.id: up}
            yield Change("station_up", f"{station.id} up", _snapshot(rules, replace(queue, stations=stations)))
    for process in sorted(processes):
        like = next((s for s in able if s.process == process and s.id in queue.stations), None)
        if like is None:
            continue
        extra = replace(like, id=f"{like.id}-more")
        more = replace(rules, stations={**rules.stations, extra.id: extra}, batch_rules=_also(rules, like.id, extra.id))
        stations = {**queue.stations, extra.id: StationOutlook(queue.at, like.initial_state, 0, {}, 0)}
        yield Change(
            "one_more_station", f"one more station like {like.id}", _snapshot(more, replace(queue, stations=stations))
        )
    for process in sorted(processes):
        named = [s.id for s in able if s.process == process and s.attended is not None]
        if named:
            always = {s.id: replace(s, attended=None) if s.id in named else s for s in rules.stations.values()}
            what = f"operators always there at {', '.join(named)}"
            yield Change("operators_always", what, _snapshot(replace(rules, stations=always), queue))


def _also(rules: RuleSet, station: str, extra: str) -> tuple[BatchRule, ...]:
    """Return the batch rules with a new station wherever one is that it is like."""
    return tuple(
        replace(rule, stations=rule.stations | {extra}) if rule.stations and station in rule.stations else rule
        for rule in rules.batch_rules
    )


def _looser(rule: BatchRule) -> Iterator[tuple[str, BatchRule]]:
    """Yield the rule without one of its restrictions."""
    if rule.equal:
        yield f"batches may mix {', '.join(rule.equal)} (equal: [])", replace(rule, equal=())
    if rule.stations is not None:
        yield "any station of its process may run it (no stations)", replace(rule, stations=None)
    if rule.max_items is not None:
        yield "as many pieces as the fixture holds (no max_items)", replace(rule, max_items=None)
    if rule.mix is not None:
        yield f"any number of {rule.mix.by} in a batch (no mix)", replace(rule, mix=None)
    if rule.whole_orders:
        yield "orders may be split (whole_orders: false)", replace(rule, whole_orders=False)


def _snapshot(rules: RuleSet, queue: Queue) -> Snapshot:
    return replace(queue, book=FamilyBook()).snapshot(rules)


def _later_due(base: Snapshot, order: Order, by: timedelta) -> Snapshot:
    """Return a snapshot in which an order has so much more time: as if all else were that much later than it."""
    seconds = int(by.total_seconds())
    orders = tuple(replace(one, due=one.due + seconds) if one.id == order.key else one for one in base.problem.orders)
    return replace(base, problem=replace(base.problem, orders=orders))
