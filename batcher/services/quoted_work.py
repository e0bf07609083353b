"""An order that nobody has placed yet, as work that could be planned."""

from collections.abc import Sequence
from datetime import datetime

from batcher.domain.orders import Job, OpenWork, Order, OrderIn, Promise
from batcher.domain.states import JobState, OrderState
from batcher.store.orders import NewPiece

#: No order has such a key.
_KEY = "quote"


def quoted_work(asked: OrderIn, promised: Promise, pieces: Sequence[NewPiece], leave_by_at: datetime) -> list[OpenWork]:
    """
    Return every step of every piece.

    Parameters
    ----------
    promised
        What its service promises; says what being late costs.
    leave_by_at
        The collection to plan it for, that one or a later one.
    """
    order = Order(
        key=_KEY,
        source=asked.source,
        order_id=asked.order_id,
        state=OrderState.WAITING,
        placed_at=asked.placed_at,
        received_at=asked.placed_at,
        service=asked.service,
        tier=asked.tier,
        channel=asked.channel,
        country=asked.country,
        carrier=asked.carrier,
        attributes=asked.attributes,
        leave_by_at=leave_by_at,
        late_cost_minor=promised.late_cost_minor,
        late_cost_per_hour_minor=promised.late_cost_per_hour_minor,
        due_how=promised.how,
        pieces=len(pieces),
    )
    work: list[OpenWork] = []
    for number, piece in enumerate(pieces, start=1):
        item = piece.as_item(f"{_KEY}-{number}", _KEY)
        work += [OpenWork(job, item, order) for job in _jobs(item.id, piece, asked.placed_at)]
    return work


def _jobs(item_id: str, piece: NewPiece, now: datetime) -> list[Job]:
    return [
        Job(
            id=f"{item_id}-{step}",
            item_id=item_id,
            order_key=_KEY,
            step=step,
            steps=len(piece.processes),
            process=process,
            state=JobState.WAITING,
            ready_at=now if step == 1 else None,
        )
        for step, process in enumerate(piece.processes, start=1)
    ]
