"""What is told of open orders: that they are late, or at risk, once, and when they are no more."""

from datetime import timedelta

from batcher.domain.states import OrderState
from batcher.services.context import Floor
from batcher.services.outlook_watch import watch_outlooks
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
    watch_outlooks(floor)
    (key,) = keys(floor)
    assert (told(floor, key), standing(floor)) == ([], {})
    watch_outlooks(later(floor, days=DAYS))
    watch_outlooks(later(floor, days=DAYS, minutes=1))
    assert told(floor, key) == [("on_course", "late")]


def test_an_order_that_gets_more_time_is_on_course_again(floor: Floor) -> None:
    take(floor, order_document())
    (key,) = keys(floor)
    plan_at_once(floor)
    with floor.store.write() as session:
        news.note_outlooks(session, {key: "at_risk"}, floor.now())
    watch_outlooks(floor)
    assert told(floor, key) == [("on_course", "at_risk"), ("at_risk", "on_course")]
    assert standing(floor) == {}


def test_of_an_order_that_is_over_nothing_is_told(floor: Floor) -> None:
    take(floor, order_document())
    (key,) = keys(floor)
    watch_outlooks(later(floor, days=DAYS))
    with floor.store.write() as session:
        orders.cancel_order(session, key, floor.now() + timedelta(days=DAYS))
    watch_outlooks(later(floor, days=DAYS, minutes=1))
    assert told(floor, key) == [("on_course", "late")]
    assert standing(floor) == {}


def test_more_orders_than_one_part_holds_are_all_told(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(501)))
    watch_outlooks(later(floor, days=DAYS))
    assert [told(floor, key) for key in keys(floor)] == [[("on_course", "late")]] * 501


def test_what_is_told_to_stop_tells_nothing(floor: Floor) -> None:
    take(floor, order_document())
    watch_outlooks(later(floor, days=DAYS), lambda: True)
    (key,) = keys(floor)
    assert (told(floor, key), standing(floor)) == ([], {})


def test_open_orders_are_read_page_by_page(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(5)))
    with floor.store.write() as session:
        orders.cancel_order(session, keys(floor)[0], floor.now())
    found: list[str] = []
    after: str | None = ""
    with floor.store.read() as session:
        while after is not None:
            page = orders.open_page(session, OrderState.WAITING, after, most=2)
            assert {key for _, key in page.waiting} == set(page.leave_by_at)
            found += list(page.leave_by_at)
            after = page.last
    assert found == sorted(keys(floor))
    assert len(found) == 4
