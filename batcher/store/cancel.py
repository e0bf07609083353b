"""
An order cancelled, piece by piece, by where each stands: gone, taken back, or at a station and named for recall.

What was not sent is taken back in the same unit of work. What was sent may be made whatever we say: it is named to the
station by `dispatch.recall_folder`, and set aside at packing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import bindparam, select
from sqlmodel import Session

from batcher.domain.batches import Ticket
from batcher.domain.orders import Order
from batcher.domain.states import UNSENT_TICKET, ItemState, JobState, OrderState
from batcher.store import tables
from batcher.store.order_queries import get_order
from batcher.store.rows import columns
from batcher.store.steps import ITEM, JOB, ORDER, Subject, move, subject
from batcher.store.ticket_steps import take_back

_NOTHING: Mapping[str, object] = MappingProxyType({})
_NOT_HELD = {"held_code": None, "held_reason": None}
_STOPPABLE = (ItemState.WAITING, ItemState.IN_PRODUCTION, ItemState.MADE)

_t, _listed, _j, _i, _o = tables.tickets, tables.ticket_items, tables.jobs, tables.items, tables.orders


@dataclass(frozen=True)
class Cancelled:
    """What cancelling an order came to."""

    order: Order
    taken_back: tuple[Ticket, ...] = ()  #: had not left the house; what else was on them waits again
    recall: tuple[str, ...] = ()  #: pieces, by item id, that a station has or may have


@dataclass(frozen=True)
class Recall:
    """A piece that a station has or may have, and that nobody wants any more."""

    ticket_id: str
    station: str
    job_id: str
    item_id: str
    slot: int
    check_code: str
    source: str
    order_id: str


_UNSENT = (
    select(*columns(_t, Ticket))
    .where(
        _t.c.state.in_(sorted(UNSENT_TICKET)),
        _t.c.id.in_(
            select(_listed.c.ticket_id)
            .join_from(_listed, _j, _j.c.id == _listed.c.job_id)
            .where(_listed.c.live, _j.c.order_key == bindparam("key"))
        ),
    )
    .order_by(_t.c.station, _t.c.sequence)
)
_RECALLS = (
    select(
        *(_t.c.id, _t.c.station, _j.c.id, _j.c.item_id, _listed.c.slot, _listed.c.check_code),
        *(_o.c.source, _o.c.order_id),
    )
    .join_from(_listed, _t, _t.c.id == _listed.c.ticket_id)
    .join(_j, _j.c.id == _listed.c.job_id)
    .join(_o, _o.c.key == _j.c.order_key)
    .where(_listed.c.live, _o.c.state == OrderState.CANCELLED, _t.c.state.not_in(sorted(UNSENT_TICKET)))
    .order_by(_t.c.station, _t.c.sequence, _listed.c.slot)
)


def cancel_order(s: Session, key: str, now: datetime, *, told: Mapping[str, object] = _NOTHING) -> Cancelled:
    """
    Make nothing more of an order; cancelling twice changes nothing.

    A ticket that was not sent is taken back, and what else was on it waits again. A piece that was sent goes on until
    its station reports; the event's ``recall`` names such pieces.
    """
    order = subject(s, ORDER, key)
    if order.state is OrderState.CANCELLED:
        return Cancelled(get_order(s, key))
    unsent = _unsent_tickets(s, key)
    listed = select(_listed.c.job_id).where(_listed.c.ticket_id.in_([ticket.id for ticket in unsent]), _listed.c.live)
    at_stations = select(_j.c.item_id).where(
        _j.c.order_key == key, _j.c.state == JobState.RELEASED, _j.c.id.not_in(listed)
    )
    recall = sorted(s.execute(at_stations).scalars())
    # first the order: by its state, what is taken back is not planned again
    move(s, ORDER, [order], OrderState.CANCELLED, now, data={**told, "recall": recall}, values=_NOT_HELD)
    for ticket in unsent:
        take_back(s, ticket, now, f"order {key} was cancelled")
    _stop(s, key, recall, now)
    return Cancelled(get_order(s, key), tuple(unsent), tuple(recall))


def recalls(s: Session) -> list[Recall]:
    """Return the pieces of cancelled orders that stations have, or may have, by station and ticket."""
    return [Recall(*row) for row in s.execute(_RECALLS)]


def _unsent_tickets(s: Session, key: str) -> list[Ticket]:
    return [Ticket(*row) for row in s.execute(_UNSENT, {"key": key})]


def _stop(s: Session, key: str, recall: list[str], now: datetime) -> None:
    """End what waits; a piece that was begun, and lies somewhere, is told apart from one that is nowhere."""
    waiting = s.execute(select(_j.c.id).where(_j.c.order_key == key, _j.c.state == JobState.WAITING)).scalars().all()
    move(s, JOB, [Subject(ident, JobState.WAITING, key) for ident in waiting], JobState.CANCELLED, now)
    begun = set(s.execute(select(_j.c.item_id).where(_j.c.order_key == key, _j.c.state == JobState.DONE)).scalars())
    found = s.execute(select(_i.c.id, _i.c.state).where(_i.c.order_key == key, _i.c.state.in_(_STOPPABLE))).all()
    stopped = [Subject(item.id, item.state, key) for item in found if item.id not in recall]
    move(s, ITEM, [one for one in stopped if one.ident not in begun], ItemState.CANCELLED, now)
    move(s, ITEM, [one for one in stopped if one.ident in begun], ItemState.CANCELLED, now, data={"set_aside": True})
