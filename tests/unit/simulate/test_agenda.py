from datetime import timedelta
from functools import partial

from batcher.simulate.agenda import Agenda
from tests.builders_stations import MONDAY


def test_things_are_done_in_order_of_time_and_of_being_put_down() -> None:
    agenda, done = Agenda(), list[str]()
    for name, seconds in (("late", 9), ("first", 3), ("second", 3)):
        agenda.put(MONDAY + timedelta(seconds=seconds), partial(done.append, name))

    assert agenda.next_at() == MONDAY + timedelta(seconds=3)
    agenda.do_due(MONDAY + timedelta(seconds=3))
    assert done == ["first", "second"]
    agenda.do_due(MONDAY + timedelta(seconds=9))
    assert done == ["first", "second", "late"]
    assert agenda.next_at() is None


def test_what_is_put_down_for_now_while_doing_is_done_now() -> None:
    agenda, done = Agenda(), list[str]()
    agenda.put(MONDAY, lambda: agenda.put(MONDAY, lambda: done.append("then")))
    agenda.do_due(MONDAY)
    assert done == ["then"]
