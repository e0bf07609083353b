"""Bounds and forecast of a release, on a real floor: Monday, 9 o'clock."""

from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from batcher.domain.orders import OpenWork
from batcher.rules.bounds import BelowMinimum, ClosingTime, ReleaseBounds
from batcher.services.context import Floor
from batcher.services.families import FamilyBook
from batcher.services.releasing import release_due
from batcher.store import batches, orders
from tests.builders_floor import later, order_document, plan_at_once, take


def _bound(floor: Floor, bounds: ReleaseBounds, **of_rule: Any) -> None:
    rules = floor.rules.current
    bound = tuple(replace(rule, release=bounds, **of_rule) for rule in rules.batch_rules)
    floor.rules.swap(replace(rules, hash="bound", batch_rules=bound), floor.now())


def _released(floor: Floor, **after: float) -> list[tuple[str, int]]:
    """Return why batches go after some time, and with how many pieces."""
    back = later(floor, **after)
    plan_at_once(back)
    tickets = release_due(back)
    with floor.store.read() as session:
        gone = [batches.get_batch(session, ticket.batch_id) for ticket in tickets]
    return [(batch.reason, batch.jobs) for batch in gone]


def _ten_o_clock(floor: Floor) -> tuple[ClosingTime]:
    return (ClosingTime(frozenset(range(7)), time(10), floor.rules.current.site.zone),)


def _work(floor: Floor) -> list[OpenWork]:
    with floor.store.read() as session:
        return orders.open_work(session)


def test_a_closing_time_missed_while_nobody_ran_releases_once_on_return(floor: Floor) -> None:
    _bound(floor, ReleaseBounds(close_at=_ten_o_clock(floor)))
    take(floor, order_document())
    assert _released(floor, minutes=59) == []
    assert _released(floor, hours=3) == [("close_at", 1)]

    take(later(floor, hours=3), order_document())
    assert _released(floor, hours=3, minutes=1) == []


def test_a_closing_time_may_pass_while_a_plan_is_in_force(floor: Floor) -> None:
    _bound(floor, ReleaseBounds(close_at=_ten_o_clock(floor)))
    take(floor, order_document())
    plan_at_once(floor)
    assert release_due(later(floor, minutes=59)) == []
    assert len(release_due(later(floor, minutes=61))) == 1


def test_at_a_closing_time_what_is_under_the_minimum_runs_or_is_held(floor: Floor) -> None:
    closing = ReleaseBounds(close_at=_ten_o_clock(floor), min_fill=0.2, below_minimum=BelowMinimum.HOLD)
    _bound(floor, closing)
    take(floor, order_document(quantity=2))
    assert _released(floor, hours=2) == []
    take(floor, order_document())
    assert _released(floor, hours=2) == [("close_at", 3)]

    _bound(floor, replace(closing, below_minimum=BelowMinimum.RUN))
    take(floor, order_document())
    assert _released(floor, hours=2) == [("close_at", 1)]


@pytest.mark.again
def test_no_piece_waits_longer_than_max_wait(floor: Floor) -> None:
    _bound(floor, ReleaseBounds(max_wait_s=2 * 3600))
    take(floor, order_document())
    take(later(floor, hours=1), order_document())
    assert _released(floor, hours=1, minutes=59) == []
    assert _released(floor, hours=2) == [("max_wait", 2)]


def test_a_batch_at_its_target_fill_is_full(floor: Floor) -> None:
    take(floor, order_document(quantity=6))
    _bound(floor, ReleaseBounds(target_fill=0.41))
    assert _released(floor) == []
    _bound(floor, ReleaseBounds(target_fill=0.4))
    assert _released(floor) == [("full", 6)]


def test_the_slack_floor_is_kept_before_the_courier(floor: Floor) -> None:
    take(floor, order_document())  # leaves by 19:00; packing, changeover and run take 30 minutes
    _bound(floor, ReleaseBounds(slack_floor_s=4 * 3600))
    assert _released(floor, hours=5) == []
    _bound(floor, ReleaseBounds(slack_floor_s=5 * 3600))
    assert _released(floor, hours=5) == [("latest_start", 1)]


def test_what_leaves_after_the_window_is_not_put_in_to_fill_a_batch_up(floor: Floor) -> None:
    take(floor, order_document(), order_document(service="standard"), order_document(service="economy"))
    bounds = ReleaseBounds(slack_floor_s=5 * 3600)
    _bound(floor, replace(bounds, fill_up_window_s=48 * 3600))
    floor.replan.clear()
    assert _released(floor, hours=5) == [("latest_start", 2)]
    assert floor.replan.is_set()
    _bound(floor, bounds)
    assert len(_work(floor)) == 1


def test_orders_kept_whole_are_not_split_over_two_beds(floor: Floor) -> None:
    take(floor, order_document(quantity=10), order_document(quantity=10))
    _bound(floor, ReleaseBounds(slack_floor_s=10 * 3600), whole_orders=True)
    assert [pieces for _, pieces in _released(floor, hours=1)] == [10, 10]


def test_what_a_service_gives_wins_over_product_process_and_rule_and_the_soonest_piece_over_all(floor: Floor) -> None:
    rules = floor.rules.current
    _bound(floor, ReleaseBounds(max_wait_s=8 * 3600))
    bound = replace(
        floor.rules.current,
        hash="layered",
        processes={
            **rules.processes,
            "uv-print": replace(rules.processes["uv-print"], release={"max_wait_s": 6 * 3600}),
        },
        products={**rules.products, "tin": replace(rules.products["tin"], release={"max_wait_s": 4 * 3600})},
        services={**rules.services, "standard": replace(rules.services["standard"], release={"max_wait_s": 7200})},
    )
    floor.rules.swap(bound, floor.now())
    take(floor, order_document())
    assert _released(floor, hours=3) == []
    take(floor, order_document(service="standard"))
    assert _released(floor, hours=2) == [("max_wait", 2)]
    take(floor, order_document())
    assert _released(floor, hours=3, minutes=59) == []
    assert _released(floor, hours=4) == [("max_wait", 1)]


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
