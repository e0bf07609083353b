"""
Dates for work that nobody has ordered yet: put into the plan in force, looked at, and taken out again, or kept.

For each service: the first collection that can be made in the room that others leave; when that is not the one that
is wanted, what it would cost others to make that one. A reservation keeps its room until an order takes it or its time
is over. What one service can promise is found in `asking`.
"""

import time
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from batcher.domain.ids import new_id
from batcher.domain.orders import OrderLine
from batcher.domain.reservations import Reservation, ReservationState
from batcher.errors import LimitError
from batcher.intake.quotes import Question
from batcher.services.asking import Asking, Offer
from batcher.services.context import Floor
from batcher.services.quote_room import QuoteRoom, build_room
from batcher.store import reservations

log = structlog.get_logger()

#: Seconds after which a quote is answered with what has been found.
_PATIENCE_S = 2.0
#: Reservations that one source may have standing: they keep others from room that nobody may ever need.
MAX_STANDING = 1000


@dataclass(frozen=True)
class Quote:
    """What each service that was asked about can promise, by the plan of a moment."""

    at: datetime
    plan_id: str
    planned_at: datetime
    offers: tuple[Offer, ...]
    reservation: Reservation | None = None  #: what was reserved; none: nothing was asked for, or no date can be given


def quote(floor: Floor, question: Question) -> Quote | None:
    """
    Return what can be promised, and reserve it if that is asked for. None: there is no plan yet.

    Raises
    ------
    LimitError
        When the source has `MAX_STANDING` reservations already.
    """
    room = quote_room(floor)
    if room is None:
        return None
    asked, wanted_by = question.order, question.wanted_by
    services = [asked.service] if asked.service else list(room.rules.services)
    now, deadline = asked.placed_at, time.monotonic() + _PATIENCE_S
    ready_at = now if question.lasts is None else now + question.lasts
    with room.lock:
        room.catch_up(floor.store, now)
        asking = [Asking(room, replace(asked, service=name), wanted_by, ready_at, deadline) for name in services]
        offers = tuple(one.offer() for one in asking)
        kept = None if question.lasts is None else _reserved(floor, room, question, offers[0], ready_at)
    return Quote(now, room.plan_id, room.snapshot.at, offers, kept)


def quote_room(floor: Floor) -> QuoteRoom | None:
    """Return the plan in force ready to be asked; none before there is a plan under the rules in force."""
    plan, rules = floor.plans.current, floor.rules.current
    if plan is None or plan.rules_hash != rules.hash:
        return None
    return floor.quote_rooms.current(plan, lambda: build_room(floor.store, rules, plan))


def give_up(floor: Floor, ident: str, who: str) -> Reservation:
    """
    End a reservation before its time.

    Raises
    ------
    NotFoundError
        When there is none.
    TransitionError
        When it has ended already.
    """
    with floor.store.write() as session:
        ended = reservations.give_up_reservation(session, ident, floor.now(), {"who": who})
    floor.replan.set()
    log.info("reservation_given_up", reservation=ident, source=ended.source, who=who)
    return ended


def _reserved(
    floor: Floor, room: QuoteRoom, question: Question, offer: Offer, expires_at: datetime
) -> Reservation | None:
    """Keep the offered room; the room's lock is held, so that nobody else is offered it meanwhile."""
    asked = question.order
    leave_by_at = offer.hurry.leave_by_at if question.hurry and offer.hurry is not None else offer.leave_by_at
    if leave_by_at is None:
        return None
    kept = Reservation(
        id=new_id(),
        source=asked.source,
        state=ReservationState.STANDING,
        order=replace(asked, lines=tuple(_without_text(line) for line in asked.lines)),
        leave_by_at=leave_by_at,
        made_at=asked.placed_at,
        expires_at=expires_at,
    )
    with floor.store.write() as session:
        if reservations.count_standing(session, asked.source, asked.placed_at) >= MAX_STANDING:
            raise LimitError(f"{asked.source} has {MAX_STANDING} reservations already; give some up, or order")
        reservations.add_reservation(session, kept)
    room.keep_reserved(kept, asked.placed_at)
    log.info("reserved", reservation=kept.id, source=kept.source, service=asked.service)
    return kept


def _without_text(line: OrderLine) -> OrderLine:
    """Return a line whose text is as long as it was: a machine's time may hang on that, and nothing else does."""
    return replace(line, text="x" * len(line.text), artwork=None)
