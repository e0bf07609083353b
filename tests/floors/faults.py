"""What goes wrong on a floor, drawn from its seed: the database, the way to a station, and the station itself."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from batcher.domain.batches import StationReport
from batcher.errors import DispatchError, StorageFullError, StoreUnavailableError
from batcher.simulate.sim_floor import MemoryDoor
from batcher.store.session import Session, Store
from tests.crash.world import History


@dataclass
class Luck:
    """Draws what goes wrong; once `over`, nothing does."""

    chance: random.Random
    over: bool = False

    def strikes(self, probability: float) -> bool:
        """Tell whether something goes wrong now."""
        return self.chance.random() < probability and not self.over


class UnsteadyStore(Store):
    """A store whose database is full, does not answer, or is lost sight of while it commits."""

    luck = Luck(random.Random(0), over=True)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Do one unit of work, or not, or without learning that it was done."""
        if self.luck.strikes(0.04):
            raise self.luck.chance.choice((StoreUnavailableError, StorageFullError))("planted")
        with super().write() as session:
            yield session
        if self.luck.strikes(0.03):
            raise StoreUnavailableError("planted: gone while it committed")


class UnsteadyDoor(MemoryDoor):
    """A way to a station on which staging and publishing fail, and publishing also when it has been done."""

    luck = Luck(random.Random(0), over=True)

    def stage(self, ticket_id: str, content: bytes) -> None:
        """Stage, or find no room."""
        self._fails(0.1, "disk_full")
        super().stage(ticket_id, content)

    def publish(self, ticket_id: str, staged_in: int | None = None) -> None:
        """Publish, or not, or without learning that it was done."""
        self._fails(0.05, "io_error")
        super().publish(ticket_id, staged_in)
        self._fails(0.05, "io_error")

    def _fails(self, probability: float, reason: str) -> None:
        if self.luck.strikes(probability):
            raise DispatchError("planted", reason=reason)


@dataclass
class Station:
    """Makes what comes, stands still now and then, and tells each thing once, twice, late, or again."""

    name: str
    luck: Luck
    history: History
    still_until: datetime | None = None
    _due: list[tuple[datetime, StationReport]] = field(default_factory=list)

    def take(self, document: dict[str, object], now: datetime) -> None:
        """Make a ticket, and have its reports told at some time."""
        chance, items = self.luck.chance, document["items"]
        assert isinstance(items, list)
        outcomes = {item["item_id"]: "failed" if self.luck.strikes(0.1) else "done" for item in items}
        ticket_id = str(document["ticket_id"])
        pieces = [(item["job_id"], item["item_id"], item["order_id"], outcomes[item["item_id"]]) for item in items]
        self.history.note("made", ticket_id, station=self.name, pieces=pieces)
        for step, kind in enumerate(chance.choice((("done",), ("accepted", "running", "done")))):
            told = outcomes if kind == "done" else {}
            at = now + timedelta(minutes=5 * (step + chance.randint(0, 4)))
            report = StationReport(f"{ticket_id}-{kind}", self.name, ticket_id, kind, at, told, "smudged")
            self._due += [(at, report)] * (2 if self.luck.strikes(0.2) else 1)

    def due(self, now: datetime) -> list[StationReport]:
        """Return what it tells now; what it stands still for comes late."""
        if self.luck.strikes(0.02):
            self.still_until = now + timedelta(hours=self.luck.chance.randint(1, 8))
        if self.still_until is not None and now < self.still_until and not self.luck.over:
            return []
        told = [report for at, report in self._due if at <= now]
        self._due = [entry for entry in self._due if entry[0] > now]
        self.luck.chance.shuffle(told)
        return told

    def tell_again(self, report: StationReport, now: datetime) -> None:
        """Learn that a report was not taken."""
        self._due.append((now + timedelta(minutes=5), report))
