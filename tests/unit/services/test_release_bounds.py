"""Bounds and forecast of a release, on a real floor: Monday, 9 o'clock."""

from dataclasses import replace
from datetime import time, timedelta

from batcher.domain.orders import OpenWork
from batcher.rules.batch_rules import ClosingTime, ReleaseBounds
from batcher.services.arrivals import learn
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.families import FamilyBook
from batcher.services.releasing import release_due
from batcher.store import batches, orders
from tests.builders_floor import later, order_document, take


def _bound(floor: Floor, bounds: ReleaseBounds) -> None:
    rules = floor.rules.current
    bound = tuple(replace(rule, release=bounds) for rule in rules.batch_rules)
    floor.rules.swap(replace(rules, hash="bound", batch_rules=bound), floor.now())


def _work(floor: Floor) -> list[OpenWork]:
    with floor.store.read() as session:
        return orders.open_work(session)


def test_a_closing_time_missed_while_nobody_ran_releases_once_on_return(floor: Floor) -> None:
    closing = ClosingTime(frozenset(range(7)), time(10), floor.rules.current.site.zone)
    _bound(floor, ReleaseBounds(close_at=(closing,)))
    take(floor, order_document())
    back = later(floor, hours=3)
    plan_cycle(back)
    (ticket,) = release_due(back)
    with floor.store.read() as session:
        assert batches.get_batch(session, ticket.batch_id).reason == "close_at"

    take(back, order_document())
    plan_cycle(back)
    assert release_due(back) == []


def test_what_came_is_learnt_from_when_it_tells_of_a_day_or_more(floor: Floor) -> None:
    take(floor, order_document())
    work, rules = _work(floor), floor.rules.current
    assert learn(rules, work, floor.now()) is None
    told = learn(rules, work, floor.now() + timedelta(days=2))
    assert told is not None
    (placed,), _ = FamilyBook().sort(rules, work)
    assert told.expected(placed.family, 8 * 3600, 3600) == 1
    assert told.expected(placed.family, 9 * 3600, 3600) == 0


def test_a_family_is_looked_for_anew_when_its_order_or_the_rules_change(floor: Floor) -> None:
    take(floor, order_document())
    (entry,), rules = _work(floor), floor.rules.current
    book = FamilyBook()
    (first,), _ = book.sort(rules, [entry])
    (again,), _ = book.sort(rules, [entry])
    assert again.placing is first.placing
    switched_off = replace(rules, batch_rules=())
    assert book.sort(switched_off, [entry]) == ([], {entry.job.id: _no_rule(first.step.process, entry)})
    other = replace(entry, order=replace(entry.order, service="other"))
    assert book.sort(rules, [other])[0][0].facts.service == "other"


def _no_rule(process: str, entry: OpenWork) -> str:
    return f"no batch rule takes {entry.item.product} at {process}"
