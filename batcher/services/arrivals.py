"""
What the order history lets expect: read now and then, kept until it is old.

Turning arrivals into rates is `planning.arrivals`'s work, weighing them `planning.waiting`'s.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from batcher.domain.orders import OpenWork
from batcher.planning.arrivals import Arrival, ArrivalForecast, forecast
from batcher.rules.ruleset import RuleSet
from batcher.services.families import FamilyBook
from batcher.store import orders
from batcher.store.session import Session

#: Older weeks say little of the next.
_LOOKS_BACK = timedelta(weeks=8)
#: With less history than this some hours of the week have never been seen, and would seem empty.
_LEAST = timedelta(days=7)
_OLD = timedelta(hours=6)
_WEEK_S = 7 * 86_400


def learn(rules: RuleSet, came: Iterable[OpenWork], now: datetime) -> ArrivalForecast | None:
    """
    Return what the jobs that came let expect; none where they tell of less than a week.

    A later step counts when its order was placed: which hours its own pieces get there in depends on our plans.
    """
    placed, _ = FamilyBook().sort(rules, came)
    if not placed:
        return None
    first = min(job.work.order.placed_at for job in placed)
    if now - first < _LEAST:
        return None
    arrivals = []
    for job in placed:
        local = job.work.order.placed_at.astimezone(rules.site.zone)
        arrivals.append(Arrival(job.step.process, job.family, local.weekday() * 24 + local.hour))
    return forecast(arrivals, max(1.0, (now - first).total_seconds() / _WEEK_S))


class ArrivalsBox:
    """Holds the forecast of the rules in force."""

    def __init__(self) -> None:
        self._rules: RuleSet | None = None
        self._learnt_at: datetime | None = None
        self._forecast: ArrivalForecast | None = None

    def now(self, session: Session, rules: RuleSet, now: datetime) -> ArrivalForecast | None:
        """Return what is to be expected; none where no rule asks for it, or nothing is known yet."""
        if not rules.forecasts:
            return None
        if rules is not self._rules or self._learnt_at is None or now - self._learnt_at >= _OLD:
            came = orders.work_since(session, now - _LOOKS_BACK)
            self._forecast = learn(rules, came, now)
            self._rules, self._learnt_at = rules, now
        return self._forecast
