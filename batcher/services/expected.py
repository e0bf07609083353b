"""When each open order will be ready, as far as the plan in force and the live tickets tell."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Protocol, TypeVar

from batcher.rules.ruleset import RuleSet
from batcher.services.giving_way import giving_way
from batcher.services.plan_view import latest_view
from batcher.store import batches, orders
from batcher.store.news import AT_RISK, LATE, ON_COURSE
from batcher.store.order_queries import PLANNED, OpenPage
from batcher.store.session import Session, Store

T = TypeVar("T")


@dataclass(frozen=True)
class OrderOutlook:
    """One open order: when it has to leave and when it will be packed; none: not known, no plan has it."""

    key: str
    leave_by_at: datetime
    ready_at: datetime | None

    def word(self, now: datetime) -> str:
        """Return what it is now: late, at_risk or on_course, as far as is known."""
        if self.leave_by_at < now:
            return LATE
        return AT_RISK if (self.slack_s() or 0) < 0 else ON_COURSE

    def slack_s(self) -> float | None:
        """Return the seconds between being packed and having to leave; negative is late."""
        return None if self.ready_at is None else (self.leave_by_at - self.ready_at).total_seconds()


class _Pace(Protocol):
    """Yields the same values, as fast as whoever wants them likes."""

    def __call__(self, values: Iterable[T], /) -> Iterator[T]: ...


def order_outlooks(session: Session, rules: RuleSet, now: datetime) -> list[OrderOutlook]:
    """Return every order that is neither complete, cancelled nor held, with when it will be packed."""
    return _outlooks(lambda: nullcontext(session), rules, now, iter)


def outlooks_in_passing(store: Store, rules: RuleSet, now: datetime, stop: Callable[[], bool]) -> list[OrderOutlook]:
    """
    Return the same for whoever is in no hurry.

    Read in parts, each as it stands at a moment of its own, with rests in between: nobody else waits, and the log of
    the database grows no longer than without it. Once `stop` says so, what has not been read is left out.
    """

    def passing(values: Iterable[T], /) -> Iterator[T]:
        return takewhile(lambda _: not stop(), giving_way(values))

    return _outlooks(store.read, rules, now, passing)


def _outlooks(
    read: Callable[[], AbstractContextManager[Session]],
    rules: RuleSet,
    now: datetime,
    pace: _Pace,
) -> list[OrderOutlook]:
    with read() as session:
        plan = latest_view(session)
    planned = {} if plan is None else plan.batch_of
    leave_by: dict[str, datetime] = {}
    ends: dict[str, datetime] = {}
    unknown: set[str] = set()
    for page in pace(_pages(read)):
        leave_by |= page.leave_by_at
        for job_id, key in page.waiting:
            batch = planned.get(job_id)
            if batch is None:
                unknown.add(key)
            else:
                ends[key] = max(ends.get(key, now), batch.end_at)
    with read() as session:  # after what waits: a job that is released in between is then seen twice, and not never
        for job in batches.live_jobs(session):
            ends[job.order_key] = max(ends.get(job.order_key, now), job.end_at)
        for key, made_at in orders.made_at_by_order(session).items():
            ends[key] = max(ends.get(key, made_at), made_at)
    pack = timedelta(seconds=rules.site.pack_s)
    return [
        OrderOutlook(key, at, ends[key] + pack if key in ends and key not in unknown else None)
        for key, at in pace(leave_by.items())
    ]


def _pages(read: Callable[[], AbstractContextManager[Session]]) -> Iterator[OpenPage]:
    for state in PLANNED:
        after: str | None = ""
        while after is not None:
            with read() as session:
                page = orders.open_page(session, state, after)
            yield page
            after = page.last
