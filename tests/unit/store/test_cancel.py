"""What cancelling an order comes to, by the state of the ticket that its piece is on."""

from datetime import timedelta

import pytest

from batcher.domain.states import BatchState, ItemState, JobState, OrderState, TicketState
from batcher.store import batches, events, orders
from batcher.store.session import Store
from tests.builders_store import NOW, add, deliver, first_steps, release_jobs, run_through

LATER = NOW + timedelta(minutes=12)
SENT = ("sending", "delivered", "accepted", "running", "in_doubt")


def test_an_unsent_ticket_of_a_cancelled_order_is_taken_back_and_what_else_was_on_it_waits_again(store: Store) -> None:
    with store.write() as s:
        unwanted, wanted = add(s, "A-1"), add(s, "A-2")
        (mine,), (other,) = first_steps(s, unwanted), first_steps(s, wanted)
        ticket = release_jobs(s, [mine.id, other.id])
        done = orders.cancel_order(s, unwanted, LATER)
        assert [taken.id for taken in done.taken_back] == [ticket.id]
        assert done.recall == ()
        assert batches.get_ticket(s, ticket.id).state is TicketState.CANCELLED
        assert batches.get_batch(s, ticket.batch_id).state is BatchState.CANCELLED
        assert {job.state for job in orders.jobs_of(s, unwanted)} == {JobState.CANCELLED}
        assert {item.state for item in orders.items_of(s, unwanted)} == {ItemState.CANCELLED}
        assert other.id in {entry.job.id for entry in orders.open_work(s)}
        again = release_jobs(s, [other.id], "uv-2")
        assert batches.ticket_of_job(s, other.id) == again


def test_unsent_tickets_of_other_orders_stay(store: Store) -> None:
    with store.write() as s:
        unwanted, wanted = add(s, "A-1"), add(s, "A-2")
        (other,) = first_steps(s, wanted)
        ticket = release_jobs(s, [other.id])
        assert orders.cancel_order(s, unwanted, LATER).taken_back == ()
        assert batches.get_ticket(s, ticket.id).state is TicketState.RELEASED


@pytest.mark.parametrize("state", SENT)
def test_a_sent_piece_of_a_cancelled_order_is_named_for_recall_until_its_ticket_ends(store: Store, state: str) -> None:
    with store.write() as s:
        key = add(s, pieces=2, processes=("uv-print",))
        sent, unsent = first_steps(s, key)
        ticket, other = release_jobs(s, [sent.id]), release_jobs(s, [unsent.id])
        batches.move_ticket(s, ticket.id, TicketState.SENDING, NOW)
        if state != "sending":
            batches.move_ticket(s, ticket.id, TicketState(state), NOW)
        done = orders.cancel_order(s, key, LATER)
        assert done.recall == (sent.item_id,)
        assert [taken.id for taken in done.taken_back] == [other.id]
        (recall,) = orders.recalls(s)
        assert (recall.ticket_id, recall.item_id, recall.order_id) == (ticket.id, sent.item_id, "A-1")
        finished = batches.finish_ticket(s, ticket.id, {sent.item_id: "done"}, rests={}, now=LATER)
        assert finished.set_aside == [sent.item_id]
        assert orders.recalls(s) == []
        (told,) = [event for event in events.events_of(s, ident=sent.item_id) if event.after == "cancelled"]
        assert told.data == {"set_aside": True}


def test_a_piece_that_was_made_but_not_packed_is_marked_to_be_set_aside(store: Store) -> None:
    with store.write() as s:
        key = add(s, pieces=2, processes=("uv-print",))
        made, waiting = first_steps(s, key)
        ticket = release_jobs(s, [made.id])
        run_through(s, ticket.id)
        batches.finish_ticket(s, ticket.id, {made.item_id: "done"}, rests={}, now=NOW)
        orders.cancel_order(s, key, LATER)
        told = {
            ident: [event.data for event in events.events_of(s, ident=ident) if event.after == "cancelled"]
            for ident in (made.item_id, waiting.item_id)
        }
        assert told == {made.item_id: [{"set_aside": True}], waiting.item_id: [{}]}
        assert orders.pack_items(s, LATER + timedelta(days=1), 900) == []
        assert orders.get_order(s, key).state is OrderState.CANCELLED


def test_a_begun_piece_on_an_unsent_ticket_is_marked_to_be_set_aside(store: Store) -> None:
    with store.write() as s:
        key = add(s)
        (first,) = first_steps(s, key)
        ticket = release_jobs(s, [first.id])
        deliver(s, ticket.id)
        batches.finish_ticket(s, ticket.id, {first.item_id: "done"}, rests={}, now=NOW)
        release_jobs(s, [f"{first.item_id}-2"])
        orders.cancel_order(s, key, LATER)
        (told,) = [event for event in events.events_of(s, ident=first.item_id) if event.after == "cancelled"]
        assert told.data == {"set_aside": True}
        assert orders.recalls(s) == []


def test_a_station_taken_down_later_has_nothing_left_to_take_back(store: Store) -> None:
    with store.write() as s:
        key = add(s)
        release_jobs(s, [first_steps(s, key)[0].id])
        orders.cancel_order(s, key, LATER)
        assert batches.recall_unsent(s, "uv-1", LATER, "down") == []
