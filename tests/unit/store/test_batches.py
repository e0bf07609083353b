"""Batches and tickets: released whole or not at all, followed, taken back, finished with one remake a failure."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from batcher.domain.orders import Job
from batcher.domain.states import BatchState, ItemState, JobState, OrderState, TicketState
from batcher.errors import InvariantError, NotFoundError, TransitionError
from batcher.store import batches, events, orders, tables
from batcher.store.batches import StoredPlan
from batcher.store.packed import Packed
from batcher.store.session import Session, Store
from tests.builders_store import NOW, add, deliver, first_steps, release_jobs, run_through

LATER = NOW + timedelta(minutes=12)


def test_a_released_batch_is_one_ticket_with_its_jobs_and_an_entry_to_publish(store: Store) -> None:
    with store.write() as s:
        key = add(s, pieces=2)
        job_ids = [job.id for job in first_steps(s, key)]
        ticket = release_jobs(s, job_ids)
    with store.read() as s:
        batch = batches.get_batch(s, ticket.batch_id)
        listed = batches.ticket_items(s, ticket.id)
        assert (ticket.state, ticket.sequence, ticket.attempts) == (TicketState.RELEASED, 1, 0)
        assert ticket.document == {"format": "batcher-ticket/1", "jobs": job_ids}
        assert (batch.state, batch.jobs, batch.plan_id, batch.unattended_ok) == (BatchState.RELEASED, 2, "plan-1", True)
        assert [(item.job_id, item.place.slot, item.live, item.outcome) for item in listed] == [
            (job_ids[0], 1, True, None),
            (job_ids[1], 2, True, None),
        ]
        assert batches.live_tickets(s) == batches.tickets(s, station="uv-1") == [ticket]
        assert [job.job_id for job in batches.live_jobs(s)] == job_ids
        assert orders.get_order(s, key).state is OrderState.IN_PRODUCTION
        assert {item.state for item in orders.items_of(s, key)} == {ItemState.IN_PRODUCTION}
        assert batches.ticket_of_job(s, job_ids[0]) == ticket
        assert batches.ticket_of_job(s, "nothing") is None


def test_tickets_of_a_station_are_numbered_in_the_order_of_their_release(store: Store) -> None:
    with store.write() as s:
        jobs = first_steps(s, add(s, pieces=3))
        stations = ("uv-1", "uv-2", "uv-1")
        released = [release_jobs(s, [job.id], at) for job, at in zip(jobs, stations, strict=True)]
        assert [ticket.sequence for ticket in released] == [1, 1, 2]
        assert batches.next_sequence(s, "uv-1") == 3


@pytest.mark.parametrize("case", ["released", "step_before", "held", "cancelled", "twice"])
def test_a_job_that_may_not_be_made_now_is_not_released_and_nothing_is_kept(store: Store, case: str) -> None:
    with store.write() as s:
        key = add(s, pieces=2)
        good, other = first_steps(s, key)
    with pytest.raises((TransitionError, InvariantError)), store.write() as s:
        _release_wrongly(s, case, key, good, other)
    with store.read() as s:
        assert batches.tickets(s) == []
        assert len(orders.open_work(s)) == 4


def test_a_job_that_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFoundError), store.write() as s:
        release_jobs(s, ["nothing-1"])


@pytest.mark.parametrize("column", ["job_id", "item_id"])
def test_the_database_itself_refuses_a_second_live_ticket(store: Store, column: str) -> None:
    with store.write() as s:
        key = add(s, pieces=2)
        first, second = first_steps(s, key)
        release_jobs(s, [first.id])
        other = release_jobs(s, [second.id])
    on_both = {"job_id": first.id if column == "job_id" else f"{first.item_id}-2", "item_id": first.item_id}
    row = {"slot": 9, "rotated": False, "check_code": "BCDF", "live": True, "ticket_id": other.id, **on_both}
    with pytest.raises(InvariantError, match="ticket_items"), store.write() as s:
        s.execute(insert(tables.ticket_items), row)


def test_a_ticket_is_stamped_on_its_way_and_its_batch_runs_with_it(store: Store) -> None:
    with store.write() as s:
        ticket = release_jobs(s, [first_steps(s, add(s))[0].id])
        deliver(s, ticket.id)
        batches.move_ticket(s, ticket.id, TicketState.ACCEPTED, NOW + timedelta(seconds=1))
        moved = batches.move_ticket(s, ticket.id, TicketState.RUNNING, NOW + timedelta(seconds=2))
        batch = batches.get_batch(s, ticket.batch_id)
    assert (moved.delivered_at, moved.accepted_at) == (NOW, NOW + timedelta(seconds=1))
    assert moved.started_at == batch.started_at == NOW + timedelta(seconds=2)
    assert batch.state is BatchState.RUNNING


def test_a_failed_attempt_is_counted_and_leaves_the_state(store: Store) -> None:
    retry_at = NOW + timedelta(seconds=30)
    with store.write() as s:
        ticket = release_jobs(s, [first_steps(s, add(s))[0].id])
        for number in (1, 2):
            tried = batches.move_ticket(
                s, ticket.id, TicketState.RELEASED, NOW, error="folder is gone", next_attempt_at=retry_at
            )
            assert (tried.state, tried.attempts, tried.last_error, tried.next_attempt_at) == (
                TicketState.RELEASED,
                number,
                "folder is gone",
                retry_at,
            )
        sent = batches.move_ticket(s, ticket.id, TicketState.SENDING, NOW)
        assert (sent.attempts, sent.next_attempt_at) == (2, None)


def test_a_report_may_overtake_our_own_book_keeping_but_nothing_goes_back(store: Store) -> None:
    with store.write() as s:
        ticket = release_jobs(s, [first_steps(s, add(s))[0].id])
        batches.move_ticket(s, ticket.id, TicketState.SENDING, NOW)
        batches.move_ticket(s, ticket.id, TicketState.RUNNING, NOW)
        for state in (TicketState.DELIVERED, TicketState.ACCEPTED, TicketState.RELEASED, TicketState.CANCELLED):
            with pytest.raises(TransitionError):
                batches.move_ticket(s, ticket.id, state, NOW)


def test_what_was_not_sent_is_taken_back_and_waits_again(store: Store) -> None:
    with store.write() as s:
        key = add(s, pieces=2)
        unsent, sent = first_steps(s, key)
        first = release_jobs(s, [sent.id])
        deliver(s, first.id)
        second = release_jobs(s, [unsent.id])
        assert batches.recall_unsent(s, "uv-1", LATER, "station is down") == [second.id]
        assert batches.get_ticket(s, second.id).state is TicketState.CANCELLED
        assert batches.get_batch(s, second.batch_id).state is BatchState.CANCELLED
        assert unsent.id in {entry.job.id for entry in orders.open_work(s)}
        again = release_jobs(s, [unsent.id], "uv-2")
        assert batches.ticket_of_job(s, unsent.id) == again


def test_a_piece_of_a_cancelled_order_does_not_wait_again_when_its_ticket_is_taken_back(store: Store) -> None:
    with store.write() as s:
        key = add(s)
        ticket = release_jobs(s, [first_steps(s, key)[0].id])
        deliver(s, ticket.id)
        orders.cancel_order(s, key, NOW)
        batches.move_ticket(s, ticket.id, TicketState.IN_DOUBT, LATER, error="its folder is gone")
        batches.move_ticket(s, ticket.id, TicketState.CANCELLED, LATER, error="not made")
        assert {job.state for job in orders.jobs_of(s, key)} == {JobState.CANCELLED}
        assert {item.state for item in orders.items_of(s, key)} == {ItemState.CANCELLED}


def test_a_ticket_in_doubt_that_was_not_made_gives_its_jobs_back(store: Store) -> None:
    with store.write() as s:
        ticket = release_jobs(s, [first_steps(s, add(s))[0].id])
        run_through(s, ticket.id)
        batches.move_ticket(s, ticket.id, TicketState.IN_DOUBT, LATER, error="station is silent")
        assert len(batches.live_tickets(s)) == 1
        batches.move_ticket(s, ticket.id, TicketState.CANCELLED, LATER, error="not made: the bed was empty")
        assert batches.get_batch(s, ticket.batch_id).state is BatchState.FAILED
        assert len(orders.open_work(s)) == 2


def test_the_next_step_is_ready_after_the_rest_and_the_last_one_makes_the_piece(store: Store) -> None:
    with store.write() as s:
        key = add(s)
        (first,) = first_steps(s, key)
        ticket = release_jobs(s, [first.id])
        run_through(s, ticket.id)
        finished = batches.finish_ticket(s, ticket.id, {first.item_id: "done"}, rests={first.id: 300}, now=LATER)
        assert (finished.done, finished.failed, finished.remakes) == ([first.item_id], [], [])
        (second,) = first_steps(s, key)
        assert (second.step, second.ready_at) == (2, LATER + timedelta(seconds=300))
        assert orders.items_of(s, key)[0].state is ItemState.IN_PRODUCTION
        press = release_jobs(s, [second.id], "press-1")
        run_through(s, press.id)
        batches.finish_ticket(s, press.id, {first.item_id: "done"}, rests={second.id: 60}, now=LATER)
        assert orders.items_of(s, key)[0].state is ItemState.MADE
        assert orders.pack_items(s, LATER + timedelta(seconds=900), 900) == []
        assert orders.pack_items(s, LATER + timedelta(seconds=960), 900) == [key]


def test_a_piece_that_failed_is_made_again_exactly_once(store: Store) -> None:
    with store.write() as s:
        key = add(s, pieces=3)
        jobs = first_steps(s, key)
        ticket = release_jobs(s, [job.id for job in jobs])
        run_through(s, ticket.id)
        outcomes = {job.item_id: "failed" if job is jobs[1] else "done" for job in jobs}
        finished = batches.finish_ticket(s, ticket.id, outcomes, rests={}, now=LATER, reason="smeared")
        assert finished.failed == [jobs[1].item_id]
        assert batches.get_ticket(s, ticket.id).state is TicketState.DONE
        with pytest.raises(TransitionError):
            batches.finish_ticket(s, ticket.id, outcomes, rests={}, now=LATER, reason="smeared")
        items = {item.id: item for item in orders.items_of(s, key)}
        (remake,) = finished.remakes
        assert len(items) == 4
        assert items[jobs[1].item_id].state is ItemState.SCRAPPED
        assert (items[remake].remake_of, items[remake].remake_reason) == (jobs[1].item_id, "smeared")
        assert (items[remake].text, items[remake].state) == ("Zoë", ItemState.WAITING)
        route = [(job.step, job.process) for job in orders.jobs_of(s, key) if job.item_id == remake]
        assert route == [(1, "sublimation-print"), (2, "mug-press")]
        assert orders.get_order(s, key).pieces == 3
        scrapped = [job.state for job in orders.jobs_of(s, key) if job.item_id == jobs[1].item_id]
        assert scrapped == [JobState.FAILED, JobState.CANCELLED]


def test_a_ticket_of_which_every_piece_failed_has_failed(store: Store) -> None:
    with store.write() as s:
        (job,) = first_steps(s, add(s))
        ticket = release_jobs(s, [job.id])
        run_through(s, ticket.id)
        batches.finish_ticket(s, ticket.id, {job.item_id: "failed"}, rests={}, now=LATER)
        assert batches.get_ticket(s, ticket.id).state is TicketState.FAILED
        assert batches.get_batch(s, ticket.batch_id).state is BatchState.FAILED


@pytest.mark.parametrize("outcome", ["done", "failed"])
def test_pieces_of_a_cancelled_order_end_cancelled_and_are_not_made_again(store: Store, outcome: str) -> None:
    with store.write() as s:
        key = add(s)
        (job,) = first_steps(s, key)
        ticket = release_jobs(s, [job.id])
        run_through(s, ticket.id)
        orders.cancel_order(s, key, NOW)
        finished = batches.finish_ticket(s, ticket.id, {job.item_id: outcome}, rests={}, now=LATER)
        assert finished.remakes == []
        assert [item.state for item in orders.items_of(s, key)] == [ItemState.CANCELLED]
        assert batches.live_jobs(s) == []


def test_a_ticket_ends_with_an_outcome_for_each_of_its_pieces(store: Store) -> None:
    with store.write() as s:
        first, second = first_steps(s, add(s, pieces=2))
        ticket = release_jobs(s, [first.id, second.id])
        run_through(s, ticket.id)
        for outcomes in ({first.item_id: "done"}, {first.item_id: "done", second.item_id: "lost"}):
            with pytest.raises(InvariantError):
                batches.finish_ticket(s, ticket.id, outcomes, rests={}, now=LATER)
        with pytest.raises(InvariantError):
            batches.move_ticket(s, ticket.id, TicketState.DONE, LATER)


def test_a_ticket_that_was_never_sent_cannot_be_done(store: Store) -> None:
    with store.write() as s:
        (job,) = first_steps(s, add(s))
        ticket = release_jobs(s, [job.id])
        with pytest.raises(TransitionError):
            batches.finish_ticket(s, ticket.id, {job.item_id: "done"}, rests={}, now=LATER)


def test_batches_are_listed_newest_first_and_by_state(store: Store) -> None:
    with store.write() as s:
        jobs = first_steps(s, add(s, pieces=2))
        old = release_jobs(s, [jobs[0].id], now=NOW)
        new = release_jobs(s, [jobs[1].id], now=LATER)
        run_through(s, old.id)
        assert [batch.id for batch in batches.batches(s)] == [new.batch_id, old.batch_id]
        assert [batch.id for batch in batches.batches(s, states={BatchState.RUNNING})] == [old.batch_id]
        assert batches.batches(s, station="elsewhere") == []


def test_every_step_of_a_ticket_is_an_event(store: Store) -> None:
    with store.write() as s:
        (job,) = first_steps(s, add(s))
        ticket = release_jobs(s, [job.id])
        run_through(s, ticket.id)
        batches.finish_ticket(s, ticket.id, {job.item_id: "done"}, rests={}, now=LATER)
        told = [event.after for event in events.events_of(s, ident=ticket.id)]
        of_batch = [event.after for event in events.events_of(s, ident=ticket.batch_id)]
    assert told == ["released", "sending", "delivered", "accepted", "running", "done"]
    assert of_batch == ["released", "running", "done"]


def test_only_the_newest_plans_are_kept(store: Store) -> None:
    plans = [
        StoredPlan(
            f"plan-{n}",
            NOW + timedelta(minutes=n),
            "rules-1",
            "optimal",
            12.5,
            12.0,
            13.0,
            0.5,
            7,
            Packed.of({"n": n}),
            "p",
        )
        for n in range(5)
    ]
    with store.write() as s:
        assert batches.latest_plan(s) is None
        for plan in plans:
            batches.save_plan(s, plan, keep=3)
        assert batches.latest_plan(s) == plans[4]
        assert plans[4].document.unpacked() == {"n": 4}
        assert [batches.get_plan(s, plan.id) for plan in plans] == [None, None, *plans[2:]]


def _release_wrongly(s: Session, case: str, key: str, good: Job, other: Job) -> None:
    match case:
        case "released":
            release_jobs(s, [other.id])
            release_jobs(s, [good.id, other.id], "uv-2")
        case "step_before":
            release_jobs(s, [good.id, f"{other.item_id}-2"])
        case "held":
            orders.hold_order(s, key, "by_hand", "wait", NOW)
            release_jobs(s, [good.id])
        case "cancelled":
            orders.cancel_order(s, key, NOW)
            release_jobs(s, [good.id])
        case "twice":
            release_jobs(s, [good.id, good.id])
