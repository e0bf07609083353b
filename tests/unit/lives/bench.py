"""A floor on a real store, cleared for every life: opening a database costs more than a life in it."""

import atexit
import os
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, settings
from prometheus_client import CollectorRegistry

from batcher.domain.batches import Ticket
from batcher.domain.clock import SteppedClock
from batcher.domain.orders import Job
from batcher.domain.states import JobState
from batcher.metrics import Metrics
from batcher.services.context import Floor, RulesBox
from batcher.settings import Settings
from batcher.store import batches, migrate, stations
from batcher.store.session import Store
from batcher.store.whole import Whole, read_whole
from tests.builders_store import NOW, add, clear_tables, release_jobs
from tests.crash.life import RULES, rules

STATIONS = ("print-1", "print-2")
#: A few short lives in `make test`; `make test-floors` asks for more.
LIVES = settings(
    max_examples=int(os.environ.get("LIVES", "8")),
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class Bench:
    """What the machines act on."""

    def __init__(self, home: Path) -> None:
        kept = Settings(state_dir=home, rules=RULES, port=0)
        migrate.upgrade(kept.store_url)
        store = Store.open(kept.store_url, exclusive=True, durable=False)
        self.clock = SteppedClock(NOW)
        self.floor = Floor(store, RulesBox(rules(), NOW), Metrics(CollectorRegistry()), self.clock, kept)

    def begin(self) -> None:
        """Forget everything, and have two stations."""
        self.clock.set(NOW)
        with self.floor.store.write() as session:
            clear_tables(session)
            stations.ensure_stations(session, STATIONS, NOW)

    def later(self) -> None:
        self.clock.set(self.floor.now() + timedelta(minutes=10))

    def order(self, order_id: str, pieces: int) -> str:
        """Add an order of pieces with one step each, and return its key."""
        with self.floor.store.write() as session:
            return add(session, order_id, pieces=pieces, processes=("print",))

    def release(self, job_ids: Sequence[str], station: str) -> Ticket:
        with self.floor.store.write() as session:
            return release_jobs(session, list(job_ids), station, self.floor.now())

    def items_on(self, ticket_id: str) -> list[str]:
        with self.floor.store.read() as session:
            return [item.item_id for item in batches.ticket_items(session, ticket_id)]

    def tickets(self) -> dict[str, str]:
        """Return the state of each ticket, by id."""
        with self.floor.store.read() as session:
            return {ticket.id: str(ticket.state) for ticket in batches.tickets(session)}

    def waiting(self) -> list[Job]:
        return [job for job in self.whole().jobs if job.state is JobState.WAITING]

    def whole(self) -> Whole:
        with self.floor.store.read() as session:
            return read_whole(session)

    def audit(self) -> list[str]:
        return migrate.check(self.floor.settings.store_url)


@cache
def bench() -> Bench:
    home = tempfile.TemporaryDirectory(prefix="batcher-lives-")
    opened = Bench(Path(home.name))
    atexit.register(home.cleanup)
    atexit.register(opened.floor.store.close)
    return opened


#: How far a ticket has got, by what its station has said; in doubt, anything may come.
_REACHED = {"sending": 0, "delivered": 0, "in_doubt": 0, "accepted": 1, "running": 2}
_REACHES = {"accepted": 1, "running": 2, "done": 3, "failed": 3}


def answer_to(state: str, kind: str, *, same: bool) -> tuple[str, str]:
    """
    Return what a report about a ticket in a state is answered: outcome and code.

    Parameters
    ----------
    same
        It tells of every piece what is known of it already.
    """
    if state in ("released", "cancelled"):
        return "rejected", "ticket_not_sent"
    if state in ("done", "failed"):
        contradicts = _REACHES[kind] == 3 and not same
        return ("rejected", "contradiction") if contradicts else ("out_of_order", "out_of_order")
    if state == kind == "accepted":
        return "rejected", "duplicate_execution"
    return ("applied", "") if _REACHED[state] < _REACHES[kind] else ("out_of_order", "out_of_order")
