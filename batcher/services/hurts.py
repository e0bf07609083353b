"""
Whom a station, or a batch rule, keeps waiting: the other side of why.

Every open step is asked what it waits for, as `explain` does for one order; those that name the station or the rule are
put together by order, the dearest first.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from batcher.domain.orders import Job, Order
from batcher.errors import NotFoundError
from batcher.services.causes import Binding, Cause, CauseFinder
from batcher.services.context import Floor
from batcher.services.expected import OrderOutlook, order_outlooks
from batcher.store import batches, orders
from batcher.store.session import Session

#: What nobody suffers from: the work is under way.
_UNDER_WAY = frozenset({Cause.IN_HAND})
#: Orders that are listed; the counts are of all.
LISTED = 100


@dataclass(frozen=True)
class Hurt:
    """
    One order with pieces that wait.

    Parameters
    ----------
    causes
        How many of its steps wait for what.
    until
        As long as that lasts at most; none: not known.
    ready_at
        When it will be packed, as far as is planned.
    late_cost_minor
        What it will lose by being late; 0 when it is planned in time.
    """

    order: Order
    causes: dict[str, int]
    text: str
    until: datetime | None
    ready_at: datetime | None
    late_cost_minor: float


@dataclass(frozen=True)
class Hurts:
    """All that wait for one station or rule; of the orders the first `LISTED`."""

    kind: str  #: station or rule
    name: str
    steps: int
    orders: int
    late_orders: int
    late_cost_minor: float
    causes: dict[str, int]
    listed: tuple[Hurt, ...]


def hurt_by_station(floor: Floor, station: str) -> Hurts:
    """
    Return whom a station keeps waiting.

    Raises
    ------
    NotFoundError
        When the rules have no such station.
    """
    if station not in floor.rules.current.stations:
        raise NotFoundError("station", station)
    return _hurts(floor, "station", station)


def hurt_by_rule(floor: Floor, rule: str) -> Hurts:
    """
    Return whom a batch rule keeps waiting.

    Raises
    ------
    NotFoundError
        When there is no such rule.
    """
    if rule not in {one.id for one in floor.rules.current.batch_rules}:
        raise NotFoundError("batch rule", rule)
    return _hurts(floor, "rule", rule)


def _hurts(floor: Floor, kind: str, name: str) -> Hurts:
    now, rules = floor.now(), floor.rules.current
    zone = rules.site.zone
    with floor.store.read() as session:
        waiting = [entry.job for entry in orders.open_work(session)]
        ready = {job.id: job.ready_at for job in waiting}
        finder = CauseFinder(floor, session, lambda at: f"{at.astimezone(zone):%a %d %b %H:%M}", ready)
        bound: dict[str, list[Binding]] = {}
        for job, before in _open_steps(session, waiting):
            binding = finder.of_job(job, before)
            named = binding.station if kind == "station" else binding.rule
            if named == name and binding.cause not in _UNDER_WAY:
                bound.setdefault(job.order_key, []).append(binding)
        outlooks = {o.key: o for o in order_outlooks(session, rules, now) if o.key in bound}
        found = orders.orders_by_key(session, sorted(outlooks))
    hurt = [_hurt(order, outlooks[key], bound[key]) for key, order in found.items()]
    hurt.sort(key=lambda one: (-one.late_cost_minor, one.order.leave_by_at, one.order.key))
    return Hurts(
        kind=kind,
        name=name,
        steps=sum(len(bindings) for bindings in bound.values()),
        orders=len(hurt),
        late_orders=sum(one.late_cost_minor > 0 for one in hurt),
        late_cost_minor=sum(one.late_cost_minor for one in hurt),
        causes=_counted(binding for bindings in bound.values() for binding in bindings),
        listed=tuple(hurt[:LISTED]),
    )


def _open_steps(session: Session, waiting: Iterable[Job]) -> Iterable[tuple[Job, Job | None]]:
    """Yield every step that is planned or in a station's hands, with the open step before it."""
    live = orders.jobs_by_id(session, [job.job_id for job in batches.live_jobs(session)])
    open_jobs = {(job.item_id, job.step): job for job in [*waiting, *live]}
    for (item_id, step), job in open_jobs.items():
        yield job, open_jobs.get((item_id, step - 1))


def _hurt(order: Order, outlook: OrderOutlook, bindings: list[Binding]) -> Hurt:
    slack_s = outlook.slack_s()
    late_s = 0.0 if slack_s is None else max(0.0, -slack_s)
    cost = order.late_cost_minor + order.late_cost_per_hour_minor * late_s / 3600 if late_s else 0.0
    ends = [binding.until for binding in bindings if binding.until is not None]
    longest = max(bindings, key=lambda one: (one.until is None, one.until or order.placed_at))
    return Hurt(order, _counted(bindings), longest.text, max(ends, default=None), outlook.ready_at, cost)


def _counted(bindings: Iterable[Binding]) -> dict[str, int]:
    return dict(Counter(binding.cause.value for binding in bindings).most_common())
