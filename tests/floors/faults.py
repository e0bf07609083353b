"""What goes wrong on a floor, drawn from its seed: the database, the way to a station, and what comes in between."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from batcher.errors import DispatchError, StorageFullError, StoreUnavailableError
from batcher.simulate.sim_floor import MemoryDoor
from batcher.store.session import Session, Store


@dataclass
class Luck:
    """Draws what goes wrong, and counts it; once `over`, nothing does."""

    chance: random.Random
    over: bool = False
    struck: Counter[str] = field(default_factory=Counter)

    def strikes(self, probability: float, what: str) -> bool:
        """Tell whether something goes wrong now."""
        if self.over or self.chance.random() >= probability:
            return False
        self.struck[what] += 1
        return True


def _nothing() -> None:
    """Happen."""


class UnsteadyStore(Store):
    """A store whose database is full, does not answer, or is lost sight of while it commits."""

    luck = Luck(random.Random(0), over=True)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Do one unit of work, or not, or without learning that it was done."""
        if self.luck.strikes(0.02, "the database gone"):
            raise StoreUnavailableError("planted")
        if self.luck.strikes(0.02, "the database's disk full"):
            raise StorageFullError("planted")
        with super().write() as session:
            yield session
        if self.luck.strikes(0.03, "the database gone while it commits"):
            raise StoreUnavailableError("planted: gone while it committed")


class UnsteadyDoor(MemoryDoor):
    """A way to a station on which staging and publishing fail, and publishing also when it has been done."""

    luck = Luck(random.Random(0), over=True)
    meanwhile: Callable[[], object] = _nothing  #: what somebody else does between staging and sending

    def stage(self, ticket_id: str, content: bytes) -> None:
        """Stage, or find no room; now and then an order is cancelled at that moment."""
        self._fails("the folder's disk full", "disk_full", 0.15)
        super().stage(ticket_id, content)
        if self.luck.strikes(0.25, "asked between staging and sending"):
            self.meanwhile()

    def publish(self, ticket_id: str, staged_in: int | None = None) -> None:
        """Publish, or not, or without learning that it was done."""
        self._fails("publishing failed", "io_error", 0.1)
        super().publish(ticket_id, staged_in)
        self._fails("the reply to publishing lost", "io_error", 0.1)

    def _fails(self, what: str, reason: str, probability: float) -> None:
        if self.luck.strikes(probability, what):
            raise DispatchError("planted", reason=reason)
