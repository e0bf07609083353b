"""
The state machines of order, item, job, batch, ticket and station.

Each table is the single statement of which step may follow which; `store` enforces it
for every row it writes. What a step causes elsewhere is decided in `services`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from batcher.errors import TransitionError


class OrderState(StrEnum):
    """Where an order stands as a whole; it rolls up from its items."""

    HELD = "held"  #: accepted, but a person must act first; the reason is beside it
    WAITING = "waiting"  #: all its open jobs wait to be batched
    IN_PRODUCTION = "in_production"  #: at least one piece has been released to a station
    COMPLETE = "complete"  #: every piece is packed
    CANCELLED = "cancelled"  #: nothing more will be made of it


class ItemState(StrEnum):
    """Where one piece stands."""

    WAITING = "waiting"  #: no step has been released yet
    IN_PRODUCTION = "in_production"  #: a step is, or has been, on a ticket
    MADE = "made"  #: the last step is done, packing remains
    PACKED = "packed"  #: ready for the courier
    SCRAPPED = "scrapped"  #: a step failed; a remake stands in for it
    CANCELLED = "cancelled"


class JobState(StrEnum):
    """Where one step of one piece stands."""

    WAITING = "waiting"  #: may be planned
    RELEASED = "released"  #: on a live ticket
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class BatchState(StrEnum):
    """Where a released batch stands; tentative batches live only in the plan."""

    RELEASED = "released"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class TicketState(StrEnum):
    """Where a job ticket stands between us and its station."""

    RELEASED = "released"  #: committed, not yet on its way
    SENDING = "sending"  #: written beside the station's folder, rename to come
    DELIVERED = "delivered"  #: in the station's folder
    ACCEPTED = "accepted"  #: the station said it has it
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    IN_DOUBT = "in_doubt"  #: we cannot know; a person or the station must say


class StationState(StrEnum):
    """Whether a station takes work."""

    UP = "up"
    DOWN = "down"


#: Ticket states in which its items may be in the station's hands.
LIVE_TICKET = frozenset(
    {
        TicketState.RELEASED,
        TicketState.SENDING,
        TicketState.DELIVERED,
        TicketState.ACCEPTED,
        TicketState.RUNNING,
        TicketState.IN_DOUBT,
    }
)
#: Ticket states in which nothing has left the house, so that it may be taken back.
UNSENT_TICKET = frozenset({TicketState.RELEASED})

O, I, J, B, T = OrderState, ItemState, JobState, BatchState, TicketState  # noqa: E741 - the tables below read like tables

ORDER_STEPS: Mapping[OrderState, frozenset[OrderState]] = {
    O.HELD: frozenset({O.WAITING, O.IN_PRODUCTION, O.CANCELLED}),
    O.WAITING: frozenset({O.HELD, O.IN_PRODUCTION, O.CANCELLED}),
    O.IN_PRODUCTION: frozenset({O.HELD, O.COMPLETE, O.CANCELLED}),
    O.COMPLETE: frozenset(),
    O.CANCELLED: frozenset(),
}
ITEM_STEPS: Mapping[ItemState, frozenset[ItemState]] = {
    I.WAITING: frozenset({I.IN_PRODUCTION, I.CANCELLED}),
    I.IN_PRODUCTION: frozenset({I.MADE, I.SCRAPPED, I.CANCELLED}),
    # scrapped although it was made: somebody found it spoilt before it was packed
    I.MADE: frozenset({I.PACKED, I.SCRAPPED, I.CANCELLED}),
    I.PACKED: frozenset(),
    I.SCRAPPED: frozenset(),
    I.CANCELLED: frozenset(),
}
JOB_STEPS: Mapping[JobState, frozenset[JobState]] = {
    J.WAITING: frozenset({J.RELEASED, J.CANCELLED}),
    # back to waiting: its ticket was taken back unsent, or is known not to have been made
    J.RELEASED: frozenset({J.WAITING, J.DONE, J.FAILED, J.CANCELLED}),
    J.DONE: frozenset(),
    J.FAILED: frozenset(),
    J.CANCELLED: frozenset(),
}
BATCH_STEPS: Mapping[BatchState, frozenset[BatchState]] = {
    B.RELEASED: frozenset({B.RUNNING, B.DONE, B.FAILED, B.CANCELLED}),
    B.RUNNING: frozenset({B.DONE, B.FAILED}),
    B.DONE: frozenset(),
    B.FAILED: frozenset(),
    B.CANCELLED: frozenset(),
}
#: A station's report may overtake our own book-keeping: from `sending` on, any later state may follow.
TICKET_STEPS: Mapping[TicketState, frozenset[TicketState]] = {
    T.RELEASED: frozenset({T.SENDING, T.CANCELLED}),
    T.SENDING: frozenset({T.DELIVERED, T.ACCEPTED, T.RUNNING, T.DONE, T.FAILED, T.IN_DOUBT}),
    T.DELIVERED: frozenset({T.ACCEPTED, T.RUNNING, T.DONE, T.FAILED, T.IN_DOUBT}),
    T.ACCEPTED: frozenset({T.RUNNING, T.DONE, T.FAILED, T.IN_DOUBT}),
    T.RUNNING: frozenset({T.DONE, T.FAILED, T.IN_DOUBT}),
    T.IN_DOUBT: frozenset({T.ACCEPTED, T.RUNNING, T.DONE, T.FAILED, T.CANCELLED}),
    T.DONE: frozenset(),
    T.FAILED: frozenset(),
    T.CANCELLED: frozenset(),
}
STATION_STEPS: Mapping[StationState, frozenset[StationState]] = {
    StationState.UP: frozenset({StationState.DOWN}),
    StationState.DOWN: frozenset({StationState.UP}),
}

State = TypeVar("State", bound=StrEnum)


def check_step(steps: Mapping[State, frozenset[State]], kind: str, ident: str, state: State, wanted: State) -> None:
    """
    Refuse a step that the table does not allow.

    Raises
    ------
    TransitionError
        When `wanted` may not follow `state`.
    """
    if wanted not in steps[state]:
        raise TransitionError(kind, ident, state, wanted)
