"""What may leave for the archive, and what is known of it afterwards: the same on SQLite and PostgreSQL."""

import json
from datetime import timedelta

from sqlalchemy import delete, insert, select

from batcher.domain.states import TicketState
from batcher.store import archive, batches, erasure, events, finished, orders, tables
from batcher.store.archive import Stretch
from batcher.store.finished import Kind
from batcher.store.session import Session, Store
from tests.builders_store import NOW, add, first_steps, order_in, release_jobs, run_through

OLD = NOW - timedelta(days=200)
BEFORE = NOW - timedelta(days=90)
STRETCH = Stretch("2026-11-23-000001.jsonl.gz", 0, 100)


def _make(s: Session, order_id: str, *, tickets: int = 1) -> str:
    """Have an order made, packed and forgotten long ago; return its key."""
    key = add(s, order_id, pieces=tickets, processes=("sublimation-print",), now=OLD)
    for job in first_steps(s, key):
        ticket = release_jobs(s, [job.id], now=OLD)
        run_through(s, ticket.id, OLD)
        batches.finish_ticket(s, ticket.id, dict.fromkeys([job.item_id], "done"), rests={}, now=OLD)
    orders.pack_items(s, OLD, 0)
    s.execute(tables.orders.update().where(tables.orders.c.key == key).values(leave_by_at=OLD))
    erasure.erase_orders(s, [key], OLD, "test")
    return key


def _news_made(s: Session) -> None:
    """Have it that news has been made of everything, and that something has happened since."""
    events.record(s, kind="station", ident="uv-1", after="up", now=NOW)
    last = s.execute(select(tables.events.c.seq).order_by(tables.events.c.seq.desc())).scalars().first()
    marks = tables.watermarks
    s.execute(delete(marks).where(marks.c.name == "news"))
    s.execute(insert(marks).values(name="news", seq=last))


def test_a_finished_order_leaves_with_all_its_rows_and_is_still_known(store: Store) -> None:
    with store.write() as s:
        key = _make(s, "A-1", tickets=2)
        _news_made(s)
    with store.read() as s:
        assert finished.finished_orders(s, BEFORE, 10) == [key]
        (record,) = finished.order_records(s, [key])
    assert {name: len(rows) for name, rows in record.rows.items() if name != "events"} == {
        "orders": 1, "items": 2, "jobs": 2, "ticket_items": 2,
    }  # fmt: skip
    assert "Zoë" not in json.dumps(record.rows, ensure_ascii=False)
    with store.write() as s:
        archive.move_out(s, [record], STRETCH, NOW)
    with store.read() as s:
        assert orders.find_orders(s, "A-1") == []
        assert [(one.key, one.state, one.place) for one in archive.archived_orders(s, "A-1")] == [(key, "complete", 0)]
        assert orders.seen_orders(s, [order_in("A-1"), order_in("A-2")]) == {("shop", "A-1"): (key, "h")}
        assert archive.file_sizes(s) == {STRETCH.file: 100}


def test_tickets_leave_once_their_pieces_have_and_the_last_of_a_station_stays(store: Store) -> None:
    with store.write() as s:
        _make(s, "A-1", tickets=3)
        _news_made(s)
        assert finished.finished_tickets(s, BEFORE, 10) == []
        archive.move_out(s, finished.order_records(s, finished.finished_orders(s, BEFORE, 10)), STRETCH, NOW)
    with store.write() as s:
        leaving = finished.finished_tickets(s, BEFORE, 10)
        records = finished.ticket_records(s, leaving)
        archive.move_out(s, records, Stretch(STRETCH.file, 100, 150), NOW)
    assert len(leaving) == 2
    assert {name for record in records for name in record.rows} == {"tickets", "batches", "outbox", "events"}
    with store.read() as s:
        assert [ticket.sequence for ticket in batches.tickets(s)] == [3]
        assert all(archive.is_archived_ticket(s, ident) for ident in leaving)
        assert archive.file_sizes(s) == {STRETCH.file: 150}


def test_an_order_with_a_ticket_in_doubt_stays(store: Store) -> None:
    with store.write() as s:
        key = add(s, "A-1", processes=("sublimation-print",), now=OLD)
        ticket = release_jobs(s, [job.id for job in first_steps(s, key)], now=OLD)
        batches.move_ticket(s, ticket.id, TicketState.SENDING, OLD)
        batches.move_ticket(s, ticket.id, TicketState.IN_DOUBT, OLD)
        orders.cancel_order(s, key, OLD)
        s.execute(tables.orders.update().values(leave_by_at=OLD, erased_at=OLD))
        _news_made(s)
        assert finished.finished_orders(s, BEFORE, 10) == []
        assert finished.count_kept_back(s, BEFORE) == 1


def test_an_order_that_something_happened_to_since_stays(store: Store) -> None:
    with store.write() as s:
        key = _make(s, "A-1")
        events.record(s, kind="answer", ident=key, order_key=key, after="answered", now=NOW)
        _news_made(s)
        assert finished.finished_orders(s, BEFORE, 10) == []


def test_events_of_no_order_leave_once_and_numbers_are_never_given_twice(store: Store) -> None:
    with store.write() as s:
        for _ in range(3):
            events.record(s, kind="station", ident="uv-1", after="down", now=OLD)
        _news_made(s)
        found, until = finished.loose_events(s, 0, BEFORE, 100)
        archive.move_out(s, found, STRETCH, NOW)
        archive.note_looked(s, Kind.EVENT, until)
        assert (len(found), archive.looked_until(s, Kind.EVENT)) == (3, until)
        assert finished.loose_events(s, until, BEFORE, 100) == ([], until)
        events.record(s, kind="station", ident="uv-1", after="down", now=NOW)
        assert [event.seq for event in events.events_of(s, ident="uv-1")] == [until + 1, until + 2]
