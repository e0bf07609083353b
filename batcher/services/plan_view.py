"""The stored plan as other services and other processes read it: by job, by station, with expected ends by order."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from batcher.store import batches
from batcher.store.batches import StoredPlan
from batcher.store.session import Session


@dataclass(frozen=True)
class PlannedBatch:
    """One tentative batch of the stored plan."""

    id: str
    station: str
    rule: str
    fixture: str
    setup_state: str
    start_at: datetime
    end_at: datetime
    latest_begin_at: datetime
    fill: float
    capacity: int | None
    jobs: tuple[str, ...]


@dataclass(frozen=True)
class PlanView:
    """A stored plan, indexed; batches by planned start."""

    plan: StoredPlan
    batches: tuple[PlannedBatch, ...]
    batch_of: Mapping[str, PlannedBatch]  #: by job id
    left_out: Mapping[str, str]  #: why a job is in no plan, by job id
    unplanned: frozenset[str]
    batches_kept: float | None  #: share of the batches of the plan before that it has too


def plan_view(stored: StoredPlan) -> PlanView:
    """Return a stored plan, indexed."""
    document = stored.document.unpacked()
    batches = plan_batches(document)
    return PlanView(
        plan=stored,
        batches=batches,
        batch_of={job: batch for batch in batches for job in batch.jobs},
        left_out=document["left_out"],
        unplanned=frozenset(document["unplanned"]),
        batches_kept=document.get("batches_kept"),
    )


class _Newest:
    """Keeps the newest plan, indexed: with many orders it takes a moment to be read, in which nobody else gets on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._view: PlanView | None = None

    def read(self, session: Session) -> PlanView | None:
        newest = batches.latest_plan_id(session)
        with self._lock:
            if self._view is None or self._view.plan.id != newest:  # a plan never changes, and its id is its own
                stored = None if newest is None else batches.get_plan(session, newest)
                self._view = None if stored is None else plan_view(stored)
            return self._view


_NEWEST = _Newest()


def latest_view(session: Session) -> PlanView | None:
    """Return the newest stored plan, indexed; none before the first. Safe to be asked often, from any thread."""
    return _NEWEST.read(session)


def plan_batches(document: Mapping[str, Any]) -> tuple[PlannedBatch, ...]:
    """Return the batches of a plan document, by planned start."""
    return tuple(sorted((_batch(doc) for doc in document["batches"]), key=lambda b: (b.start_at, b.id)))


def _batch(doc: dict[str, Any]) -> PlannedBatch:
    return PlannedBatch(
        id=doc["id"],
        station=doc["station"],
        rule=doc["rule"],
        fixture=doc["fixture"],
        setup_state=doc["setup_state"],
        start_at=datetime.fromisoformat(doc["start_at"]),
        end_at=datetime.fromisoformat(doc["end_at"]),
        latest_begin_at=datetime.fromisoformat(doc["latest_begin_at"]),
        fill=doc["fill"],
        capacity=doc["capacity"],
        jobs=tuple(doc["jobs"]),
    )
