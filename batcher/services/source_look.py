"""
One look at a source: its pages read one after the other, their orders taken in, the source told what is kept.

Orders are on disk before the watermark moves and before the source is told; killed in between, they come again and are
recognised. What cannot be taken is remembered as refused, so that it is told once and holds up nothing.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from batcher.errors import FetchError
from batcher.intake.http_feed import HttpOrders, Page, further, no_later
from batcher.intake.mapping import Mapped, digest_of, map_order
from batcher.rules.sources import Source
from batcher.services.context import Floor
from batcher.services.intake import Taken, take_orders
from batcher.services.sql_orders import SqlOrders
from batcher.store import sources
from batcher.store.sources import Note, SourceState

#: Pages and seconds of the wall clock after which a look rests until the next turn.
PAGES_AT_ONCE, LOOK_S = 20, 60.0
#: Kept orders that a source is told of in one look.
_TOLD_AT_ONCE = 500
#: Refusals in a row after which a source is told no more in this look.
_REFUSALS = 3
#: A source that sends again what it was told is kept is told again after so long.
_TOLD_HOLDS = timedelta(days=1)
_KEPT = ("created", "replayed")


class Feed(Protocol):
    """Where pages of orders come from."""

    @property
    def acknowledges(self) -> bool:
        """Tell whether the source is told which orders are kept."""

    def start(self, watermark: str | None) -> str:
        """Return where the first page behind a watermark is."""

    def read(self, cursor: str) -> Page:
        """Return one page, or raise `FetchError`."""

    def acknowledge(self, ident: str, order_id: str) -> None:
        """Tell the source that an order is kept, or raise `FetchError`."""


@dataclass(frozen=True)
class Look:
    """
    What came of one look.

    Parameters
    ----------
    got_on
        It was read to its end, an order was taken in, or it was told of one: whatever failed, not everything did.
    """

    state: SourceState
    finished: bool
    failure: FetchError | None = None
    got_on: bool = False


def feed_of(floor: Floor, source: Source) -> Feed:
    """Return how a source is read."""
    if source.http is not None:
        return HttpOrders(source.http, floor.settings.state_dir)
    assert source.sql is not None, "a source is read one way or the other"
    return SqlOrders(source.sql, floor.settings.state_dir)


def look_at(floor: Floor, source: Source, stopping: Callable[[], bool]) -> Look:
    """Read a source as far as one look may go; what was read before it failed is kept."""
    return _Look(floor, source, feed_of(floor, source), stopping).run()


class _Look:
    def __init__(self, floor: Floor, source: Source, feed: Feed, stopping: Callable[[], bool]) -> None:
        self._floor, self._source, self._feed = floor, source, feed
        self._stopping, self._until = stopping, time.monotonic() + LOOK_S
        with floor.store.read() as session:
            self._state = replace(sources.source_state(session, source.id), looked_at=floor.now())
        self._got_on = False

    def run(self) -> Look:
        finished, failures = False, []
        try:
            finished = self._got_on = self._read()
        except FetchError as error:
            failures.append(error)
            if self._state.failures:  # where it went on may be what is wrong: begin at the watermark again
                self._state = replace(self._state, cursor=None, newest=None)
        failures += self._tell()  # what is kept is told, whatever became of the rest
        return Look(self._state, finished and not failures, failures[0] if failures else None, self._got_on)

    def _read(self) -> bool:
        """Read page after page; return whether the end was reached."""
        cursor = self._state.cursor or self._feed.start(self._state.watermark)
        seen: set[str] = set()
        for _ in range(PAGES_AT_ONCE):
            page = self._feed.read(cursor)
            digest = digest_of(page.orders)
            if (page.orders and digest in seen) or page.next == cursor:
                raise FetchError("it sends the same page again and again", reason="same_page")
            seen.add(digest)
            self._take(page)
            if page.next is None:
                return True
            cursor = page.next
            if self._must_rest():
                break
        return False

    def _must_rest(self) -> bool:
        return self._stopping() or time.monotonic() > self._until

    def _take(self, page: Page) -> None:
        """Take the orders of a page in, and keep in one commit how far that brings us."""
        mapped = list({one.ident: one for one in (map_order(self._source, order) for order in page.orders)}.values())
        with self._floor.store.read() as session:
            noted = sources.notes_of(session, self._source.id, [one.ident for one in mapped])
        fresh = [one for one in mapped if not _known_bad(one, noted.get(one.ident))]
        whole = [one for one in fresh if not one.faults]
        taken = take_orders(self._floor, [one.doc for one in whole], self._source.id)
        told = [*zip(whole, taken, strict=True), *((one, _broken(one)) for one in fresh if one.faults)]
        self._keep(page, told, noted)

    def _keep(self, page: Page, told: Sequence[tuple[Mapped, Taken]], noted: dict[str, Note]) -> None:
        state, since = self._state, self._source.http.since if self._source.http else None
        newest = None if since is None else further(since, state.newest, page.newest)
        created = sum(entry.outcome == "created" for _, entry in told)
        self._got_on |= created > 0
        state = replace(state, cursor=page.next, newest=newest, orders=state.orders + created)
        if since is not None and page.next is None:
            reached = no_later(since, newest, self._floor.now())
            state = replace(state, watermark=further(since, state.watermark, reached), newest=None)
        self._state = state
        with self._floor.store.write() as session:
            sources.put_state(session, state)
            mended = [noted[one.ident] for one, entry in told if entry.outcome in _KEPT and one.ident in noted]
            sources.drop_notes(session, [note for note in mended if note.state == "refused"])
            sources.put_notes(session, self._notes(told, noted))

    def _notes(self, told: Iterable[tuple[Mapped, Taken]], noted: dict[str, Note]) -> list[Note]:
        now, notes = self._floor.now(), []
        for one, entry in told:
            if entry.outcome not in _KEPT:
                code = entry.faults[0].code if entry.faults else entry.outcome
                why = f"{entry.message} [{code}]"
                notes.append(Note(self._source.id, one.ident, entry.order_id, "refused", one.digest, why, now))
            elif self._feed.acknowledges:
                before = noted.get(one.ident)
                if before is None or before.state == "refused" or before.at + _TOLD_HOLDS < now:
                    notes.append(Note(self._source.id, one.ident, entry.order_id, "owed", one.digest, None, now))
        return notes

    def _tell(self) -> list[FetchError]:
        """Tell the source of orders that are kept; return the first failure, if there was any."""
        if not self._feed.acknowledges:
            return []
        with self._floor.store.read() as session:
            owed = sources.notes_in(session, self._source.id, "owed", _TOLD_AT_ONCE)
        notes, failures = self._told(owed)
        with self._floor.store.write() as session:
            sources.put_notes(session, notes)
        return failures[:1]

    def _told(self, owed: Iterable[Note]) -> tuple[list[Note], list[FetchError]]:
        """Tell one order after the other; those that the source refuses go behind the others, and hold up none."""
        done: list[Note] = []
        failures: list[FetchError] = []
        refused = 0  # in a row
        for note in owed:
            at = self._floor.now()
            try:
                self._feed.acknowledge(note.ident, note.order_id)
            except FetchError as error:
                failures.append(error)
                done.append(replace(note, at=at, why=str(error)))
                refused += 1
                if error.reason != "status" or error.retry_after_s or refused == _REFUSALS:
                    break
            else:
                done.append(replace(note, state="told", at=at, why=None))
                self._got_on, refused = True, 0
            if self._must_rest():
                break
        return done, failures


def _known_bad(one: Mapped, note: Note | None) -> bool:
    return note is not None and note.state == "refused" and note.digest == one.digest


def _broken(one: Mapped) -> Taken:
    order_id = one.doc.get("order_id")
    name = order_id[:64] if isinstance(order_id, str) else ""
    return Taken(name, "rejected", message=str(one.faults[0]), faults=one.faults)
