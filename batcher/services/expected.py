"""When each open order will be ready, as far as the plan in force and the live tickets tell."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from batcher.rules.ruleset import RuleSet
from batcher.services.giving_way import Pace, straight_on
from batcher.services.plan_view import latest_view
from batcher.store import batches, orders
from batcher.store.session import Session


@dataclass(frozen=True)
class OrderOutlook:
    """One open order: when it has to leave and when it will be packed; none: not known, no plan has it."""

    key: str
    leave_by_at: datetime
    ready_at: datetime | None

    def slack_s(self) -> float | None:
        """Return the seconds between being packed and having to leave; negative is late."""
        return None if self.ready_at is None else (self.leave_by_at - self.ready_at).total_seconds()


def order_outlooks(session: Session, rules: RuleSet, now: datetime, *, pace: Pace = straight_on) -> list[OrderOutlook]:
    """Return every order that is neither complete, cancelled nor held, with when it will be packed."""
    ready = _ready_by_order(session, rules, now, pace)
    return [OrderOutlook(key, leave_by, ready.get(key)) for key, leave_by in pace(orders.leave_by_of_open(session))]


def _ready_by_order(session: Session, rules: RuleSet, now: datetime, pace: Pace) -> dict[str, datetime]:
    pack = timedelta(seconds=rules.site.pack_s)
    plan = latest_view(session)
    planned = {} if plan is None else plan.batch_of
    ends: dict[str, datetime] = {}
    unknown: set[str] = set()
    for job_id, key in pace(orders.order_of_waiting(session)):
        batch = planned.get(job_id)
        if batch is None:
            unknown.add(key)
        else:
            ends[key] = max(ends.get(key, now), batch.end_at)
    for job in batches.live_jobs(session):
        ends[job.order_key] = max(ends.get(job.order_key, now), job.end_at)
    for key, made_at in orders.made_at_by_order(session).items():
        ends[key] = max(ends.get(key, made_at), made_at)
    return {key: end + pack for key, end in ends.items() if key not in unknown}
