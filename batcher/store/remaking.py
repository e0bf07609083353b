"""A piece scrapped by somebody who has seen it: what is still open of it is dropped, and another takes its place."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session

from batcher.domain.states import ItemState, JobState, OrderState
from batcher.errors import NotFoundError, TransitionError
from batcher.store import tables
from batcher.store.finish import make_another
from batcher.store.steps import ITEM, JOB, Subject, move

_OVER = (OrderState.COMPLETE, OrderState.CANCELLED)
_BEGUN = (ItemState.IN_PRODUCTION, ItemState.MADE)


@dataclass(frozen=True)
class Scrapped:
    """What stands in for a scrapped piece, and the process that it had come to."""

    remake: str
    process: str


def scrap_item(s: Session, item_id: str, reason: str, now: datetime, *, who: str) -> Scrapped:
    """
    Scrap a piece that was begun and that no station has in hand.

    Raises
    ------
    NotFoundError
        When there is none.
    TransitionError
        When it has not been begun, is on a live ticket, is packed or scrapped, or its order is over.
    """
    items, orders, jobs = tables.items, tables.orders, tables.jobs
    row = s.execute(
        select(items.c.id.label("item_id"), items.c.order_key, items.c.state, orders.c.state.label("order_state"))
        .join_from(items, orders, orders.c.key == items.c.order_key)
        .where(items.c.id == item_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("item", item_id)
    steps = s.execute(
        select(jobs.c.id, jobs.c.state, jobs.c.process).where(jobs.c.item_id == item_id).order_by(jobs.c.step)
    ).all()
    if row.state not in _BEGUN or row.order_state in _OVER:
        raise TransitionError("item", item_id, row.state, "made again")
    if any(step.state is JobState.RELEASED for step in steps):
        raise TransitionError("item", item_id, "in a station's hands", "made again before that has reported")
    waiting: list[Subject[JobState]] = [
        Subject(step.id, step.state, row.order_key) for step in steps if step.state is JobState.WAITING
    ]
    move(s, JOB, waiting, JobState.CANCELLED, now)
    told = {"reason": reason, "who": who}
    piece: Subject[ItemState] = Subject(item_id, row.state, row.order_key)
    move(s, ITEM, [piece], ItemState.SCRAPPED, now, data=told)
    reached = [step.process for step in steps if step.state is JobState.DONE]
    return Scrapped(make_another(s, row, reason, now), (reached or [steps[0].process])[-1])
