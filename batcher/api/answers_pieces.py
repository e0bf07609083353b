"""What the API answers about single pieces and tickets, as models; lists and orders are in `answers`."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from batcher.api.answers import BatchAnswer, OrderAnswer, TicketAnswer
from batcher.domain.states import ItemState, JobState
from batcher.services.pieces import PieceView, StepView


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class StepAnswer(_Answer):
    """One step of one piece; where `planned`, station and times are the plan's and may change."""

    id: str
    step: int
    process: str
    state: JobState
    ready_at: datetime | None
    done_at: datetime | None
    station: str | None
    batch_id: str | None
    ticket_id: str | None
    start_at: datetime | None
    end_at: datetime | None
    planned: bool


class PieceAnswer(_Answer):
    """
    One piece and its steps.

    `expected_at`: packed by then, as far as is known. `set_aside`: its order was cancelled when a station had it
    already; packing puts it aside.
    """

    id: str
    line_id: str
    sku: str
    product: str
    finish: str
    state: ItemState
    remake_of: str | None
    remake_reason: str | None
    packed_at: datetime | None
    expected_at: datetime | None
    set_aside: bool
    steps: list[StepAnswer]


#: Fields that the piece itself does not have.
_OF_THE_VIEW = frozenset({"steps", "expected_at", "set_aside"})


class OrderDetail(OrderAnswer):
    """One order with its pieces."""

    items: list[PieceAnswer]


class ItemAnswer(PieceAnswer):
    """One piece, and whose it is."""

    order_key: str
    order_id: str


class ListedJob(_Answer):
    """One piece on a ticket: its step and its place."""

    job_id: str
    item_id: str
    slot: int
    outcome: str | None


class BatchDetail(BatchAnswer):
    """One released batch and the jobs in it."""

    ticket_id: str
    listed: list[ListedJob]


class TicketDetail(TicketAnswer):
    """One job ticket and what is on it."""

    listed: list[ListedJob]


def piece_answer(view: PieceView) -> PieceAnswer:
    """Return a piece as it is published."""
    return PieceAnswer(
        **{name: getattr(view.item, name) for name in PieceAnswer.model_fields if name not in _OF_THE_VIEW},
        expected_at=view.expected_at,
        set_aside=view.set_aside,
        steps=[_step(step) for step in view.steps],
    )


def _step(view: StepView) -> StepAnswer:
    job = {name: getattr(view.job, name) for name in ("id", "step", "process", "state", "ready_at", "done_at")}
    where = ("station", "batch_id", "ticket_id", "start_at", "end_at", "planned")
    return StepAnswer(**job, **{name: getattr(view, name) for name in where})
