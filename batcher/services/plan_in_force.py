"""
The plan that stands between two cycles, and what release needs of it.

Tentative: only what is released from it becomes fact. The next cycle replaces it whole.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from batcher.planning.plan import Batch, PlanResult
from batcher.planning.problem import Job, Mode, Order
from batcher.planning.release import Candidate
from batcher.services.batch_bounds import BatchBounds, batch_bounds, within_window
from batcher.services.snapshot import Snapshot


@dataclass(frozen=True)
class PlanInForce:
    """
    A verified plan with its snapshot.

    Parameters
    ----------
    latest_begin
        Latest safe begin by batch, in seconds from the snapshot's time 0.
    jobs
        The problem's jobs by id.
    kept
        Share of the batches of the plan before, as far as they still wait, that it has too; none without such a plan.
    gone
        Batches that have been released from it, or that turned out to be impossible; grows until the next cycle.
    """

    id: str
    rules_hash: str
    snapshot: Snapshot
    result: PlanResult
    latest_begin: Mapping[str, int]
    jobs: Mapping[str, Job]
    kept: float | None = None
    gone: set[str] = field(default_factory=set)

    def open_batches(self) -> list[Batch]:
        """Return the batches that are still tentative, as they would be released."""
        return [batch for batch in self.batches if batch.id not in self.gone]

    def startable(self, stations: Collection[str] | None = None) -> Iterator[Batch]:
        """Yield the tentative batches, of all stations or of some, that no planned step before them keeps back."""
        for station, batches in self._startable.items():
            if stations is None or station in stations:
                yield from (batch for batch in batches if batch.id not in self.gone)

    def later_states(self, station: str) -> frozenset[str]:
        """Return the setup states of what a station gets once steps before it have been made."""
        return self._later_states.get(station, frozenset())

    def batch(self, batch_id: str) -> Batch:
        """Return one of its batches, as it would be released."""
        return self._batches[batch_id]

    def leaves_behind(self, batch_id: str) -> bool:
        """Tell whether pieces planned into a batch may not go along with it."""
        return self._batches[batch_id] is not self._planned[batch_id]

    def bounds(self, batch: Batch) -> BatchBounds:
        """Return the release bounds of one of its batches."""
        found = self._bounds.get(batch.id)
        if found is None:
            found = batch_bounds(batch.jobs, self.snapshot.bounds_of, self.snapshot.ready_at)
            self._bounds[batch.id] = found
        return found

    @cached_property
    def batches(self) -> tuple[Batch, ...]:
        """All its batches as they would be released: without what may not fill them up."""
        return tuple(
            within_window(batch, [self.orders[self.jobs[job].order].due for job in batch.jobs], self.snapshot.bounds_of)
            for batch in self.result.plan.batches
        )

    @cached_property
    def orders(self) -> dict[str, Order]:
        """The problem's orders by id."""
        return {order.id: order for order in self.snapshot.problem.orders}

    @cached_property
    def fills_of(self) -> dict[str, list[float]]:
        """How full the batches of each family are, also those that are gone."""
        fills: dict[str, list[float]] = {}
        for batch in self.batches:
            fills.setdefault(batch.family, []).append(self.fill(batch))
        return fills

    def fill(self, batch: Batch) -> float:
        """Return how full a batch is: share of its capacity, or of its sheet's area."""
        found = self._fills.get(batch.id)
        if found is None:
            found = self._fills[batch.id] = self._fill(batch)
        return found

    def _fill(self, batch: Batch) -> float:
        mode = self._modes[batch.family, batch.station]
        jobs = [self.jobs[j] for j in batch.jobs]
        if mode.sheet is not None:
            return sum(j.width * j.height for j in jobs) / (mode.sheet.width * mode.sheet.height)
        assert mode.capacity is not None
        return sum(j.size for j in jobs) / mode.capacity

    @cached_property
    def candidates(self) -> dict[str, Candidate]:
        """What the release policy has been shown of it so far, by batch, without what changes with the time."""
        return {}

    @cached_property
    def _startable(self) -> dict[str, list[Batch]]:
        found: dict[str, list[Batch]] = {}
        for batch in self.batches:
            if not self._is_later(batch):
                found.setdefault(batch.station, []).append(batch)
        return found

    @cached_property
    def _later_states(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for batch in self.batches:
            if self._is_later(batch):
                found.setdefault(batch.station, set()).add(self.snapshot.fixture_of[batch.family].setup_state)
        return {station: frozenset(states) for station, states in found.items()}

    def _is_later(self, batch: Batch) -> bool:
        return any(self.jobs[job].after for job in batch.jobs)

    @cached_property
    def _fills(self) -> dict[str, float]:
        return {}

    @cached_property
    def _batches(self) -> dict[str, Batch]:
        return {batch.id: batch for batch in self.batches}

    @cached_property
    def _planned(self) -> dict[str, Batch]:
        return {batch.id: batch for batch in self.result.plan.batches}

    @cached_property
    def _bounds(self) -> dict[str, BatchBounds]:
        return {}

    @cached_property
    def _modes(self) -> dict[tuple[str, str], Mode]:
        return {(family.id, mode.station): mode for family in self.snapshot.problem.families for mode in family.modes}


class PlanBox:
    """Holds the plan in force, none before the first cycle, and how many in a row have been fallbacks."""

    def __init__(self) -> None:
        self.current: PlanInForce | None = None
        self.fallbacks = 0
