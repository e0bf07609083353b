"""Reservations in the store, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from batcher.domain.reservations import Reservation, ReservationState
from batcher.errors import NotFoundError, TransitionError
from batcher.store import reservations
from batcher.store.events import events_of
from batcher.store.session import Store
from tests.builders_store import NOW, add, order_in


def _kept(ident: str = "R-1", *, minutes: float = 30, source: str = "shop") -> Reservation:
    return Reservation(
        id=ident,
        source=source,
        state=ReservationState.STANDING,
        order=order_in(),
        leave_by_at=NOW + timedelta(hours=9),
        made_at=NOW,
        expires_at=NOW + timedelta(minutes=minutes),
    )


def test_a_reservation_is_read_as_it_was_kept_while_it_stands(store: Store) -> None:
    with store.write() as s:
        reservations.add_reservation(s, _kept())
        reservations.add_reservation(s, _kept("R-2", minutes=5, source="other"))

    with store.read() as s:
        assert reservations.get_reservation(s, "R-1") == _kept()
        assert [r.id for r in reservations.standing(s, NOW)] == ["R-1", "R-2"]
        assert [r.id for r in reservations.standing(s, NOW + timedelta(minutes=5))] == ["R-1"]
        assert list(reservations.standing_of(s, ["R-2", "R-3"], NOW)) == ["R-2"]
        assert reservations.count_standing(s, "shop", NOW) == 1
        with pytest.raises(NotFoundError):
            reservations.get_reservation(s, "R-3")


def test_an_order_takes_it_and_every_step_is_recorded(store: Store) -> None:
    with store.write() as s:
        reservations.add_reservation(s, _kept())
        key = add(s)
        reservations.take_reservation(s, "R-1", key, NOW)

    with store.read() as s:
        taken = reservations.get_reservation(s, "R-1")
        assert (taken.state, taken.order_key, taken.ended_at) == (ReservationState.TAKEN, key, NOW)
        assert reservations.takers(s, ["R-1"]) == [key]
        assert [event.after for event in events_of(s, ident="R-1")] == ["standing", "taken"]


def test_what_has_ended_ends_no_more_and_is_forgotten_later(store: Store) -> None:
    with store.write() as s:
        reservations.add_reservation(s, _kept())
        reservations.add_reservation(s, _kept("R-2"))
        given_up = reservations.give_up_reservation(s, "R-1", NOW, {"who": "t"})
        assert given_up == replace(given_up, state=ReservationState.GIVEN_UP, ended_at=NOW)
        with pytest.raises(TransitionError):
            reservations.give_up_reservation(s, "R-1", NOW, {})
        assert reservations.expire_reservations(s, NOW + timedelta(minutes=30)) == ["R-2"]
        assert reservations.expire_reservations(s, NOW + timedelta(minutes=30)) == []
        reservations.forget_reservations(s, NOW + timedelta(minutes=1))
        with pytest.raises(NotFoundError):
            reservations.get_reservation(s, "R-1")
        assert reservations.get_reservation(s, "R-2").state is ReservationState.EXPIRED
