"""A database from a backup: recognised by the stations' folders, kept from sending, and reconciled with them."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from batcher.domain.batches import Ticket
from batcher.domain.states import TicketState
from batcher.errors import DispatchError, SafeModeError, TransitionError
from batcher.services.context import Floor, SafeModeBox
from batcher.services.dispatching import StationDoors
from batcher.services.doubt import resolve_ticket
from batcher.services.reconciling import differences, reconcile
from batcher.services.releasing import release_due
from batcher.services.safe_mode import look_for_restore
from batcher.store import migrate, orders, restored
from batcher.store.session import Store
from tests.builders_floor import order_document, order_state, plan_at_once, report, send, state_of, take

FULL_TIN_JIG = 15


def sent_batch(floor: Floor, number: int = FULL_TIN_JIG) -> tuple[Ticket, list[str]]:
    """Take a full batch in, and send it."""
    keys = take(floor, *(order_document() for _ in range(number)))
    plan_at_once(floor)
    (ticket,) = release_due(floor)
    send(floor)
    return ticket, keys


@contextmanager
def restored_from(floor: Floor, copy: Path) -> Iterator[Floor]:
    """Put a copy of the database in place of it, as one does who restores a backup, and start on it."""
    url = floor.settings.store_url
    floor.store.close()
    for path in floor.settings.state_dir.glob("batcher.db*"):
        path.unlink()
    copy.rename(floor.settings.state_dir / "batcher.db")
    store = Store.open(url, exclusive=True)
    try:
        again = replace(floor, store=store, safe=SafeModeBox())
        StationDoors(again).open()
        look_for_restore(again)
        yield again
    finally:
        store.close()


def backed_up(floor: Floor, *, marked: bool = False) -> Path:
    """Copy the database; unmarked, as a copy that somebody made by other means."""
    path = floor.settings.state_dir / "copy"
    migrate.backup(floor.settings.store_url, path)
    if not marked:
        with sqlite3.connect(path) as connection:
            connection.execute("DELETE FROM safe_mode")
        connection.close()
    return path


def hot(floor: Floor, ticket: Ticket) -> Path:
    return floor.settings.state_dir / "stations" / ticket.station / "in" / f"{ticket.id}.json"


def report_file(floor: Floor, ticket: Ticket, kind: str = "done") -> Path:
    """Have the station report through its folder, and the report read."""
    out = floor.settings.state_dir / "stations" / ticket.station / "out"
    text = (
        f'{{"format": "batcher-report/1", "report_id": "{ticket.id}-{kind}", "station": "{ticket.station}",'
        f' "ticket_id": "{ticket.id}", "kind": "{kind}", "at": "{floor.now().isoformat()}"}}'
    )
    path = out / f"{ticket.id}-{kind}.json"
    path.write_text(text)
    return path


def test_a_restored_database_is_recognised_and_nothing_is_sent_released_or_read(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(2 * FULL_TIN_JIG)))
    copy = backed_up(floor)
    plan_at_once(floor)
    *_, ticket = release_due(floor)
    send(floor)
    with restored_from(floor, copy) as again:
        assert again.safe.mode is not None
        assert ticket.id in again.safe.mode.reason
        assert again.metrics.registry.get_sample_value("batcher_safe_mode") == 1
        plan_at_once(again)
        assert release_due(again) == []
        doors = StationDoors(again)
        assert doors.send() == []
        told = report_file(again, ticket)
        assert doors.read() == 0
        assert told.exists()
        with pytest.raises(SafeModeError):
            report(again, ticket, "done")


def test_a_copy_made_by_us_begins_in_safe_mode_even_where_nothing_was_sent_since(floor: Floor) -> None:
    with restored_from(floor, backed_up(floor, marked=True)) as again:
        assert again.safe.mode is not None
        assert differences(again).tickets == ()
        reconcile(again, reason="restored", who="t")
        assert again.safe.mode is None


def test_a_database_that_was_lost_altogether_is_recognised_by_the_epoch(floor: Floor, tmp_path: Path) -> None:
    sent_batch(floor)
    empty = tmp_path / "new.db"
    migrate.upgrade(f"sqlite:///{empty}")
    with restored_from(floor, empty) as again:
        assert again.safe.mode is not None
        assert "epoch 1" in again.safe.mode.reason


def test_an_ordinary_restart_is_not_taken_for_a_restore(floor: Floor) -> None:
    sent_batch(floor)
    floor.store.close()
    store = Store.open(floor.settings.store_url, exclusive=True)
    again = replace(floor, store=store)
    look_for_restore(again)
    store.close()
    assert again.safe.mode is None


def test_what_was_sent_since_the_backup_is_in_doubt_and_not_made_again(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    copy = backed_up(floor)
    plan_at_once(floor)
    (ticket,) = release_due(floor)
    send(floor)
    hot(floor, ticket).unlink()  # the station has it
    with restored_from(floor, copy) as again:
        found = reconcile(again, reason="restored", who="t")
        assert [(one.ticket_id, one.verdict) for one in found.tickets] == [(ticket.id, "in_doubt")]
        assert state_of(again, ticket) is TicketState.IN_DOUBT
        plan_at_once(again)
        assert release_due(again) == []
        send(again)
        assert not hot(again, ticket).exists()
        report(again, ticket, "done")
        assert state_of(again, ticket) is TicketState.DONE
        assert migrate.check(again.settings.store_url) == []


def test_a_report_that_was_read_after_the_backup_counts_again(floor: Floor) -> None:
    keys = take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    copy = backed_up(floor)
    plan_at_once(floor)
    (ticket,) = release_due(floor)
    send(floor)
    report_file(floor, ticket)
    doors = StationDoors(floor)
    doors.open()
    assert doors.read() == 1
    with restored_from(floor, copy) as again:
        assert reconcile(again, reason="restored", who="t").reports == 1
        assert state_of(again, ticket) is TicketState.DONE
        assert {order_state(again, key) for key in keys} == {"in_production"}


def test_a_ticket_that_was_released_at_the_backup_and_sent_after_it_is_not_sent_again(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    plan_at_once(floor)
    (ticket,) = release_due(floor)
    copy = backed_up(floor)
    send(floor)
    hot(floor, ticket).unlink()
    with restored_from(floor, copy) as again:
        reconcile(again, reason="restored", who="t")
        send(again)
        assert not hot(again, ticket).exists()
        resolve_ticket(again, ticket.id, made=False, reason="looked", who="t")
        assert state_of(again, ticket) is TicketState.CANCELLED


def test_a_ticket_that_never_left_its_stage_is_thrown_away_and_made_once(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    copy = backed_up(floor)
    plan_at_once(floor)
    (ticket,) = release_due(floor)

    def broken(*_: object) -> None:
        raise DispatchError("the folder is full", reason="disk_full")

    with monkeypatch.context() as patch:
        patch.setattr("batcher.dispatch.hotfolder.HotFolder.publish", broken)
        send(floor)
    with restored_from(floor, copy) as again:
        found = reconcile(again, reason="restored", who="t")
        assert [one.verdict for one in found.tickets] == ["withdrawn"]
        plan_at_once(again)
        (fresh,) = release_due(again)
        send(again)
        assert [path.stem for path in hot(again, ticket).parent.glob("*.json")] == [fresh.id]


def test_an_order_taken_in_after_the_backup_is_held_when_it_comes_again(floor: Floor) -> None:
    copy = backed_up(floor)
    documents = [order_document() for _ in range(FULL_TIN_JIG)]
    take(floor, *documents)
    plan_at_once(floor)
    (ticket,) = release_due(floor)
    send(floor)
    with restored_from(floor, copy) as again:
        found = reconcile(again, reason="restored", who="t")
        assert [one.verdict for one in found.tickets] == ["unaccounted"]
        assert f"shop/{documents[0]['order_id']}" in found.unknown
        (key,) = take(again, documents[0])
        with again.store.read() as session:
            order = orders.get_order(session, key)
        assert (order.state, order.held_code) == ("held", "sent_before_restore")
        assert ticket.id in (order.held_reason or "")
        (other,) = take(again, order_document())
        assert order_state(again, other) == "waiting"


def test_once_reconciled_a_restart_is_an_ordinary_one_and_no_epoch_comes_twice(floor: Floor) -> None:
    copy = backed_up(floor)
    take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    plan_at_once(floor)
    release_due(floor)
    send(floor)
    before = floor.store.epoch
    with restored_from(floor, copy) as again:
        reconcile(again, reason="restored", who="t")
        assert again.store.epoch > before
        send(again)
        with pytest.raises(TransitionError):
            reconcile(again, reason="twice", who="t")
    store = Store.open(floor.settings.store_url, exclusive=True)
    look_for_restore(third := replace(floor, store=store, safe=SafeModeBox()))
    with store.read() as session:
        assert restored.safe_mode(session) is None
    store.close()
    assert third.safe.mode is None
