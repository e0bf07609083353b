"""What is told of open orders: that they are late, or at risk, once, and when they are no more."""

from datetime import timedelta

from batcher.services.context import Floor
from batcher.services.housekeeping import housekeep
from batcher.store import events, news, orders
from tests.builders_floor import later, order_document, plan_at_once, take
from tests.builders_store import open_orders

DAYS = 12


def told(floor: Floor, key: str) -> list[tuple[str | None, str | None]]:
    with floor.store.read() as session:
        found = events.events_of(session, order_key=key)
    return [(event.before, event.after) for event in found if event.kind == "outlook"]


def keys(floor: Floor) -> list[str]:
    with floor.store.read() as session:
        return [order.key for order in open_orders(session)]


def standing(floor: Floor) -> dict[str, str]:
    with floor.store.read() as session:
        return news.outlooks_told(session)


def test_an_order_that_is_late_is_told_once(floor: Floor) -> None:
    take(floor, order_document())
    housekeep(floor)
    (key,) = keys(floor)
    assert (told(floor, key), standing(floor)) == ([], {})
    housekeep(later(floor, days=DAYS))
    housekeep(later(floor, days=DAYS, minutes=1))
    assert told(floor, key) == [("on_course", "late")]


def test_an_order_that_gets_more_time_is_on_course_again(floor: Floor) -> None:
    take(floor, order_document())
    (key,) = keys(floor)
    plan_at_once(floor)
    with floor.store.write() as session:
        news.note_outlooks(session, {key: "at_risk"}, floor.now())
    housekeep(floor)
    assert told(floor, key) == [("on_course", "at_risk"), ("at_risk", "on_course")]
    assert standing(floor) == {}


def test_of_an_order_that_is_over_nothing_is_told(floor: Floor) -> None:
    take(floor, order_document())
    (key,) = keys(floor)
    housekeep(later(floor, days=DAYS))
    with floor.store.write() as session:
        orders.cancel_order(session, key, floor.now() + timedelta(days=DAYS))
    housekeep(later(floor, days=DAYS, minutes=1))
    assert told(floor, key) == [("on_course", "late")]
    assert standing(floor) == {}


def test_more_orders_than_one_part_holds_are_all_told(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(501)))
    housekeep(later(floor, days=DAYS))
    assert [told(floor, key) for key in keys(floor)] == [[("on_course", "late")]] * 501
