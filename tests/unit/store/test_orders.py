"""Orders: kept once, held, released, cancelled, and rolled up from their pieces."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from batcher.domain.states import ItemState, JobState, OrderState, TicketState
from batcher.errors import ConflictError, NotFoundError, TransitionError
from batcher.store import batches, blanks, events, orders
from batcher.store.orders import Held
from batcher.store.session import Session, Store
from tests.builders_store import (
    NOW,
    add,
    deliver,
    first_steps,
    open_orders,
    order_in,
    piece,
    promise,
    release_jobs,
    run_through,
)


def test_an_order_is_read_back_as_it_came_in(store: Store) -> None:
    with store.write() as s:
        added = orders.add_order(s, order_in(), promise(), [piece()], held=None, now=NOW)
    with store.read() as s:
        order = orders.get_order(s, added.key)
        (item,) = orders.items_of(s, added.key)
        jobs = orders.jobs_of(s, added.key)
        assert orders.order_content(s, added.key) == order_in()
    assert added.created
    assert (order.order_id, order.state, order.received_at, order.pieces) == ("A-1", OrderState.WAITING, NOW, 1)
    assert (order.leave_by_at, order.late_cost_minor) == (NOW + timedelta(hours=24), 300)
    assert (item.text, item.attributes, item.state) == ("Zoë", {"font": "serif"}, ItemState.WAITING)
    assert [(job.id, job.process, job.ready_at) for job in jobs] == [
        (f"{item.id}-1", "sublimation-print", NOW),
        (f"{item.id}-2", "mug-press", None),
    ]


def test_the_same_order_again_is_a_replay(store: Store) -> None:
    with store.write() as s:
        first = orders.add_order(s, order_in(), promise(), [piece()], held=None, now=NOW)
        again = orders.add_order(s, order_in(), promise(), [piece()], held=None, now=NOW)
        assert len(orders.items_of(s, first.key)) == 1
    assert again == replace(first, created=False)


def test_the_same_id_with_other_content_is_a_conflict_and_changes_nothing(store: Store) -> None:
    with store.write() as s:
        key = orders.add_order(s, order_in(), promise(), [piece()], held=None, now=NOW).key
        with pytest.raises(ConflictError):
            orders.add_order(s, order_in(content_hash="other"), promise(), [], held=None, now=NOW)
        assert orders.get_order(s, key).pieces == 1


def test_the_same_id_from_another_source_is_another_order(store: Store) -> None:
    with store.write() as s:
        add(s)
        orders.add_order(s, order_in(source="other"), promise(), [piece()], held=None, now=NOW)
        found = orders.find_orders(s, "A-1")
        assert {order.source for order in found} == {"shop", "other"}
        assert orders.find_orders(s, found[0].key) == found[:1]


def test_ids_that_differ_by_case_only_are_two_orders(store: Store) -> None:
    with store.write() as s:
        add(s, "a1")
        add(s, "A1")
        assert len(open_orders(s)) == 2


def test_a_held_order_is_never_planned(store: Store) -> None:
    with store.write() as s:
        key = add(s, held=Held("sku_unknown", "add it to the catalogue"))
        order = orders.get_order(s, key)
        assert (order.state, order.held_code, order.held_reason) == (
            OrderState.HELD,
            "sku_unknown",
            "add it to the catalogue",
        )
        assert orders.open_work(s) == []
        assert orders.work_of(s, [job.id for job in orders.jobs_of(s, key)]) == []


def test_holding_and_releasing_brings_an_order_back_to_planning(store: Store) -> None:
    with store.write() as s:
        key = add(s)
        held = orders.hold_order(s, key, "by_hand", "customer is on the phone", NOW)
        assert (held.state, held.held_code, orders.open_work(s)) == (OrderState.HELD, "by_hand", [])
        released = orders.release_order(s, key, NOW)
        assert (released.state, released.held_code, released.held_reason) == (OrderState.WAITING, None, None)
        assert len(orders.open_work(s)) == 2


def test_an_order_held_in_production_comes_back_to_production(store: Store) -> None:
    with store.write() as s:
        key = add(s, pieces=2)
        release_jobs(s, [first_steps(s, key)[0].id])
        orders.hold_order(s, key, "by_hand", "wait", NOW)
        assert orders.release_order(s, key, NOW).state is OrderState.IN_PRODUCTION


def test_an_order_without_pieces_cannot_be_released_before_it_is_judged_anew(store: Store) -> None:
    with store.write() as s:
        held = Held("sku_unknown", "add it")
        key = orders.add_order(s, order_in(), promise(), [], held=held, now=NOW).key
        with pytest.raises(TransitionError):
            orders.release_order(s, key, NOW)
        orders.replace_pieces(s, key, promise(48), [piece()], NOW)
        assert orders.release_order(s, key, NOW).leave_by_at == NOW + timedelta(hours=48)
        assert len(orders.open_work(s)) == 2


def test_only_a_held_order_that_was_never_begun_gets_new_pieces(store: Store) -> None:
    with store.write() as s:
        waiting = add(s, "waiting")
        begun = add(s, "begun")
        release_jobs(s, [first_steps(s, begun)[0].id])
        batches.recall_unsent(s, "uv-1", NOW, "down")
        orders.hold_order(s, begun, "by_hand", "wait", NOW)
        for key in (waiting, begun):
            with pytest.raises(TransitionError):
                orders.replace_pieces(s, key, promise(), [piece()], NOW)


def test_cancelling_ends_every_piece_that_is_not_at_a_station(store: Store) -> None:
    with store.write() as s:
        key = add(s, pieces=3)
        sent, *_ = first_steps(s, key)
        deliver(s, release_jobs(s, [sent.id]).id)
        assert orders.cancel_order(s, key, NOW).order.state is OrderState.CANCELLED
        states = {item.id: item.state for item in orders.items_of(s, key)}
        assert states.pop(sent.item_id) is ItemState.IN_PRODUCTION
        assert set(states.values()) == {ItemState.CANCELLED}
        assert orders.open_work(s) == []
        (told,) = [event for event in events.events_of(s, ident=key) if event.after == "cancelled"]
        assert told.data == {"recall": [sent.item_id]}


def test_cancelling_twice_changes_nothing(store: Store) -> None:
    with store.write() as s:
        key = add(s)
        orders.cancel_order(s, key, NOW)
        before = events.events_of(s, order_key=key)
        assert orders.cancel_order(s, key, NOW).order.state is OrderState.CANCELLED
        assert events.events_of(s, order_key=key) == before


def test_a_cancelled_order_cannot_be_held_or_released(store: Store) -> None:
    with store.write() as s:
        key = add(s)
        orders.cancel_order(s, key, NOW)
        with pytest.raises(TransitionError):
            orders.hold_order(s, key, "by_hand", "too late", NOW)
        with pytest.raises(TransitionError):
            orders.release_order(s, key, NOW)


def test_an_order_is_complete_when_its_last_piece_is_packed(store: Store) -> None:
    with store.write() as s:
        key = add(s, pieces=2, processes=("uv-print",))
        first, second = first_steps(s, key)
        _make(s, first.id, first.item_id, NOW)
        assert orders.get_order(s, key).state is OrderState.IN_PRODUCTION
        assert orders.pack_items(s, NOW + timedelta(seconds=899), 900) == []
        assert orders.pack_items(s, NOW + timedelta(seconds=900), 900) == []
        later = NOW + timedelta(hours=1)
        _make(s, second.id, second.item_id, later)
        assert orders.pack_items(s, later + timedelta(hours=1), 900) == [key]
        order = orders.get_order(s, key)
        assert (order.state, order.completed_at) == (OrderState.COMPLETE, later + timedelta(seconds=900))
        assert orders.pack_items(s, later + timedelta(hours=2), 900) == []
        packed = [item.packed_at for item in orders.items_of(s, key)]
        assert sorted(at for at in packed if at) == [NOW + timedelta(seconds=900), later + timedelta(seconds=900)]


def test_pieces_packed_while_their_order_is_held_complete_it_on_release(store: Store) -> None:
    with store.write() as s:
        key = add(s, processes=("uv-print",))
        (job,) = first_steps(s, key)
        _make(s, job.id, job.item_id, NOW)
        orders.hold_order(s, key, "by_hand", "address is wrong", NOW)
        assert orders.pack_items(s, NOW + timedelta(hours=1), 900) == []
        assert orders.get_order(s, key).state is OrderState.HELD
        assert orders.release_order(s, key, NOW + timedelta(hours=2)).state is OrderState.COMPLETE


def test_open_work_is_every_waiting_job_with_its_piece_and_order(store: Store) -> None:
    with store.write() as s:
        key = add(s, pieces=2)
        cancelled = add(s, "A-2")
        orders.cancel_order(s, cancelled, NOW)
        first, _ = first_steps(s, key)
        release_jobs(s, [first.id])
    with store.read() as s:
        work = orders.open_work(s)
        assert orders.work_of(s, [work[0].job.id, first.id]) == work[:1]
    assert [entry.job.id for entry in work] == sorted(entry.job.id for entry in work)
    assert len(work) == 3
    assert {entry.order.key for entry in work} == {key}
    assert all(entry.item.id == entry.job.item_id and entry.job.state is JobState.WAITING for entry in work)


def test_orders_are_listed_in_pages_by_key(store: Store) -> None:
    with store.write() as s:
        keys = sorted(add(s, f"A-{number}") for number in range(5))
        orders.hold_order(s, keys[0], "by_hand", "wait", NOW)
        first = orders.list_orders(s, limit=2)
        second = orders.list_orders(s, limit=2, after=first[-1].key)
        assert [order.key for order in first + second] == keys[:4]
        assert [order.key for order in orders.list_orders(s, states={OrderState.HELD})] == keys[:1]


def test_orders_are_counted_by_state_and_the_oldest_waiting_is_known(store: Store) -> None:
    with store.write() as s:
        assert orders.oldest_waiting_at(s) is None
        add(s, "A-1", now=NOW)
        add(s, "A-2", now=NOW - timedelta(hours=2))
        orders.cancel_order(s, add(s, "A-3"), NOW)
        counted = orders.orders_by_state(s)
        assert (counted[OrderState.WAITING], counted[OrderState.CANCELLED], counted[OrderState.HELD]) == (2, 1, 0)
        assert orders.oldest_waiting_at(s) == NOW - timedelta(hours=2)


def test_what_is_not_there_is_not_found(store: Store) -> None:
    with store.read() as s:
        assert orders.find_orders(s, "nothing") == []
        with pytest.raises(NotFoundError):
            orders.get_order(s, "nothing")
        with pytest.raises(NotFoundError):
            orders.order_content(s, "nothing")


def test_every_change_of_an_order_is_an_event(store: Store) -> None:
    with store.write() as s:
        key = add(s, processes=("uv-print",))
        (job,) = first_steps(s, key)
        _make(s, job.id, job.item_id, NOW)
        orders.pack_items(s, NOW + timedelta(hours=1), 900)
        told = events.events_of(s, order_key=key)
    changes = [(event.kind, event.before, event.after) for event in told]
    assert changes == [
        ("order", None, "waiting"),
        ("job", "waiting", "released"),
        ("item", "waiting", "in_production"),
        ("order", "waiting", "in_production"),
        ("job", "released", "done"),
        ("item", "in_production", "made"),
        ("item", "made", "packed"),
        ("order", "in_production", "complete"),
    ]
    assert [event.seq for event in told] == sorted({event.seq for event in told})


def _make(s: Session, job_id: str, item_id: str, now: datetime) -> None:
    ticket = release_jobs(s, [job_id], now=now)
    run_through(s, ticket.id, now)
    batches.finish_ticket(s, ticket.id, {item_id: "done"}, rests={}, now=now)
    assert batches.get_ticket(s, ticket.id).state is TicketState.DONE


def test_pieces_whose_blank_has_run_out_are_no_open_work_until_it_is_back(store: Store) -> None:
    with store.write() as s:
        key = add(s, "A-1")
        for name in ("mug", "mug/white", "MUG-1", "tin"):
            blanks.run_out(s, [name], "", "mia", NOW)
            assert (orders.open_work(s) == []) == (name != "tin")
            assert (orders.work_of(s, [job.id for job in orders.jobs_of(s, key)]) == []) == (name != "tin")
            assert set(blanks.items_waiting(s).values()) == ({name} if name != "tin" else set())
            blanks.come_back(s, name, "", "mia", NOW)
        assert len(orders.open_work(s)) == 2
