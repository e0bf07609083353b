"""Released batches and their job tickets: what has been decided and cannot be replanned."""

from dataclasses import dataclass, field
from datetime import datetime

from batcher.domain.states import BatchState, TicketState


@dataclass(frozen=True)
class Place:
    """Where a piece lies: a slot number on a fixture, or x, y and rotation on a sheet (mm, origin lower left)."""

    slot: int
    x_mm: int | None = None
    y_mm: int | None = None
    rotated: bool = False


@dataclass(frozen=True)
class BatchJob:
    """One job in a batch and its place."""

    job_id: str
    place: Place


@dataclass(frozen=True)
class NewBatch:
    """A batch that the release policy has decided to start; becomes batch, ticket and outbox rows in one commit."""

    station: str
    process: str
    fixture: str
    setup_state: str
    changeover_s: int  #: 0 when the station already is in that state
    rule: str
    family: str
    start_at: datetime
    end_at: datetime
    due_at: datetime  #: earliest leave-by time of its orders
    jobs: tuple[BatchJob, ...]
    fill: float  #: 0..1 of capacity, or of the sheet's area
    reason: str  #: why it was released now, a word of the release policy: full, latest_start, max_wait, close_at
    cost_minor: int  #: planned cost: batch, running and changeover
    capacity: int = 0  #: slots of the fixture, 0 for a sheet
    unattended_ok: bool = False  #: whether the fixture may start with no operator present
    latest_begin_at: datetime | None = None  #: latest safe begin, as its plan had it
    cost_parts: dict[str, float] = field(default_factory=dict)  #: what `cost_minor` is the sum of, minor units by part


@dataclass(frozen=True)
class Batch:
    """A released batch as stored."""

    id: str
    station: str
    process: str
    fixture: str
    setup_state: str
    changeover_s: int
    rule: str
    family: str
    state: BatchState
    start_at: datetime
    end_at: datetime
    due_at: datetime
    fill: float
    jobs: int
    reason: str
    cost_minor: int
    plan_id: str
    rules_hash: str
    released_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    unattended_ok: bool = False


@dataclass(frozen=True)
class Ticket:
    """A job ticket as stored; `document` is exactly what the station is told."""

    id: str
    batch_id: str
    station: str
    sequence: int  #: order of release at its station, ascending
    state: TicketState
    document: dict[str, object]
    rules_hash: str
    start_at: datetime
    end_at: datetime
    attempts: int
    next_attempt_at: datetime | None
    last_error: str | None
    released_at: datetime
    delivered_at: datetime | None = None
    accepted_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True)
class StationReport:
    """
    One message from a station, as it came.

    Parameters
    ----------
    items
        Outcome of single pieces by item id, ``done`` or ``failed``; pieces left out share the ticket's outcome.
    """

    report_id: str
    station: str
    ticket_id: str
    kind: str  #: accepted, running, done or failed
    at: datetime  #: by the station's clock; shown, never used for decisions
    items: dict[str, str] = field(default_factory=dict)
    reason: str = ""
