"""
Due times: by when an order must leave, what being late costs, and how the date came about.

Only the promise of the service; whether the floor as loaded as it is can keep it is the planner's to say.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from batcher.domain.calendars import Calendar, Span, local
from batcher.domain.orders import OrderIn, OrderLine, Promise
from batcher.errors import ConfigError, Fault, OrderRejectedError
from batcher.rules.floor import Service, Tier
from batcher.rules.ruleset import RuleSet

#: A courier that does not come for so long does not come.
MAX_DAYS_AHEAD = 400


@dataclass(frozen=True)
class _Collected:
    """When orders of a service that count for a day must be packed, and why then."""

    leave_by_at: datetime
    how: str


def promise(rules: RuleSet, order: OrderIn, now: datetime) -> Promise:
    """
    Return by when an order must leave.

    Parameters
    ----------
    now
        Aware; an order whose work cannot even be done on an empty floor until its leave-by time is not possible.

    Raises
    ------
    OrderRejectedError
        When the service or the tier is not known.
    ConfigError
        When the service's calendar has no collection within a year.
    """
    kind = (order.service, order.tier, order.channel, order.country, order.carrier)
    service, tier = rules.remembered.answer(("service", *kind), lambda: _service_and_tier(rules, order))
    counted = counted_day(service, order.placed_at)
    collected = rules.remembered.answer(("collected", *kind, counted), lambda: _collected(service, counted))
    possible = now + timedelta(seconds=shortest_lead_s(rules, order.lines)) <= collected.leave_by_at
    return Promise(
        leave_by_at=collected.leave_by_at,
        late_cost_minor=round(service.late_cost_minor * tier.late_cost_factor),
        late_cost_per_hour_minor=round(service.late_cost_per_hour_minor * tier.late_cost_factor),
        how=_how(service, tier, order.placed_at, counted, collected.how, possible=possible),
        possible=possible,
    )


def counted_day(service: Service, placed_at: datetime) -> date:
    """Return the local day an order counts for: its own before `order_by`, else the next."""
    zone = service.collection_days.zone
    day = placed_at.astimezone(zone).date()
    return day if placed_at < local(day, service.order_by, zone) else day + timedelta(days=1)


def collection_day(service: Service, counted: date) -> date:
    """
    Return the day of the collection that an order counted for `counted` must be ready for.

    Raises
    ------
    ConfigError
        When there is none within `MAX_DAYS_AHEAD`.
    """
    first = counted if service.collection == 0 else counted + timedelta(days=1)
    days = _open_days(service.collection_days, first)
    for _ in range(service.collection - 1):
        next(days, None)
    found = next(days, None)
    if found is None:
        raise ConfigError(f"service {service.id} has no collection within {MAX_DAYS_AHEAD} days of {counted}")
    return found


def last_call_at(service: Service, placed_at: datetime) -> datetime:
    """
    Return the first moment at which an order comes too late to leave with one placed at a moment.

    Raises
    ------
    ConfigError
        When the service's calendar has no collection within `MAX_DAYS_AHEAD`.
    """
    counted = counted_day(service, placed_at)
    day = collection_day(service, counted)
    while collection_day(service, counted + timedelta(days=1)) == day:
        counted += timedelta(days=1)
    return local(counted, service.order_by, service.collection_days.zone)


def collections_from(service: Service, placed_at: datetime) -> Iterator[datetime]:
    """
    Yield by when an order must be packed for each collection, from the one that its service promises.

    Raises
    ------
    ConfigError
        When the service's calendar has no collection within `MAX_DAYS_AHEAD`.
    """
    first = collection_day(service, counted_day(service, placed_at))
    for day in _open_days(service.collection_days, first):
        yield local(day, _leaves_by(service, day), service.collection_days.zone)


def shortest_lead_s(rules: RuleSet, lines: Iterable[OrderLine]) -> int:
    """Return the seconds that the longest of the lines takes on an empty floor, packing included."""
    return max((_lead_s(rules, line) for line in lines), default=0)


def tail_s(rules: RuleSet, products: Iterable[str]) -> int:
    """Return the seconds from the end of the last step until all pieces are packed, as planning reckons dues."""
    return rules.site.pack_s + max(rules.products[product].route[-1].rest_s for product in products)


def _lead_s(rules: RuleSet, line: OrderLine) -> int:
    entry = rules.entry(line.sku)
    product = None if entry is None else rules.products.get(entry.product)
    if product is None:
        return 0
    steps = sum(
        rules.fixtures[step.fixture].fixed_s + step.serial_s + step.parallel.seconds(line.text) + step.rest_s
        for step in product.route
    )
    return steps + rules.site.pack_s


def _service_and_tier(rules: RuleSet, order: OrderIn) -> tuple[Service, Tier]:
    service, tier = rules.services.get(order.service), rules.tiers.get(order.tier)
    faults = []
    if service is None:
        known = ", ".join(rules.services)
        faults.append(Fault("/service", f"no service '{order.service}'; use one of: {known}", "service_unknown"))
    if tier is None:
        faults.append(Fault("/tier", f"no tier '{order.tier}'; use one of: {', '.join(rules.tiers)}", "tier_unknown"))
    if service is None or tier is None:
        raise OrderRejectedError(tuple(faults))
    offered = service.for_order(order)
    if offered is None:
        told = f"service '{order.service}' is not offered to this channel, destination or tier; use another"
        raise OrderRejectedError((Fault("/service", told, "service_not_offered"),))
    return offered, tier


def _open_days(calendar: Calendar, first: date) -> Iterator[date]:
    days = (first + timedelta(days=ahead) for ahead in range(MAX_DAYS_AHEAD))
    return (day for day in days if calendar.is_open_day(day))


def _leaves_by(service: Service, day: date) -> time:
    """Return the service's leave-by time, or the end of the courier's hours where these end earlier that day."""
    spans = service.collection_days.spans_on(day)
    return min([service.leaves_by, *(_same_day_end(spans))])


def _same_day_end(spans: tuple[Span, ...]) -> list[time]:
    if any(span.end <= span.start for span in spans):
        return []
    return [max(span.end for span in spans)]


def _collected(service: Service, counted: date) -> _Collected:
    day = collection_day(service, counted)
    at = _leaves_by(service, day)
    nth = (
        "the first collection day on or after it"
        if service.collection == 0
        else f"collection day {service.collection} after it"
    )
    how = f"counts for {_day(counted)}; {service.id}: {nth} is {_day(day)}, complete by {at:%H:%M}"
    return _Collected(local(day, at, service.collection_days.zone), how)


def _how(service: Service, tier: Tier, placed_at: datetime, counted: date, collected: str, *, possible: bool) -> str:
    placed = placed_at.astimezone(service.collection_days.zone)
    side = "before" if counted == placed.date() else "not before"
    at, order_by = (moment.isoformat("minutes") for moment in (placed.time(), service.order_by))
    parts = [f"placed {_day(placed.date())} {at}, {side} {order_by}: {collected}"]
    if tier.late_cost_factor != 1:
        parts.append(f"tier {tier.id}: late costs times {tier.late_cost_factor:g}")
    if not possible:
        parts.append("too late already when it came in: the work alone takes longer")
    return "; ".join(parts)


@lru_cache(maxsize=1000)  # the same few days come with every order
def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"
