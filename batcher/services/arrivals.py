"""
What the order history lets expect: read now and then, kept until it is old.

Turning arrivals into rates is `planning.arrivals`'s work; what more pieces are worth, and whether to wait for them, is
that of `planning.waiting` and `planning.visits`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from batcher.domain.orders import OpenWork
from batcher.planning.arrivals import Arrival, ArrivalForecast, forecast
from batcher.rules.floor import state_name
from batcher.rules.ruleset import RuleSet
from batcher.rules.sla import collections_from
from batcher.services.families import FamilyBook
from batcher.services.order_history import CountedAs, OrderHistory
from batcher.store import orders
from batcher.store.session import Store

#: Older weeks say little of the next.
_LOOKS_BACK = timedelta(weeks=8)
#: With less history than this some hours of the day have never been seen.
_LEAST = timedelta(days=1)
_OLD = timedelta(hours=6)
_HOUR = timedelta(hours=1)
#: Orders that are read in one go: eight weeks of them at once would fill the memory of a busy floor.
_AT_ONCE = 2_000
#: Orders that are read for one plan: after a start a busy floor has so many to read that no plan may wait for them.
_FOR_ONE_PLAN = 20_000


@dataclass(frozen=True)
class Expected:
    """
    What is expected to come.

    Parameters
    ----------
    by_family, by_state
        Pieces by family, and by the setup state they are made in.
    share_of
        Share of each service in all pieces, 0..1.
    zone
        Whose hours the rates are told for.
    """

    by_family: ArrivalForecast
    by_state: ArrivalForecast
    share_of: Mapping[str, float]
    zone: ZoneInfo

    def of_family(self, family: str, now: datetime, seconds: int) -> float:
        """Return how many pieces of a family to expect within so many seconds."""
        return self.by_family.expected(family, _second_of_week(now, self.zone), seconds)


class Ahead:
    """
    What is expected from a moment on, told in seconds from it: a `planning.visits.Coming`.

    Attributes
    ----------
    expected
        The same, told for any moment.
    """

    def __init__(self, expected: Expected, rules: RuleSet, at: datetime) -> None:
        self.expected, self._rules, self._at = expected, rules, at
        self._leaving: dict[int, list[tuple[int, float]]] = {}  #: by hour: when each service leaves, and its share

    def __call__(self, state: str, start: int, end: int, leaves_by: int) -> float:
        """Return how many pieces come between two moments for a setup state and must have left by a third."""
        total, hour = 0.0, start // 3600
        while hour * 3600 < end:
            opens, closes = max(start, hour * 3600), min(end, (hour + 1) * 3600)
            share = sum(share for leaves, share in self._services(hour) if leaves <= leaves_by)
            if share:
                second = _second_of_week(self._at + timedelta(seconds=opens), self.expected.zone)
                total += share * self.expected.by_state.expected(state, second, closes - opens)
            hour += 1
        return total

    def _services(self, hour: int) -> list[tuple[int, float]]:
        """Return when an order of each service leaves that is placed in an hour from the moment on."""
        if hour not in self._leaving:
            placed_at = self._at + timedelta(hours=hour + 0.5)
            self._leaving[hour] = [
                (int((next(collections_from(service, placed_at)) - self._at).total_seconds()), share)
                for name, share in self.expected.share_of.items()
                if (service := self._rules.services.get(name)) is not None
            ]
        return self._leaving[hour]


def note(history: OrderHistory, rules: RuleSet, work: Iterable[OpenWork]) -> None:
    """
    Add jobs to what came, counted as some rules have it; what has no family does not count.

    A later step counts when its order was placed: which hours its own pieces get there in depends on our plans.
    """
    placed, _ = FamilyBook().sort(rules, work)
    for job in placed:
        order, process = job.work.order, job.step.process
        hour = _second_of_week(order.placed_at, rules.site.zone) // 3600
        fixture = rules.fixtures[job.step.fixture]
        state = Arrival(process, state_name(fixture.process, fixture.setup_state), hour)
        history.add(CountedAs(Arrival(process, job.family, hour), state, order.service), order.placed_at)


def learn(history: OrderHistory, now: datetime, zone: ZoneInfo) -> Expected | None:
    """Return what the jobs that came let expect; none where they tell of less than a day."""
    first = history.first_at
    if first is None or now - first < _LEAST:
        return None
    seen = _hours_seen(first, now, zone)
    services = history.count_by(lambda job: job.service)
    shares = {service: count / services.total() for service, count in services.items()}
    by_family, by_state = history.count_by(lambda job: job.family), history.count_by(lambda job: job.state)
    return Expected(forecast(by_family, seen), forecast(by_state, seen), shares, zone)


def _hours_seen(first: datetime, now: datetime, zone: ZoneInfo) -> Counter[int]:
    """Return how often each hour of the week went by between two moments, at least a day apart."""
    hours = int((now - first) / _HOUR)
    return Counter(_second_of_week(first + number * _HOUR, zone) // 3600 for number in range(hours))


def _second_of_week(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return local.weekday() * 86_400 + local.hour * 3600 + local.minute * 60 + local.second


class ArrivalsBox:
    """
    Holds what is expected under the rules in force; of the history only what is new is read each time.

    Parameters
    ----------
    most
        Orders that are read each time it is asked: while there are more, it answers what it knew before.
    """

    def __init__(self, most: int = _FOR_ONE_PLAN) -> None:
        self._most = most
        self._rules: RuleSet | None = None
        self._learnt_at: datetime | None = None
        self._expected: Expected | None = None
        self._history = OrderHistory()
        self._read_to = ""  #: the last order that has been read

    def now(self, store: Store, rules: RuleSet, now: datetime) -> Expected | None:
        """Return what is to be expected; none where nothing is known yet. History is read in many short reads."""
        if rules is not self._rules:
            self._rules, self._learnt_at, self._expected = rules, None, None
            self._history, self._read_to = OrderHistory(), ""
        if (self._learnt_at is None or now - self._learnt_at >= _OLD) and self._read_on(store, rules, now):
            self._expected, self._learnt_at = learn(self._history, now, rules.site.zone), now
        return self._expected

    def _read_on(self, store: Store, rules: RuleSet, now: datetime) -> bool:
        """Read orders that have not been read; tell whether those were all."""
        since, left = now - _LOOKS_BACK, self._most
        self._history.forget(since)
        while left > 0:
            with store.read() as session:
                work = orders.work_since(session, since, self._read_to, min(left, _AT_ONCE))
            if not work:
                return True
            note(self._history, rules, work)
            keys = {entry.order.key for entry in work}
            self._read_to, left = max(keys), left - len(keys)
        return False
