"""
What the API answers, as models: the published form of orders, pieces, batches, tickets and plans.

Personalisation and order attributes are left out: nobody needs them here to know where an order is.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from batcher.api.problems import ProblemFault
from batcher.domain.states import BatchState, OrderState, StationState, TicketState


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class TakenAnswer(_Answer):
    """What became of one order document."""

    order_id: str
    outcome: str = Field(description="created, replayed, conflict, rejected, not_kept; valid when only tried")
    key: str | None = None
    held_code: str | None = None
    message: str = ""
    leave_by_at: datetime | None = Field(None, description="promised; none while nothing is")


class TakenEntry(TakenAnswer):
    """One entry of the answer to a list, with the status it would have had alone."""

    status: int
    errors: list[ProblemFault] = []


class TakenList(_Answer):
    """The answer to a list of orders, in its order."""

    results: list[TakenEntry]


class OrderAnswer(_Answer):
    """One order."""

    key: str
    order_id: str
    source: str
    state: OrderState
    held_code: str | None
    held_reason: str | None
    service: str
    tier: str
    channel: str
    country: str
    carrier: str
    placed_at: datetime
    received_at: datetime
    leave_by_at: datetime
    due_how: str
    pieces: int
    completed_at: datetime | None
    version: int = Field(description="goes into If-Match to change it; the pieces' progress does not change it")


class OrderPage(_Answer):
    """A page of orders, by time of receipt; `next` goes into `after` for the page behind it."""

    orders: list[OrderAnswer]
    next: str | None


class ReportAnswer(_Answer):
    """What a station's report led to."""

    outcome: str
    code: str
    message: str


class StationChange(_Answer):
    """A station taken down or up, and the tickets that were taken back from it."""

    station: str
    state: StationState
    recalled: list[str]


class BatchAnswer(_Answer):
    """One released batch."""

    id: str
    station: str
    process: str
    fixture: str
    setup_state: str
    rule: str
    state: BatchState
    jobs: int
    fill: float
    reason: str
    cost_minor: int
    start_at: datetime
    end_at: datetime
    due_at: datetime
    released_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    plan_id: str
    rules_hash: str


class TicketAnswer(_Answer):
    """One job ticket; what the station was told stays between us and the station."""

    id: str
    batch_id: str
    station: str
    sequence: int
    state: TicketState
    start_at: datetime
    end_at: datetime
    attempts: int
    last_error: str | None
    released_at: datetime
    delivered_at: datetime | None
    accepted_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None


class PlannedBatchAnswer(_Answer):
    """One tentative batch."""

    id: str
    station: str
    rule: str
    fixture: str
    setup_state: str
    start_at: datetime
    end_at: datetime
    latest_begin_at: datetime
    fill: float
    jobs: list[str]


class PlanAnswer(_Answer):
    """The plan in force."""

    id: str
    created_at: datetime
    rules_hash: str
    status: str
    cost_minor: float
    bound_minor: float | None
    greedy_cost_minor: float | None
    seconds: float
    jobs: int
    batches_kept: float | None
    unplanned: list[str]
    batches: list[PlannedBatchAnswer]


class StaleAnswer(_Answer):
    """A loop past its budget."""

    loop: str
    silent_s: float
    budget_s: float


class HealthAnswer(_Answer):
    """Whether every loop makes progress."""

    status: str
    stale: list[StaleAnswer] = []


class ReadyAnswer(_Answer):
    """Whether requests should be sent here; else why not."""

    ready: bool
    reason: str = ""
