"""Deliberate faults, planted one by one in the real functions: each is caught by the test that is named for it."""

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy import text

from batcher.dispatch import outbox
from batcher.dispatch.disk import Disk
from batcher.dispatch.hotfolder import HotFolder
from batcher.domain.batches import Ticket
from batcher.domain.states import TicketState
from batcher.errors import BatcherError, LeadershipLostError
from batcher.services import dispatching, doubt
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.releasing import release_due
from batcher.store import batches, cancel, leadership, orders, reports, steps
from batcher.store.session import Session
from tests.builders_api import opened_floor
from tests.builders_floor import order_document, send, take
from tests.crash.checker import judge
from tests.crash.floor import World
from tests.unit.dispatch import test_failed_sync, test_hotfolder, test_power_cut
from tests.unit.lives.bench import LIVES
from tests.unit.lives.test_order_life import OrderLife
from tests.unit.lives.test_report_life import ReportLife
from tests.unit.lives.test_ticket_life import TicketLife
from tests.unit.services import test_doubt, test_production, test_recalling, test_reports
from tests.unit.store import test_batches

Patch = pytest.MonkeyPatch
FULL_TIN_JIG = 15
#: How a test tells that something is wrong.
CAUGHT = (AssertionError, BatcherError, FileNotFoundError, ValueError, pytest.fail.Exception)


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    with opened_floor(tmp_path) as opened:
        yield opened


@pytest.fixture
def ticket(floor: Floor) -> Ticket:
    """Return a ticket that lies in its station's folder."""
    take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    plan_cycle(floor)
    (released,) = release_due(floor)
    send(floor)
    return released


def _write_without_sync(disk: Disk, path: Path, content: bytes) -> None:
    fd = disk.open_new(path)
    disk.write(fd, content)


def _sync_until_it_says_yes(disk: Disk, path: Path, content: bytes) -> None:
    fd = disk.open_new(path)
    disk.write(fd, content)
    try:
        disk.sync(fd)
    except OSError:
        disk.sync(fd)


def _stage_in_sight(hot: HotFolder, ticket_id: str, content: bytes) -> None:
    (hot.hot / f"{ticket_id}.json").write_bytes(content)


def _nothing(*_: object, **__: object) -> None:
    """Do nothing."""


def _none_known(*_: object) -> dict[str, object]:
    return {}


def _standing_anyhow(session: Session, tickets: list[Ticket], _: TicketState) -> list[batches.TicketHead]:
    return list(batches.ticket_heads(session, [ticket.id for ticket in tickets]).values())


def _no_list(*_: object, **__: object) -> list[str]:
    return []


def _power_is_cut(root: Path) -> None:
    for cut_at in range(1, 9):
        home = root / str(cut_at)
        home.mkdir()
        eaten, _, _ = test_power_cut.cut_and_recover(home, cut_at, eats=False)
        assert eaten == [test_power_cut.CONTENT]


def _staged_while_cancelled(floor: Floor) -> None:
    with pytest.MonkeyPatch.context() as patch:
        test_recalling.test_a_ticket_staged_while_its_order_is_cancelled_never_reaches_its_station(floor, patch)


IN_FOLDERS: dict[str, tuple[Callable[[Patch], None], Callable[[Path], None]]] = {
    "skip the sync of a staged file": (
        lambda patch: patch.setattr(Disk, "write_new", _write_without_sync),
        _power_is_cut,
    ),
    "sync a file again whose sync has failed": (
        lambda patch: patch.setattr(Disk, "write_new", _sync_until_it_says_yes),
        test_failed_sync.test_a_file_whose_sync_failed_is_written_anew_and_never_synced_again,
    ),
    "rename over a name that is taken": (
        lambda patch: patch.setattr(Disk, "move", lambda _, source, target: source.replace(target)),
        test_hotfolder.test_a_name_that_is_taken_is_never_overwritten,
    ),
    "rename first": (
        lambda patch: patch.setattr(HotFolder, "stage", _stage_in_sight),
        test_hotfolder.test_a_staged_ticket_is_invisible_until_it_is_published,
    ),
}

ON_FLOORS: dict[str, tuple[Callable[[Patch], None], Callable[[Floor], None]]] = {
    "mark first": (
        lambda patch: patch.setattr(HotFolder, "publish", _nothing),
        test_production.test_a_full_batch_is_released_sent_made_packed_and_its_orders_complete,
    ),
    "cancel without taking back": (
        lambda patch: patch.setattr(cancel, "take_back", _nothing),
        test_recalling.test_a_batch_that_was_not_sent_is_taken_back_and_planned_anew_without_the_cancelled_order,
    ),
    "cancel without a recall": (
        lambda patch: patch.setattr(orders, "recalls", _no_list),
        test_recalling.test_a_station_is_asked_not_to_make_what_was_cancelled_after_it_was_sent,
    ),
    "send what was taken back": (
        lambda patch: patch.setattr(outbox, "_standing", _standing_anyhow),
        _staged_while_cancelled,
    ),
    "let any state follow any": (
        lambda patch: patch.setattr(steps, "check_step", _nothing),
        lambda floor: test_batches.test_a_report_may_overtake_our_own_book_keeping_but_nothing_goes_back(floor.store),
    ),
}

