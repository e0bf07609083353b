"""Pieces as those who sold them see them: every step with its batch, its station, and when it is expected."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from batcher.domain.orders import Item, Job
from batcher.domain.states import ItemState, JobState, OrderState
from batcher.services.context import Floor
from batcher.services.plan_view import PlanView, latest_view
from batcher.store import orders
from batcher.store.orders import Whereabouts


@dataclass(frozen=True)
class StepView:
    """One step; the times are the ticket's where there is one, else the plan's."""

    job: Job
    station: str | None = None
    batch_id: str | None = None  #: of a released batch
    ticket_id: str | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    planned: bool = False  #: station and times are the plan's, and may change


@dataclass(frozen=True)
class PieceView:
    """One piece and its steps."""

    item: Item
    steps: tuple[StepView, ...]
    expected_at: datetime | None  #: packed by then, as far as is known; when it was packed, once it is
    set_aside: bool = False  #: its order was cancelled, and a station has made or may make it: it is not to be shipped


def piece_views(floor: Floor, order_key: str) -> list[PieceView]:
    """Return the pieces of an order, from one read of the store."""
    with floor.store.read() as session:
        cancelled = orders.get_order(session, order_key).state is OrderState.CANCELLED
        items, jobs = orders.items_of(session, order_key), orders.jobs_of(session, order_key)
        where = orders.whereabouts(session, order_key)
        waits = any(job.state is JobState.WAITING for job in jobs)
        plan = latest_view(session) if waits else None
    by_item: dict[str, list[StepView]] = {}
    for job in jobs:
        by_item.setdefault(job.item_id, []).append(_step(job, where.get(job.id), plan))
    pack = timedelta(seconds=floor.rules.current.site.pack_s)
    views = [_piece(item, by_item.get(item.id, []), pack) for item in items]
    return [replace(view, set_aside=_is_begun(view)) for view in views] if cancelled else views


def _is_begun(view: PieceView) -> bool:
    return any(step.job.state in (JobState.DONE, JobState.RELEASED) for step in view.steps)


def _step(job: Job, where: Whereabouts | None, plan: PlanView | None) -> StepView:
    if job.state is JobState.WAITING:
        batch = None if plan is None else plan.batch_of.get(job.id)
        if batch is None:
            return StepView(job)
        return StepView(job, batch.station, start_at=batch.start_at, end_at=batch.end_at, planned=True)
    if where is None:
        return StepView(job)
    return StepView(job, where.station, where.batch_id, where.ticket_id, where.start_at, where.end_at)


def _piece(item: Item, steps: Sequence[StepView], pack: timedelta) -> PieceView:
    if item.state is ItemState.PACKED:
        return PieceView(item, tuple(steps), item.packed_at)
    if item.state is ItemState.MADE and item.made_at is not None:
        return PieceView(item, tuple(steps), item.made_at + pack)
    going = item.state in (ItemState.WAITING, ItemState.IN_PRODUCTION)
    last = steps[-1].end_at if going and steps else None
    return PieceView(item, tuple(steps), None if last is None else last + pack)
