"""When one order will be packed, as far as tickets and the plan in force tell."""

from datetime import datetime, timedelta

from batcher.domain.states import ItemState, JobState
from batcher.services.context import Floor
from batcher.services.plan_view import PlanView
from batcher.store import orders
from batcher.store.session import Session

_OPEN = (JobState.WAITING, JobState.RELEASED)


def expected_at(floor: Floor, session: Session, plan: PlanView | None, order_key: str) -> datetime | None:
    """Return when an order will be packed; none where something of it is in no plan and on no ticket."""
    pack = timedelta(seconds=floor.rules.current.site.pack_s)
    where, ends = orders.whereabouts(session, order_key), []
    for job in orders.jobs_of(session, order_key):
        if job.state not in _OPEN:
            continue
        batch = plan.batch_of.get(job.id) if plan is not None and job.state is JobState.WAITING else None
        place = where.get(job.id) if job.state is JobState.RELEASED else None
        end = batch.end_at if batch is not None else place.end_at if place is not None else None
        if end is None:
            return None
        ends.append(max(end, floor.now()))
    made = [
        item.made_at
        for item in orders.items_of(session, order_key)
        if item.state is ItemState.MADE and item.made_at is not None
    ]
    return max([*ends, *made]) + pack if ends or made else None