WITH_A_TICKET: dict[str, tuple[Callable[[Patch], None], Callable[[Floor, Ticket], None]]] = {
    "guess instead of doubting": (
        lambda patch: patch.setattr(dispatching, "doubt_folder", _no_list),
        test_doubt.test_a_station_that_lost_its_folder_puts_what_lay_in_it_in_doubt_and_raises_the_alarm,
    ),
    "leave the token of what is planned anew": (
        lambda patch: patch.setattr(doubt, "_discard", _nothing),
        test_doubt.test_what_is_not_made_can_be_published_by_nobody_any_more,
    ),
    "apply a report as often as it comes": (
        lambda patch: patch.setattr(reports, "find_reports", _none_known),
        test_reports.test_a_repeat_is_counted_and_an_id_used_anew_is_no_repeat,
    ),
}


IN_LIVES: dict[str, tuple[Callable[[Patch], None], type[RuleBasedStateMachine]]] = {
    "let any state follow any": (lambda patch: patch.setattr(steps, "check_step", _nothing), TicketLife),
    "cancel without taking back": (lambda patch: patch.setattr(cancel, "take_back", _nothing), OrderLife),
    "apply a report as often as it comes": (
        lambda patch: patch.setattr(reports, "find_reports", _none_known),
        ReportLife,
    ),
}


@pytest.mark.parametrize("bug", IN_FOLDERS)
def test_a_bug_in_the_hand_over_is_caught(tmp_path: Path, monkeypatch: Patch, bug: str) -> None:
    plant, catch = IN_FOLDERS[bug]
    plant(monkeypatch)
    with pytest.raises(CAUGHT):
        catch(tmp_path)


@pytest.mark.parametrize("bug", ON_FLOORS)
def test_a_bug_on_the_floor_is_caught(floor: Floor, monkeypatch: Patch, bug: str) -> None:
    plant, catch = ON_FLOORS[bug]
    plant(monkeypatch)
    with pytest.raises(CAUGHT):
        catch(floor)


@pytest.mark.parametrize("bug", WITH_A_TICKET)
def test_a_bug_in_what_follows_a_ticket_is_caught(floor: Floor, ticket: Ticket, monkeypatch: Patch, bug: str) -> None:
    plant, catch = WITH_A_TICKET[bug]
    plant(monkeypatch)
    with pytest.raises(CAUGHT):
        catch(floor, ticket)


@pytest.mark.parametrize("bug", IN_LIVES)
def test_a_bug_is_caught_by_the_lives_too(monkeypatch: Patch, bug: str) -> None:
    plant, life = IN_LIVES[bug]
    plant(monkeypatch)
    with pytest.raises(CAUGHT):
        run_state_machine_as_test(life, settings=settings(LIVES, phases=(Phase.generate,), report_multiple_bugs=False))


def test_a_dropped_unique_index_is_caught(floor: Floor) -> None:
    with floor.store.write() as session:
        session.execute(text("DROP INDEX ux_ticket_items_live_item"))
    with pytest.raises(CAUGHT):
        test_batches.test_the_database_itself_refuses_a_second_live_ticket(floor.store, "item_id")


@pytest.mark.parametrize("planted", [False, True])
def test_an_ignored_epoch_is_caught(floor: Floor, monkeypatch: Patch, planted: bool) -> None:
    with floor.store.write() as session:
        session.execute(text("UPDATE leadership SET epoch = epoch + 1"))
    if planted:
        monkeypatch.setattr(leadership, "check", _nothing)
    refused = True
    with suppress(LeadershipLostError), floor.store.write():
        refused = False
    assert refused is not planted


def test_the_crash_checker_catches_tickets_that_are_published_twice(tmp_path: Path, monkeypatch: Patch) -> None:
    publish = HotFolder.publish

    def twice(hot: HotFolder, ticket_id: str, _staged_in: int | None) -> None:
        content = (hot.stage_folder / f"{ticket_id}.{hot.epoch}.tmp").read_bytes()
        publish(hot, ticket_id)
        (hot.hot / f"{ticket_id}-again.json").write_bytes(content)

    monkeypatch.setattr(HotFolder, "publish", twice)
    world = World(tmp_path / "floor", random.Random(1), None)
    assert world.one_life() == "ended"
    assert judge(world.history, tmp_path / "floor" / "batcher.db").duplicated
