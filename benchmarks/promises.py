"""
How quotes are kept: one is asked for right before every order of a recorded week, and the week is played to its end.

Each order is asked about with its own service, on the simulated floor, from the plan of that moment, and then placed. A
promise is kept when the order is packed by the quoted collection. Beside it stands what shops do today: a fixed lead
time for each service, whatever the load; the date of the service's calendar, and that of so many collections later, in
hindsight, as are kept often enough.

    python -m benchmarks.promises
    python -m benchmarks.promises --days 1 --scale 2
"""

import argparse
import json
import logging
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any

import structlog

from batcher.domain.clock import SteppedClock
from batcher.domain.orders import Order, OrderIn
from batcher.errors import OrderRejectedError
from batcher.intake.quotes import Question, parse_quote
from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import load_rules
from batcher.rules.sla import collections_from
from batcher.services.asking import Offer
from batcher.services.context import Floor
from batcher.services.promise import quote
from batcher.simulate.demand import Arrival, read_demand
from batcher.simulate.entrance import StraightIn
from batcher.simulate.ours import Ours
from batcher.simulate.run import Simulation
from batcher.simulate.scenario import Scenario
from batcher.simulate.sim_floor import simulated_floor

SHARED = Path(os.environ.get("BATCHER_SHARED", "../shared"))
#: What must be kept of all dates that were given.
GOAL = 0.995
#: How many collections a fixed lead time may be later than the calendar's.
_MORE = range(60)
#: Stated confidences that are told apart, from the highest.
_BANDS = (0.999, 0.995, 0.99, 0.95, 0.0)


@dataclass(frozen=True)
class Asked:
    """A question, its answer, and how long that took; no offer: the floor had no plan, or it was too long a list."""

    order: OrderIn
    offer: Offer | None
    seconds: float


@dataclass(frozen=True)
class Told:
    """A date that somebody was given, what was said of it, and when the order was packed."""

    order: OrderIn
    nominal_at: datetime
    leave_by_at: datetime
    confidence: float
    packed_at: datetime

    @property
    def kept(self) -> bool:
        """Tell whether it was packed in time."""
        return self.packed_at <= self.leave_by_at


class Visitors(StraightIn):
    """Everybody asks for a quote right before they order, when all orders before theirs are in."""

    def __init__(self, floor: Floor, reserved_minutes: int) -> None:
        super().__init__(floor)
        self._reserve = {"reserve": {"minutes": reserved_minutes}} if reserved_minutes else {}
        self._in: list[str] = []
        self.asked: dict[str, Asked] = {}

    def come(self, arrival: Arrival) -> None:
        """Ask about an order, and place it."""
        question = _question(self._floor, arrival, self._reserve)
        if question is not None:
            began = time.perf_counter()
            answer = quote(self._floor, question)
            seconds = time.perf_counter() - began
            offer = None if answer is None else answer.offers[0]
            self.asked[str(arrival.document["order_id"])] = Asked(question.order, offer, seconds)
            if answer is not None and answer.reservation is not None:
                arrival = replace(arrival, document={**arrival.document, "reservation": answer.reservation.id})
        super().come(arrival)
        self._in += super().take_in()

    def take_in(self) -> list[str]:
        """Return what came in one by one."""
        keys, self._in = self._in, []
        return keys


def _question(floor: Floor, arrival: Arrival, more: Mapping[str, object]) -> Question | None:
    document = arrival.document
    body = {**more} | {name: document[name] for name in ("lines", "service", "tier", "channel") if name in document}
    body["destination"] = {"country": document.get("country", "")}
    try:
        return parse_quote(body, source="simulation", zone=floor.rules.current.site.zone, now=arrival.at)
    except OrderRejectedError:  # more pieces than anybody is quoted for
        return None


def main() -> int:
    """Play the week and print what became of its promises; exit 0 when enough were kept."""
    args = _arguments()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    rules = load_rules(Path("config/floor"), catalogue=SHARED / "data" / "catalogue.csv")
    trace = SHARED / "data" / args.trace
    arrivals = read_demand([trace], rules.site.zone, scale=args.scale, seed=args.seed, days=args.days)
    scenario = Scenario(seed=args.seed, downs_per_week=args.downs)
    began = time.perf_counter()
    asked, orders = play(rules, arrivals, scenario, reserved_minutes=args.reserve)
    report = summary(rules, asked, orders) | {"seconds": round(time.perf_counter() - began, 1)}
    print(json.dumps(report, indent=2))
    return 0 if report["kept"] >= GOAL else 1


