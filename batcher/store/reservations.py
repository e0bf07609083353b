"""
Reservations in the store: made, taken by an order, ended, and forgotten a while after.

Each change of state is recorded with its event in the same commit. An order takes a reservation in the commit that
keeps the order, so that no room is counted twice or lost.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlmodel import Session

from batcher.domain.reservations import Reservation, ReservationState
from batcher.errors import NotFoundError, TransitionError
from batcher.store import tables
from batcher.store.erasure import without_texts
from batcher.store.events import Change, record_all
from batcher.store.order_intake import content_of, order_in

_r = tables.reservations
_ALL = select(
    _r.c.id, _r.c.source, _r.c.state, _r.c.content, _r.c.leave_by_at, _r.c.made_at, _r.c.expires_at, _r.c.order_key,
    _r.c.ended_at,
).order_by(_r.c.id)  # fmt: skip
_STANDING = _r.c.state == ReservationState.STANDING


def add_reservation(s: Session, reservation: Reservation) -> None:
    """Keep a reservation that stands."""
    assert reservation.state is ReservationState.STANDING, "it ends later, by a change of its own"
    values = {**vars(reservation), "content": content_of(reservation.order)}
    del values["order"]
    s.execute(insert(_r), values)
    data = {"source": reservation.source, "expires_at": reservation.expires_at.isoformat()}
    _record(s, [reservation.id], None, ReservationState.STANDING, reservation.made_at, data)


def get_reservation(s: Session, ident: str) -> Reservation:
    """
    Return one reservation.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    found = _found(s, _r.c.id == ident)
    if not found:
        raise NotFoundError("reservation", ident)
    return found[0]


def standing(s: Session, now: datetime) -> list[Reservation]:
    """Return the reservations that an order may still take, the oldest first."""
    return _found(s, _STANDING & (_r.c.expires_at > now))


def standing_of(s: Session, idents: Sequence[str], now: datetime) -> dict[str, Reservation]:
    """Return those of the named reservations that an order may still take, by id."""
    if not idents:
        return {}
    return {found.id: found for found in _found(s, _STANDING & (_r.c.expires_at > now) & _r.c.id.in_(idents))}


def count_standing(s: Session, source: str, now: datetime) -> int:
    """Count the reservations of a source that stand."""
    wanted = _STANDING & (_r.c.expires_at > now) & (_r.c.source == source)
    count: int = s.execute(select(func.count()).where(wanted)).scalar_one()
    return count


def takers(s: Session, idents: Sequence[str]) -> list[str]:
    """Return the keys of the orders that have taken some of these reservations."""
    if not idents:
        return []
    return list(s.execute(select(_r.c.order_key).where(_r.c.id.in_(idents), _r.c.order_key.is_not(None))).scalars())


def take_reservation(s: Session, ident: str, order_key: str, now: datetime) -> None:
    """Let an order have a standing reservation, in the commit that keeps the order."""
    _end(s, [ident], ReservationState.TAKEN, now, {"order_key": order_key}, order_key=order_key)


def give_up_reservation(s: Session, ident: str, now: datetime, told: Mapping[str, object]) -> Reservation:
    """
    End a reservation before its time.

    Raises
    ------
    NotFoundError
        When there is none.
    TransitionError
        When it has ended already.
    """
    found = get_reservation(s, ident)
    if not found.stands(now):
        state = found.state if found.state is not ReservationState.STANDING else ReservationState.EXPIRED
        raise TransitionError("reservation", ident, state, ReservationState.GIVEN_UP)
    _end(s, [ident], ReservationState.GIVEN_UP, now, told)
    return get_reservation(s, ident)


def expire_reservations(s: Session, now: datetime) -> list[str]:
    """End the reservations whose time is over; return their ids."""
    idents = list(s.execute(select(_r.c.id).where(_STANDING, _r.c.expires_at <= now).order_by(_r.c.id)).scalars())
    if idents:
        _end(s, idents, ReservationState.EXPIRED, now, {})
    return idents


def forget_reservations(s: Session, before: datetime) -> None:
    """Forget the reservations that ended before a moment; what happened to them stays in the record."""
    s.execute(delete(_r).where(_r.c.ended_at < before))


def _end(
    s: Session,
    idents: Sequence[str],
    state: ReservationState,
    now: datetime,
    told: Mapping[str, object],
    *,
    order_key: str | None = None,
) -> None:
    """End reservations, and forget what of them may be personal."""
    for ident, content in s.execute(select(_r.c.id, _r.c.content).where(_r.c.id.in_(idents))).all():
        values = {"state": state, "order_key": order_key, "ended_at": now, "content": without_texts(content)}
        s.execute(update(_r).where(_r.c.id == ident).values(values))
    _record(s, idents, ReservationState.STANDING, state, now, told)


def _record(
    s: Session,
    idents: Sequence[str],
    before: ReservationState | None,
    after: ReservationState,
    now: datetime,
    data: Mapping[str, object],
) -> None:
    record_all(s, [Change("reservation", ident, None, before, after, data) for ident in idents], now)


def _found(s: Session, wanted: ColumnElement[bool]) -> list[Reservation]:
    return [
        Reservation(ident, source, state, order_in(content), leave_by_at, made_at, expires_at, order_key, ended_at)
        for ident, source, state, content, leave_by_at, made_at, expires_at, order_key, ended_at in s.execute(
            _ALL.where(wanted)
        )
    ]
