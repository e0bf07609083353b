"""
A floor of its own for one simulation: a fresh database that nobody needs afterwards, a clock that is set, memory doors.

Everything in it is the daemon's own; only the ground under it is not the daemon's.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry

from batcher.domain.clock import SteppedClock
from batcher.metrics import Metrics
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor, RulesBox
from batcher.settings import Settings
from batcher.store import migrate, stations
from batcher.store.session import Store

#: Where a file costs no disk, if the machine has it.
_MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it


@contextmanager
def simulated_floor(rules: RuleSet, clock: SteppedClock) -> Iterator[Floor]:
    """Open an empty floor under some rules; its database is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="batcher-", dir=_MEMORY if _MEMORY.is_dir() else None) as home:
        settings = Settings(state_dir=Path(home), database_url="", plan_s=60.0, dispatch_s=2.0)
        migrate.upgrade(settings.store_url)
        store = Store.open(settings.store_url, exclusive=True, durable=False)
        try:
            floor = Floor(store, RulesBox(rules, clock.now()), Metrics(CollectorRegistry()), clock, settings)
            with store.write() as session:
                stations.ensure_stations(session, list(rules.stations), clock.now())
            yield floor
        finally:
            store.close()


class MemoryDoor:
    """A station's transport in memory: what is published is in the machine's hands at that moment."""

    def __init__(self, take: Callable[[bytes, datetime], None], now: Callable[[], datetime]) -> None:
        self._take, self._now = take, now
        self._staged: dict[str, bytes] = {}

    def place(self, name: str, file: Path) -> None:
        """Do nothing: a machine in memory prints no artwork."""

    def stage(self, ticket_id: str, content: bytes) -> None:
        """Keep a ticket where the machine does not see it."""
        self._staged[ticket_id] = content

    def is_staged(self, ticket_id: str) -> bool:
        """Tell whether a ticket is kept and not published."""
        return ticket_id in self._staged

    def note(self, documents: Sequence[Mapping[str, object]]) -> None:
        """Keep nothing: no database of a simulation comes from a backup."""

    def publish(self, ticket_id: str, staged_in: int | None = None) -> None:  # noqa: ARG002 - one leader, one epoch
        """Hand a ticket to the machine, once."""
        content = self._staged.pop(ticket_id, None)
        if content is not None:
            self._take(content, self._now())

    def discard(self, ticket_id: str) -> None:
        """Throw away a ticket that was taken back."""
        self._staged.pop(ticket_id, None)
