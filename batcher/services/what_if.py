"""
What would have helped an order: the queue really planned again with one thing different, and what came of it.

Each change is tried by itself: a station that is down brought up, one station more, operators there all day, a looser
batch rule, the order placed earlier. A child process plans, within a budget; what it does not get to is told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from batcher.domain.orders import Order
from batcher.planning.plan import PlanResult
from batcher.planning.replanning import replanned
from batcher.rules.batch_rules import BatchRule
from batcher.rules.ruleset import RuleSet
from batcher.rules.sla import tail_s
from batcher.services.context import Floor
from batcher.services.cycle import read_queue
from batcher.services.families import FamilyBook
from batcher.services.forecast import StationOutlook
from batcher.services.planner import Queue
from batcher.services.snapshot import Snapshot
from batcher.store import batches

#: How much earlier the order is tried.
_EARLIER_H = (1, 4, 24)
#: What gains an order less than this does not help it.
_LEAST_GAIN = timedelta(minutes=1)


@dataclass(frozen=True)
class Remedy:
    """
    One change that would help.

    Parameters
    ----------
    code
        station_up, one_more_station, operators_always, rule or earlier_order.
    ready_at
        When the order would be packed.
    cost_minor
        What everything planned would cost more; less is negative. Stations and operators themselves are not in it.
    """

    code: str
    what: str
    ready_at: datetime
    in_time: bool
    cost_minor: float


@dataclass(frozen=True)
class WhatIf:
    """
    What an order could have had.

    Parameters
    ----------
    ready_at
        When it is packed by a plan made the same way with nothing changed; none: that was not found out in time.
    remedies
        What helps, the cheapest that has it in time first.
    tried, untried
        Changes that were planned, and those for which there was no time.
    """

    ready_at: datetime | None
    in_time: bool
    remedies: tuple[Remedy, ...]
    tried: int
    untried: int


@dataclass(frozen=True)
class _Change:
    code: str
    what: str
    snapshot: Snapshot
    earlier: timedelta = timedelta(0)


def what_if(floor: Floor, order: Order, *, budget_s: float) -> WhatIf:
    """
    Return what would help an order whose work still waits.

    Parameters
    ----------
    budget_s
        Wall seconds for all plans.
    """
    rules = floor.rules.current
    queue = read_queue(floor, rules)
    base = queue.snapshot(rules)
    own = [job for job in base.problem.jobs if job.order == order.key]
    if not own:
        return WhatIf(None, in_time=False, remedies=(), tried=0, untried=0)
    with floor.store.read() as session:
        hands = [queue.running.get(j.job_id, j.end_at) for j in batches.live_jobs(session) if j.order_key == order.key]
    changes = list(_changes(rules, queue, base, order))
    problems = [base.problem, *(change.snapshot.problem for change in changes)]
    found = replanned(problems, budget_s=budget_s, memory_mb=floor.settings.solver_memory_mb)
    products = {entry.item.product for entry in queue.work if entry.order.key == order.key}
    tail = timedelta(seconds=tail_s(rules, products))
    now_at = _ready(base, found[0], order, hands, tail)
    in_time = now_at is not None and now_at <= order.leave_by_at
    remedies = []
    for change, result in zip(changes, found[1:], strict=True):
        ready_at = _ready(change.snapshot, result, order, hands, tail)
        if result is None or ready_at is None or found[0] is None:
            continue
        more = result.verdict.cost - found[0].verdict.cost
        remedy = Remedy(change.code, change.what, ready_at, ready_at - change.earlier <= order.leave_by_at, more)
        if _helps(remedy, change, now_at, in_time=in_time):
            remedies.append(remedy)
    remedies.sort(key=lambda one: (not one.in_time, one.cost_minor, one.ready_at))
    untried = sum(result is None for result in found[1:])
    return WhatIf(now_at, in_time, tuple(remedies), len(changes) - untried, untried)


def _helps(remedy: Remedy, change: _Change, now_at: datetime | None, *, in_time: bool) -> bool:
    if change.earlier:
        return remedy.in_time and not in_time
    if now_at is None or (remedy.in_time and not in_time):
        return True
    return remedy.ready_at <= now_at - _LEAST_GAIN and remedy.in_time >= in_time


def _changes(rules: RuleSet, queue: Queue, base: Snapshot, order: Order) -> Iterator[_Change]:
    own = {job.family for job in base.problem.jobs if job.order == order.key}
    taken = {base.rules_of[family].id: base.rules_of[family] for family in own}
    processes = {base.fixture_of[family].process for family in own}
    yield from _with_stations(rules, queue, processes)
    for rule in taken.values():
        for what, other in _looser(rule):
            changed = replace(rules, batch_rules=tuple(other if r.id == rule.id else r for r in rules.batch_rules))
            yield _Change("rule", f"rule {rule.id}: {what}", _snapshot(changed, queue))
    for hours in _EARLIER_H:
        earlier = timedelta(hours=hours)
        yield _Change("earlier_order", f"the order placed {hours} h earlier", _later_due(base, order, earlier), earlier)


def _with_stations(rules: RuleSet, queue: Queue, processes: set[str]) -> Iterator[_Change]:
    able = [station for station in rules.stations.values() if station.process in processes]
    for station in able:
        if station.id not in queue.stations:
            up = StationOutlook(queue.at, station.initial_state, 0, {}, 0)
            stations = {**queue.stations, station.id: up}
            yield _Change("station_up", f"{station.id} up", _snapshot(rules, replace(queue, stations=stations)))
    for process in sorted(processes):
        like = next((s for s in able if s.process == process and s.id in queue.stations), None)
        if like is None:
            continue
        extra = replace(like, id=f"{like.id}-more")
        more = replace(rules, stations={**rules.stations, extra.id: extra}, batch_rules=_also(rules, like.id, extra.id))
        stations = {**queue.stations, extra.id: StationOutlook(queue.at, like.initial_state, 0, {}, 0)}
        yield _Change(
            "one_more_station", f"one more station like {like.id}", _snapshot(more, replace(queue, stations=stations))
        )
    for process in sorted(processes):
        named = [s.id for s in able if s.process == process and s.attended is not None]
        if named:
            always = {s.id: replace(s, attended=None) if s.id in named else s for s in rules.stations.values()}
            what = f"operators always there at {', '.join(named)}"
            yield _Change("operators_always", what, _snapshot(replace(rules, stations=always), queue))


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


def _ready(
    snapshot: Snapshot, result: PlanResult | None, order: Order, hands: Sequence[datetime], tail: timedelta
) -> datetime | None:
    """Return when an order is packed by a plan; none when a step of it has no place."""
    if result is None:
        return None
    own = {job.id for job in snapshot.problem.jobs if job.order == order.key}
    ends = {job: batch.end for batch in result.plan.batches for job in batch.jobs if job in own}
    if len(ends) < len(own):
        return None
    return max([*hands, *(snapshot.at + timedelta(seconds=end) for end in ends.values())]) + tail
