"""
Sources looked at when their time has come, side by side; one that fails is left alone for longer each time.

What happens in one look is `source_look`'s; here is when the next one is, and who is told of it.
"""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from batcher.errors import NotFoundError
from batcher.intake.mapping import Mapped, map_order
from batcher.rules.sources import Source
from batcher.services.context import Floor
from batcher.services.intake import Taken, try_orders
from batcher.services.source_look import Look, feed_of, look_at
from batcher.store import sources
from batcher.store.sources import SourceState

log = structlog.get_logger()

_LONGEST_WAIT_S = 3600.0
_AT_ONCE = 8
#: Seconds of the wall clock that a turn waits for the looks it began.
_PATIENCE_S = 2.0


@dataclass(frozen=True)
class SourceStatus:
    """A source and how it stands."""

    state: SourceState
    kind: str  #: http or sql
    every_s: int
    refused: int
    owed: int


@dataclass(frozen=True)
class Tried:
    """One order of a source, and what would become of it."""

    ident: str
    document: Mapping[str, object]
    taken: Taken


class SourceDesk:
    """
    Looks at sources.

    Parameters
    ----------
    chance
        A number from 0 to 1, another one each time.
    """

    def __init__(self, floor: Floor, chance: Callable[[], float]) -> None:
        self.floor, self._chance = floor, chance
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sources")
        self._looks: dict[str, Future[None]] = {}
        self._stopping = threading.Event()

    def turn(self) -> int:
        """Begin a look at every source whose time has come, and wait a moment; return at how many."""
        now = self.floor.now()
        with self.floor.store.read() as session:
            due = [
                source
                for source in self.floor.rules.current.sources.values()
                if source.id not in self._looks and _is_due(sources.source_state(session, source.id), now)
            ]
        self._looks |= {source.id: self._pool.submit(self._look, source) for source in due}
        self.finish(_PATIENCE_S)
        return len(due)

    def finish(self, timeout_s: float | None = None) -> None:
        """Wait for looks under way; one that takes longer goes on, and holds up no other."""
        ended, _ = wait(self._looks.values(), timeout_s)
        failures = [look.exception() for look in ended]
        self._looks = {name: look for name, look in self._looks.items() if look not in ended}
        for failure in failures:
            if failure is not None:
                raise failure

    def stop(self) -> None:
        """Let looks end after the page they are at."""
        self._stopping.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _look(self, source: Source) -> None:
        look = look_at(self.floor, source, self._stopping.is_set)
        state = self._planned(source, look)
        with self.floor.store.write() as session:
            sources.put_state(session, state)
            sources.forget_notes(
                session, source.id, self.floor.now() - timedelta(days=self.floor.settings.personal_days)
            )
            counts = sources.count_notes(session, source.id)
        metrics, failure = self.floor.metrics, look.failure
        outcome = "read" if look.finished else "unfinished" if failure is None else failure.reason
        metrics.source_looks.labels(source=source.id, outcome=outcome).inc()
        metrics.source_refused.labels(source=source.id).set(counts.get("refused", 0))
        metrics.source_owed.labels(source=source.id).set(counts.get("owed", 0))
        if failure is None:
            metrics.source_success.labels(source=source.id).set(time.time())
        else:
            metrics.source_failures.labels(source=source.id).inc()
            log.warning(
                "source_failed", source=source.id, reason=failure.reason, why=str(failure), failures=state.failures
            )

    def _planned(self, source: Source, look: Look) -> SourceState:
        """Return a source's state with its next look: at once while there is more, later each time it fails."""
        now, state, failure = self.floor.now(), look.state, look.failure
        if failure is None:
            next_at = now + timedelta(seconds=source.every_s) if look.finished else now
            ok_at = now if look.finished else state.ok_at
            return replace(state, ok_at=ok_at, next_at=next_at, failures=0, last_error=None)
        failures = 1 if look.got_on else state.failures + 1
        grown_s = min(max(source.every_s, 5.0) * 2 ** min(failures - 1, 20), max(_LONGEST_WAIT_S, source.every_s))
        wait_s = max(grown_s * (0.5 + self._chance() / 2), failure.retry_after_s)
        why = f"{failure.reason}: {failure}"
        return replace(state, next_at=now + timedelta(seconds=wait_s), failures=failures, last_error=why)


def _is_due(state: SourceState, now: datetime) -> bool:
    return state.next_at is None or state.next_at <= now


def source_of(floor: Floor, name: str) -> Source:
    """Return a source of the rules in force."""
    source = floor.rules.current.sources.get(name)
    if source is None:
        raise NotFoundError("source", name)
    return source


def statuses(floor: Floor) -> list[SourceStatus]:
    """Return how every source of the rules in force stands."""
    found = []
    with floor.store.read() as session:
        for source in floor.rules.current.sources.values():
            counts = sources.count_notes(session, source.id)
            kind = "sql" if source.http is None else "http"
            state = sources.source_state(session, source.id)
            found.append(SourceStatus(state, kind, source.every_s, counts.get("refused", 0), counts.get("owed", 0)))
    return found


def try_source(floor: Floor, name: str, *, limit: int) -> list[Tried]:
    """
    Fetch the page that the next look would begin with, and tell what would become of its orders; nothing is kept.

    Raises
    ------
    FetchError
        When there is no page to be had.
    """
    source = source_of(floor, name)
    feed = feed_of(floor, source)
    with floor.store.read() as session:
        state = sources.source_state(session, source.id)
    page = feed.read(feed.start(state.watermark))
    mapped = [map_order(source, order) for order in page.orders[:limit]]
    judged = try_orders(floor, [one.doc for one in mapped], source.id)
    return [Tried(one.ident, one.doc, _or_broken(one, taken)) for one, taken in zip(mapped, judged, strict=True)]


def _or_broken(one: Mapped, taken: Taken) -> Taken:
    if not one.faults:
        return taken
    return replace(taken, outcome="rejected", message=str(one.faults[0]), faults=(*one.faults, *taken.faults))


def rewind(floor: Floor, name: str, watermark: str | None, who: str) -> SourceState:
    """Have a source read again from its beginning, or a place; what came in before is recognised."""
    source = source_of(floor, name)
    with floor.store.write() as session:
        state = sources.rewind(session, source.id, watermark)
    log.info("source_rewound", source=source.id, watermark=watermark, who=who)
    return state
