"""Room kept for orders still to come: in the plan, in later quotes, until it is taken, given up or over."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batcher.domain.reservations import Reservation, ReservationState
from batcher.domain.states import OrderState, StationState
from batcher.errors import TransitionError
from batcher.intake.quotes import parse_quote
from batcher.services.actions import find_order
from batcher.services.context import Floor
from batcher.services.housekeeping import housekeep
from batcher.services.promise import Quote, give_up, quote
from batcher.services.releasing import release_due
from batcher.store import reservations, stations
from tests.builders_api import NOW
from tests.builders_floor import later, order_document, plan_at_once, take

TIN = "TIN-CAK-NATURAL-01"
MAT = "MAT-COI-NATURAL-01"
SIX_TODAY = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def _ask(floor: Floor, quantity: int = 1, sku: str = TIN, **asked: Any) -> Quote:
    document = {"lines": [{"sku": sku, "quantity": quantity, "text": "Zsófia"}], "service": "same-day", **asked}
    zone = floor.rules.current.site.zone
    found = quote(floor, parse_quote(document, source="shop", zone=zone, now=floor.now()))
    assert found is not None
    return found


def _reserve(floor: Floor, quantity: int = 1, **asked: Any) -> Reservation:
    kept = _ask(floor, quantity, **{"reserve": {"minutes": 30}, **asked}).reservation
    assert kept is not None
    return kept


def _stored(floor: Floor, ident: str) -> Reservation:
    with floor.store.read() as session:
        return reservations.get_reservation(session, ident)


def _leaves(floor: Floor, quantity: int) -> datetime:
    (offer,) = _ask(floor, quantity, sku=MAT).offers
    assert offer.leave_by_at is not None
    return offer.leave_by_at


def _with_one_printer(floor: Floor) -> None:
    with floor.store.write() as session:
        stations.set_station(session, "uv-2", StationState.DOWN, "broken", NOW)
    plan_at_once(floor)


def test_a_reservation_is_work_of_the_next_plan_that_cannot_begin_before_it_is_over(floor: Floor) -> None:
    plan_at_once(floor)
    kept = _reserve(floor, 3)

    plan = plan_at_once(floor)

    (order,) = plan.snapshot.problem.orders
    assert order.id == kept.key
    assert {job.release for job in plan.snapshot.problem.jobs} == {30 * 60}
    assert release_due(later(floor, minutes=10)) == []


def test_what_is_reserved_is_not_promised_to_others_before_and_after_the_next_plan(floor: Floor) -> None:
    _with_one_printer(floor)
    assert _leaves(floor, 20) == SIX_TODAY
    for _ in range(4):
        assert _reserve(floor, 20, sku=MAT).leave_by_at == SIX_TODAY  # of some ninety that can be made by then

    at_once = _leaves(floor, 20)
    plan_at_once(later(floor, minutes=1))
    after = _leaves(later(floor, minutes=1), 20)

    assert SIX_TODAY < at_once == after


def test_the_order_that_names_it_gets_its_date_and_ends_it(floor: Floor) -> None:
    plan_at_once(floor)
    kept = _reserve(floor)  # at 09:00, for 18:00 today
    evening = later(floor, minutes=25)
    placed_at = (NOW + timedelta(hours=5)).isoformat()  # too late for the service by itself

    (key,) = take(evening, order_document(TIN, service="same-day", placed_at=placed_at, reservation=kept.id))

    order = find_order(floor, key)
    assert (order.state, order.leave_by_at) == (OrderState.WAITING, kept.leave_by_at)
    assert kept.id in order.due_how
    taken = _stored(floor, kept.id)
    assert (taken.state, taken.order_key) == (ReservationState.TAKEN, key)
    assert {order.id for order in plan_at_once(evening).snapshot.problem.orders} == {key}


def test_an_order_that_comes_again_takes_nothing_more(floor: Floor) -> None:
    plan_at_once(floor)
    kept, other = _reserve(floor), _reserve(floor)
    document = order_document(TIN, service="same-day", reservation=kept.id)

    assert take(floor, document) == take(floor, document)

    assert _stored(floor, other.id).state is ReservationState.STANDING


@pytest.mark.parametrize("wanted", [{"quantity": 2}, {"service": "next-day"}], ids=["more pieces", "another service"])
def test_an_order_for_something_else_is_judged_by_itself_and_leaves_it_standing(
    floor: Floor, wanted: dict[str, Any]
) -> None:
    plan_at_once(floor)
    kept = _reserve(floor)

    (key,) = take(floor, order_document(TIN, **{"service": "same-day", **wanted}, reservation=kept.id))

    assert kept.id not in find_order(floor, key).due_how
    assert _stored(floor, kept.id).state is ReservationState.STANDING


def test_of_two_orders_that_name_one_the_first_has_it(floor: Floor) -> None:
    plan_at_once(floor)
    kept = _reserve(floor)
    documents = [order_document(TIN, service="same-day", reservation=kept.id) for _ in range(2)]

    first, second = take(floor, *documents)

    assert _stored(floor, kept.id).order_key == first
    assert kept.id not in find_order(floor, second).due_how


def test_it_expires_and_is_no_work_any_more(floor: Floor) -> None:
    plan_at_once(floor)
    kept = _reserve(floor)
    after = later(floor, minutes=31)

    (key,) = take(after, order_document(TIN, service="same-day", reservation=kept.id))
    housekeep(after)

    assert _stored(floor, kept.id).state is ReservationState.EXPIRED
    assert kept.id not in find_order(floor, key).due_how
    assert {order.id for order in plan_at_once(after).snapshot.problem.orders} == {key}


def test_it_is_given_up_once(floor: Floor) -> None:
    plan_at_once(floor)
    kept = _reserve(floor)

    assert give_up(floor, kept.id, "t").state is ReservationState.GIVEN_UP
    with pytest.raises(TransitionError):
        give_up(floor, kept.id, "t")
    assert plan_at_once(floor).snapshot.problem.orders == ()


def test_a_batch_that_waits_for_a_reservation_is_released_without_it_once_that_is_over(floor: Floor) -> None:
    plan_at_once(floor)
    _reserve(floor, 5)
    (key,) = take(floor, order_document(TIN, quantity=10, service="same-day"))
    plan_at_once(floor)
    over = later(floor, minutes=40)

    plan_at_once(over)
    with over.store.read() as session:
        assert reservations.standing(session, over.now()) == []
    assert find_order(over, key).state is OrderState.WAITING
    released = release_due(later(floor, hours=8))
    assert [find_order(over, key).state for _ in released] == [OrderState.IN_PRODUCTION] * len(released)
    assert released


def test_of_texts_only_their_length_is_kept_and_nothing_once_it_is_over(floor: Floor) -> None:
    plan_at_once(floor)
    kept = _reserve(floor, attributes={"note": "for Zsófia"})
    assert [line.text for line in _stored(floor, kept.id).order.lines] == ["x" * len("Zsófia")]

    give_up(floor, kept.id, "t")

    over = _stored(floor, kept.id).order
    assert ([line.text for line in over.lines], over.attributes) == ([""], {})


def test_orders_that_came_since_the_plan_are_seen_by_quotes_before_the_next(floor: Floor) -> None:
    _with_one_printer(floor)
    assert _leaves(floor, 20) == SIX_TODAY
    take(floor, *(order_document(MAT, quantity=20, service="same-day") for _ in range(4)))

    answers = [_leaves(floor, 20) for _ in range(4)]  # each puts in one of them at least

    assert answers[-1] > SIX_TODAY
