"""What is finished leaves the database for the archive: whole, once, whatever is killed when, and nothing else does."""

import gzip
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batcher.dispatch.disk import Disk
from batcher.domain.batches import Ticket
from batcher.errors import ArchivedError, ArchiveError
from batcher.services import actions
from batcher.services.archiving import archive_faults, archive_finished, find_archived, read_archived
from batcher.services.context import Floor
from batcher.services.erasure import forget_old
from batcher.services.intake import take_orders
from batcher.services.safe_mode import look_for_restore
from batcher.store import archive, batches, hooks, migrate, news, orders
from batcher.store.hooks import Hook
from tests.builders_api import NOW, send_ticket
from tests.builders_floor import later, order_document, report, run_through, take

CANARY = "Canary-Text"


class _DiedError(Exception):
    """The process is gone."""


class _DyingDisk(Disk):
    """A disk whose process is gone before its n-th step, or in the middle of it."""

    def __init__(self, step: int) -> None:
        self._left = step

    def _step(self) -> bool:
        self._left -= 1
        return self._left == 0

    def write(self, fd: int, content: bytes) -> None:
        if self._step():
            super().write(fd, content[: len(content) // 2])
            raise _DiedError
        super().write(fd, content)

    def sync(self, fd: int) -> None:
        if self._step():
            raise _DiedError
        super().sync(fd)

    def sync_folder(self, path: Path) -> None:
        if self._step():
            raise _DiedError
        super().sync_folder(path)

    def shorten(self, path: Path, size: int) -> None:
        if self._step():
            raise _DiedError
        super().shorten(path, size)


def _made(floor: Floor, count: int = 3) -> list[str]:
    """Take orders in and have each made on a ticket of its own; return their keys."""
    keys = []
    for number in range(count):
        keys += take(floor, order_document(order_id=f"M-{number}", lines=_lines()))
        send_ticket(floor, "uv-1", "uv-print", ticket_id=f"T{number}")
        run_through(floor, _ticket(floor, f"T{number}"))
    return keys


def _ticket(floor: Floor, ticket_id: str) -> Ticket:
    with floor.store.read() as session:
        return batches.get_ticket(session, ticket_id)


def _lines() -> list[dict[str, object]]:
    return [{"sku": "TIN-CAK-NATURAL-01", "quantity": 1, "text": CANARY}]


def _packed(floor: Floor) -> Floor:
    """Return the floor once all that is made is packed, its news made, and its texts forgotten."""
    after = later(floor, days=2)
    with after.store.write() as session:
        orders.pack_items(session, after.now(), 0)
    old = later(floor, days=40)
    forget_old(old)
    # the last event of all stays: here it is a station's, and no order's
    actions.set_station(old, "uv-2", up=False, reason="lamp", who="mia")
    _make_news(old)
    return later(floor, days=140)


def _make_news(floor: Floor) -> None:
    with floor.store.write() as session:
        fresh = news.fresh_news(session, limit=10_000)
        news.keep_news(session, fresh)
        hooks.queue(session, fresh.items, floor.now())


def _records(floor: Floor) -> list[dict[str, Any]]:
    """Return what stands in the archive as a person would read it: every line of every file."""
    files = sorted(floor.settings.archive_folder.glob("*.jsonl.gz"))
    return [json.loads(line) for path in files for line in gzip.decompress(path.read_bytes()).splitlines()]


def _archived(floor: Floor, kind: str) -> Counter[str]:
    return Counter(record["id"] for record in _records(floor) if record["kind"] == kind)


def _live(floor: Floor) -> set[str]:
    with floor.store.read() as session:
        return {order.key for order in orders.list_orders(session)}


def test_what_has_been_finished_for_long_is_in_the_archive_whole_and_in_the_database_no_more(floor: Floor) -> None:
    keys = _made(floor)
    with floor.store.read() as session:
        jobs = {job.id for key in keys for job in orders.jobs_of(session, key)}
    old = _packed(floor)

    done = archive_finished(old)

    assert done.counts["order"] == 3
    assert _live(old) == set()
    record = read_archived(old, find_archived(old, "M-1"))
    assert record["orders"][0]["state"] == "complete"
    assert {row["state"] for row in record["items"]} == {"packed"}
    assert {row["after"] for row in record["events"]} >= {"waiting", "in_production", "packed", "complete", "erased"}
    assert {row["id"] for one in _records(old) if one["kind"] == "order" for row in one["jobs"]} == jobs
    assert archive_faults(old) == []
    assert migrate.check(old.settings.store_url) == []


def test_no_text_is_ever_in_the_archive_and_a_forgotten_order_is_told_to_be_so(floor: Floor) -> None:
    _made(floor)
    old = _packed(floor)
    archive_finished(old)
    assert CANARY not in json.dumps(_records(old))
    with pytest.raises(ArchivedError, match="its texts forgotten"):
        actions.find_order(old, "M-1")


def test_an_order_whose_texts_are_not_forgotten_stays(floor: Floor) -> None:
    keys = _made(floor)
    after = later(floor, days=2)
    with after.store.write() as session:
        orders.pack_items(session, after.now(), 0)
    _make_news(after)
    assert archive_finished(later(floor, days=140)).counts["order"] == 0
    assert _live(floor) == set(keys)


def test_sent_again_an_order_in_the_archive_is_known_and_other_content_is_a_conflict(floor: Floor) -> None:
    keys = _made(floor)
    old = _packed(floor)
    archive_finished(old)
    same, other = order_document(order_id="M-0", lines=_lines()), order_document(order_id="M-0")
    assert [(taken.key, taken.outcome) for taken in take_orders(old, [same, other], "shop")] == [
        (keys[0], "replayed"),
        (None, "conflict"),
    ]
    assert _live(old) == set()


def _open(floor: Floor) -> None:
    take(floor, order_document(order_id="K-1"))


def _in_hand(floor: Floor) -> None:
    (key,) = take(floor, order_document(order_id="K-1"))
    send_ticket(floor, "uv-1", "uv-print", ticket_id="K")
    actions.cancel_order(floor, key, "", "mia")


@pytest.mark.parametrize("given", [_open, _in_hand])
def test_nothing_that_is_open_or_in_a_stations_hands_leaves(floor: Floor, given: Callable[[Floor], None]) -> None:
    given(floor)
    assert archive_finished(_packed(floor)).counts["order"] == 0
    assert len(_live(floor)) == 1


@pytest.mark.parametrize("state", ["waiting", "dead"])
def test_an_order_with_news_that_a_hook_has_not_got_stays_until_it_has(floor: Floor, state: str) -> None:
    with floor.store.write() as session:
        hooks.add_hook(
            session, Hook("h1", "shop", "https://shop.example", "s", None, (), None, active=True, created_at=NOW)
        )
    _made(floor)
    old = _packed(floor)
    with old.store.write() as session:
        for delivery, _ in hooks.deliveries(session, "h1", limit=1000):
            hooks.note(session, replace(delivery, state=state))
    kept = archive_finished(old)
    with old.store.write() as session:
        for delivery, _ in hooks.deliveries(session, "h1", limit=1000):
            hooks.note(session, replace(delivery, state="delivered"))
    left = archive_finished(old)
    assert (kept.counts["order"], kept.kept_back) == (0, 3)
    assert (left.counts["order"], left.kept_back) == (3, 0)


def test_an_order_of_which_news_is_still_to_be_made_stays(floor: Floor) -> None:
    _made(floor)
    after = later(floor, days=2)
    with after.store.write() as session:
        orders.pack_items(session, after.now(), 0)
    forget_old(later(floor, days=40))
    assert archive_finished(later(floor, days=140)).counts["order"] == 0


def test_a_ticket_leaves_after_its_pieces_with_its_reports_and_a_stations_last_one_stays(floor: Floor) -> None:
    _made(floor)
    old = _packed(floor)

    archive_finished(old)

    records = {one["id"]: one for one in _records(old) if one["kind"] == "ticket"}
    assert set(records) == {"T0", "T1"}
    assert {row["kind"] for row in records["T0"]["reports"]} == {"accepted", "running", "done"}
    assert {row["after"] for row in records["T0"]["events"]} >= {"released", "delivered", "running", "done"}
    assert [row["id"] for row in records["T0"]["batches"]] == ["B-T0"]
    with old.store.read() as session:
        assert batches.next_sequence(session, "uv-1") == 4
        assert archive.is_archived_ticket(session, "T1")


def test_a_ticket_stays_while_a_piece_on_it_is_of_an_order_that_is_not_over(floor: Floor) -> None:
    over, still = take(floor, order_document(order_id="K-0"), order_document(order_id="K-1"))
    send_ticket(floor, "uv-1", "uv-print", ticket_id="K")
    run_through(floor, _ticket(floor, "K"))
    with floor.store.write() as session:
        orders.hold_order(session, still, "by_hand", "stays", floor.now())
    _made(floor)
    old = _packed(floor)
    archive_finished(old)
    assert over not in _live(old)
    assert still in _live(old)
    with old.store.read() as session:
        assert [entry.item_id for entry in batches.ticket_items(session, "K")] == [
            item.id for item in orders.items_of(session, still)
        ]


def test_a_report_for_a_ticket_in_the_archive_makes_nothing(floor: Floor) -> None:
    _made(floor)
    first = _ticket(floor, "T0")
    old = _packed(floor)
    archive_finished(old)
    assert report(old, first, "failed").outcome == "orphan"
    assert _live(old) == set()


def test_a_floor_whose_tickets_are_archived_is_not_taken_for_one_from_a_backup(floor: Floor) -> None:
    _made(floor)
    old = _packed(floor)
    archive_finished(old)
    look_for_restore(old)
    assert old.safe.mode is None


def test_killed_at_any_step_nothing_is_lost_and_nothing_stands_in_the_archive_twice(floor: Floor) -> None:
    keys = _made(floor)
    old = _packed(floor)
    step, died = 1, 0
    while _live(old) and step < 40:
        try:
            archive_finished(old, disk=_DyingDisk(step))
        except _DiedError:
            died += 1
        assert _live(old) | {key for key in keys if _is_known(old, key)} == set(keys)
        step += 1
    archive_finished(old)
    assert died > 3
    assert _archived(old, "order") == Counter(keys)
    assert max(_archived(old, "ticket").values(), default=1) == 1
    assert archive_faults(old) == []


def _is_known(floor: Floor, key: str) -> bool:
    with floor.store.read() as session:
        found = archive.archived_orders(session, key)
    return bool(found) and read_archived(floor, found[0])["id"] == key


def test_a_commit_that_never_came_leaves_the_archive_as_it_counted(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = _made(floor)
    old = _packed(floor)
    with monkeypatch.context() as patched:
        patched.setattr(archive, "move_out", _dies)
        with pytest.raises(_DiedError):
            archive_finished(old)
    assert _live(old) == set(keys)
    archive_finished(old)
    assert _archived(old, "order") == Counter(keys)


def _dies(*_: object) -> None:
    raise _DiedError


def test_what_does_not_come_back_as_it_was_written_is_not_deleted(floor: Floor) -> None:
    class Rotten(Disk):
        def write(self, fd: int, content: bytes) -> None:
            super().write(fd, content[:-1] + b"?")

    keys = _made(floor)
    old = _packed(floor)
    with pytest.raises(ArchiveError, match="does not hold what was written"):
        archive_finished(old, disk=Rotten())
    assert _live(old) == set(keys)


def test_a_file_that_has_shrunk_is_told_and_nothing_more_is_added_to_it(floor: Floor) -> None:
    _made(floor)
    old = _packed(floor)
    archive_finished(old)
    (path,) = old.settings.archive_folder.glob("*.jsonl.gz")
    path.write_bytes(path.read_bytes()[:-5])
    assert "bytes of" in archive_faults(old)[0]


def test_reports_that_were_read_long_ago_leave_their_folder(floor: Floor) -> None:
    done = floor.settings.state_dir / "stations" / "uv-1" / "done"
    for day in ("2026-11-23", "2027-04-11"):
        (done / day).mkdir(parents=True)
        (done / day / "r.json").write_text("{}")
    archive_finished(later(floor, days=140))
    assert [path.name for path in done.iterdir()] == ["2027-04-11"]


def test_archiving_can_be_switched_off(floor: Floor) -> None:
    keys = _made(floor)
    old = _packed(floor)
    never = replace(old, settings=old.settings.model_copy(update={"archive_days": 0}))
    assert archive_finished(never).counts == {}
    assert _live(old) == set(keys)