def play(
    rules: RuleSet, arrivals: Sequence[Arrival], scenario: Scenario, *, reserved_minutes: int = 0
) -> tuple[dict[str, Asked], list[Order]]:
    """Return what was answered before each order, by its id, and all orders as they ended."""
    clock = SteppedClock(arrivals[0].at)
    with simulated_floor(rules, clock) as floor:
        visitors = Visitors(floor, reserved_minutes)
        trail = Simulation(floor, clock, arrivals, scenario, Ours(scenario.seed), entrance=visitors).run()
    return visitors.asked, trail.whole.orders


def summary(rules: RuleSet, asked: Mapping[str, Asked], orders: Iterable[Order]) -> dict[str, Any]:
    """Return how many dates were kept, how that compares to what was said of them, and to fixed dates."""
    packed_at = {order.order_id: order.completed_at for order in orders if order.completed_at is not None}
    told = [
        found
        for ident, one in asked.items()
        if ident in packed_at and (found := _told(one, packed_at[ident])) is not None
    ]
    times = sorted(one.seconds * 1000 for one in asked.values())
    return {
        "orders": len(packed_at),
        "asked": len(asked),
        "dates_given": len(told),
        **_kept(told),
        "stated": round(fmean(one.confidence for one in told), 5),
        "later_than_the_calendar": sum(one.leave_by_at > one.nominal_at for one in told),
        "by_confidence": dict(_banded(told)),
        "calendar": _kept([replace(one, leave_by_at=one.nominal_at) for one in told]),
        "fixed": _fixed(rules, told),
        "p50_ms": round(times[len(times) // 2], 1),
        "p95_ms": round(times[len(times) * 95 // 100], 1),
        "broken": [_line(one) for one in told if not one.kept][:50],
    }


def _told(asked: Asked, packed_at: datetime) -> Told | None:
    """Return the date that was given, if one was."""
    offer = asked.offer
    if offer is None or offer.leave_by_at is None or offer.nominal_at is None or offer.confidence is None:
        return None
    return Told(asked.order, offer.nominal_at, offer.leave_by_at, offer.confidence, packed_at)


def _kept(told: Sequence[Told]) -> dict[str, float]:
    return {
        "kept": round(sum(one.kept for one in told) / len(told), 5),
        "mean_hours": round(fmean(_hours(one.leave_by_at - one.order.placed_at) for one in told), 2),
    }


def _hours(time: timedelta) -> float:
    return time / timedelta(hours=1)


def _line(one: Told) -> str:
    late = round((one.packed_at - one.leave_by_at) / timedelta(minutes=1))
    given = f"{one.order.placed_at:%a %H:%M} by {one.leave_by_at:%a %H:%M}"
    return f"{one.order.service} {given} ({one.confidence:.4f}): {late} min late"


def _banded(told: Iterable[Told]) -> Iterable[tuple[str, dict[str, float]]]:
    """Yield by the confidence that was stated: how many, how sure on average, and how many of them were kept."""
    bands: dict[float, list[Told]] = defaultdict(list)
    for one in told:
        bands[next(band for band in _BANDS if one.confidence >= band)].append(one)
    for band in _BANDS:
        if found := bands[band]:
            stated = round(fmean(one.confidence for one in found), 5)
            yield f"from {band}", {"count": len(found), "stated": stated, "kept": _kept(found)["kept"]}


def _fixed(rules: RuleSet, told: Sequence[Told]) -> dict[str, Any]:
    """Return the lead times, as collections after the calendar's, that are kept often enough for each service."""
    dates, later = [], {}
    for service in dict.fromkeys(one.order.service for one in told):
        mine = [one for one in told if one.order.service == service]
        tried = (
            (more, [replace(one, leave_by_at=_collection(rules, one.order, more)) for one in mine]) for more in _MORE
        )
        later[service], found = next(entry for entry in tried if _kept(entry[1])["kept"] >= GOAL)
        dates += found
    return {"later": later, **_kept(dates)}


def _collection(rules: RuleSet, order: OrderIn, later: int) -> datetime:
    service = rules.services[order.service].for_order(order)
    assert service is not None, "one that is not offered is not quoted"
    return next(islice(collections_from(service, order.placed_at), later, None))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trace", default="orders-2011-11-14.jsonl.gz", help="recorded week")
    parser.add_argument("--days", type=float, help="only so many of its days")
    parser.add_argument("--scale", type=float, default=1.0, help="how many orders stand for each")
    parser.add_argument("--downs", type=float, default=0.0, help="breakdowns of each station in a week")
    parser.add_argument("--reserve", type=int, default=0, help="minutes for which each date is reserved; 0: not at all")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
