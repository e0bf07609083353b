"""
What would have helped an order: the queue really planned again with one thing different, and what came of it.

Each change is tried by itself: a station that is down brought up, one station more, operators there all day, a looser
batch rule, the order placed earlier. A child process plans, first greedily and then, for an order that is late all the
same, by search, within a budget; what it does not get to is told.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from batcher.domain.orders import Order
from batcher.planning.plan import PlanResult
from batcher.planning.replanning import Replanned, replanned
from batcher.planning.stability import remaining
from batcher.rules.sla import tail_s
from batcher.services.context import Floor
from batcher.services.counterfactuals import Change, changes_for
from batcher.services.queue import Queue, read_queue
from batcher.services.snapshot import Snapshot
from batcher.store import batches

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
    searched
        Found by search; else by greedy plans, with and without the change.
    """

    code: str
    what: str
    ready_at: datetime
    in_time: bool
    cost_minor: float
    searched: bool


@dataclass(frozen=True)
class WhatIf:
    """
    What an order could have had.

    Parameters
    ----------
    ready_at
        When it is packed with nothing changed; none: that was not found out in time.
    searched
        That was found by search from the plan in force; else by a greedy plan.
    remedies
        What helps, the cheapest that has it in time first.
    tried, untried
        Changes that were planned, and those for which there was no time.
    """

    ready_at: datetime | None
    in_time: bool
    searched: bool
    remedies: tuple[Remedy, ...]
    tried: int
    untried: int


@dataclass(frozen=True)
class _Standing:
    """How an order stands by one plan."""

    ready_at: datetime | None  #: none: a step of it has no place
    in_time: bool
    cost_minor: float


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
        return WhatIf(None, in_time=False, searched=False, remedies=(), tried=0, untried=0)
    stands = _standing(floor, queue, order)
    changes = list(changes_for(rules, queue, base, order))
    found = replanned(
        [base.problem, *(change.snapshot.problem for change in changes)],
        last=remaining(queue.last, {job.id for job in base.problem.jobs}),
        budget_s=budget_s,
        memory_mb=floor.settings.solver_memory_mb,
        enough=lambda result: stands(base, result).in_time,
    )
    unchanged = found[0].searched or found[0].greedy
    now = _Standing(None, in_time=False, cost_minor=0.0) if unchanged is None else stands(base, unchanged)
    remedies = []
    for change, plans in zip(changes, found[1:], strict=True):
        with_it, without, searched = _alike(plans, found[0])
        if with_it is not None and without is not None:
            changed, before = stands(change.snapshot, with_it, change.earlier), stands(base, without)
            if changed.ready_at and _helps(change, changed, before) and _helps(change, changed, now):
                more = changed.cost_minor - before.cost_minor
                remedies.append(Remedy(change.code, change.what, changed.ready_at, changed.in_time, more, searched))
    remedies.sort(key=lambda one: (not one.in_time, one.cost_minor, one.ready_at))
    untried = sum(plans.greedy is None for plans in found[1:])
    return WhatIf(
        now.ready_at, now.in_time, found[0].searched is not None, tuple(remedies), len(changes) - untried, untried
    )


def _alike(one: Replanned, other: Replanned) -> tuple[PlanResult | None, PlanResult | None, bool]:
    """Return plans of two problems that were made the same way, and whether by search."""
    if one.searched is not None and other.searched is not None:
        return one.searched, other.searched, True
    return one.greedy, other.greedy, False


def _standing(floor: Floor, queue: Queue, order: Order) -> Callable[..., _Standing]:
    """Return what tells how an order stands by a plan of a snapshot, with so much more time than it really has."""
    with floor.store.read() as session:
        hands = [queue.running.get(j.job_id, j.end_at) for j in batches.live_jobs(session) if j.order_key == order.key]
    products = {entry.item.product for entry in queue.work if entry.order.key == order.key}
    tail = timedelta(seconds=tail_s(floor.rules.current, products))

    def stands(snapshot: Snapshot, result: PlanResult, earlier: timedelta = timedelta(0)) -> _Standing:
        ready_at = _ready(snapshot, result, order, hands, tail)
        in_time = ready_at is not None and ready_at - earlier <= order.leave_by_at
        return _Standing(ready_at, in_time, result.verdict.cost)

    return stands


def _helps(change: Change, changed: _Standing, before: _Standing) -> bool:
    if change.earlier:
        return changed.in_time and not before.in_time
    if changed.ready_at is None:
        return False
    if before.ready_at is None or (changed.in_time and not before.in_time):
        return True
    return changed.ready_at <= before.ready_at - _LEAST_GAIN and changed.in_time >= before.in_time


def _ready(
    snapshot: Snapshot, result: PlanResult, order: Order, hands: Sequence[datetime], tail: timedelta
) -> datetime | None:
    """Return when an order is packed by a plan; none when a step of it has no place."""
    own = {job.id for job in snapshot.problem.jobs if job.order == order.key}
    ends = {job: batch.end for batch in result.plan.batches for job in batch.jobs if job in own}
    if len(ends) < len(own):
        return None
    return max([*hands, *(snapshot.at + timedelta(seconds=end) for end in ends.values())]) + tail
