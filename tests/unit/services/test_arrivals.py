"""What the orders that came let expect: from a day of them on, each read once, under the rules in force."""

from dataclasses import replace
from datetime import timedelta

from batcher.services.arrivals import Ahead, ArrivalsBox, Expected, learn, note
from batcher.services.context import Floor
from batcher.services.families import FamilyBook
from batcher.services.order_history import OrderHistory
from batcher.store import orders
from tests.builders_floor import later, order_document, take

DAY = timedelta(days=1)
HOUR_S = 3600


def told_after(floor: Floor, wait: timedelta) -> Expected | None:
    rules = floor.rules.current
    with floor.store.read() as session:
        note(history := OrderHistory(), rules, orders.open_work(session))
    return learn(history, floor.now() + wait, rules.site.zone)


def in_the_box(box: ArrivalsBox, floor: Floor) -> Expected | None:
    return box.now(floor.store, floor.rules.current, floor.now())


def the_family(floor: Floor) -> str:
    with floor.store.read() as session:
        (placed, *_), _ = FamilyBook().sort(floor.rules.current, orders.open_work(session))
    return placed.family


def test_what_came_is_learnt_from_when_it_tells_of_a_day_or_more(floor: Floor) -> None:
    take(floor, order_document())
    assert told_after(floor, timedelta(hours=23)) is None
    next_day = floor.now() + DAY  # Tuesday, 9 o'clock; the order was placed at half past eight
    told = told_after(floor, DAY)
    assert told is not None
    assert told.of_family(the_family(floor), next_day - timedelta(hours=1), HOUR_S) == 1
    assert told.of_family(the_family(floor), next_day, HOUR_S) == 0


def test_what_is_expected_counts_the_services_that_leave_in_time(floor: Floor) -> None:
    take(floor, order_document(), order_document(service="standard"))
    told = told_after(floor, DAY)
    assert told is not None
    ahead = Ahead(told, floor.rules.current, floor.now() + DAY - timedelta(hours=1))
    evening, friday = 11 * HOUR_S, 3 * 86_400
    assert ahead("uv-print:tin-jig", 0, HOUR_S, evening) == 1  # of two pieces the one that leaves at 19:00
    assert ahead("uv-print:tin-jig", 0, HOUR_S, friday) == 2
    assert ahead("uv-print:plate-jig", 0, HOUR_S, friday) == 0


def test_a_box_adds_what_is_new_and_knows_what_one_that_reads_everything_knows(floor: Floor) -> None:
    box, early = ArrivalsBox(), timedelta(hours=1)
    take(floor, order_document())
    assert in_the_box(box, floor) is None
    next_day = later(floor, days=1)
    first = in_the_box(box, next_day)
    assert first is not None
    take(next_day, order_document(), order_document())
    assert in_the_box(box, later(floor, days=1, hours=5)) is first
    second = in_the_box(box, later(floor, days=2))
    assert second is not None
    assert second == in_the_box(ArrivalsBox(), later(floor, days=2))
    morning = floor.now() - early
    assert second.of_family(the_family(floor), morning, HOUR_S) > first.of_family(the_family(floor), morning, HOUR_S)


def test_a_box_forgets_what_is_old_and_what_other_rules_made_of_it(floor: Floor) -> None:
    box = ArrivalsBox()
    take(floor, order_document())
    next_day = later(floor, days=1)
    first = in_the_box(box, next_day)
    floor.rules.swap(replace(floor.rules.current, hash="other"), floor.now())
    assert in_the_box(box, next_day) is not first
    assert in_the_box(box, later(floor, days=60)) is None


def test_a_long_history_is_read_in_parts_and_known_when_all_of_it_has_been(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(5)))
    next_day, box = later(floor, days=1), ArrivalsBox(most=2)
    answers = [in_the_box(box, next_day) for _ in range(3)]
    assert answers[:2] == [None, None]
    assert answers[2] is not None
    assert answers[2] == in_the_box(ArrivalsBox(), next_day)
    take(next_day, *(order_document() for _ in range(2)))
    assert in_the_box(box, later(floor, days=2)) is answers[2]  # better old than none
    assert in_the_box(box, later(floor, days=2)) == in_the_box(ArrivalsBox(), later(floor, days=2))


def test_orders_are_read_some_at_a_time_and_each_once(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(5)))
    since, read, pages = floor.now() - DAY, "", []
    with floor.store.read() as session:
        while work := orders.work_since(session, since, read, 2):
            pages.append({entry.order.key for entry in work})
            read = max(pages[-1])
        everything = {entry.order.key for entry in orders.open_work(session)}
    assert [len(page) for page in pages] == [2, 2, 1]
    assert set.union(*pages) == everything
