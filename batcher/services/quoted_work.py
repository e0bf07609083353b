"""An order that nobody has placed yet, asked about or reserved, as work that could be planned."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from batcher.domain.orders import Item, Job, OpenWork, Order, OrderIn, Promise
from batcher.domain.reservations import Reservation
from batcher.domain.states import JobState, OrderState
from batcher.intake.accept import judge
from batcher.rules.ruleset import RuleSet
from batcher.store.orders import NewPiece

#: No order has such a key.
_QUOTE = "quote"


def reserved_work(rules: RuleSet, reservations: Iterable[Reservation]) -> list[OpenWork]:
    """
    Return what is reserved; nothing of it can begin before its reservation is over, since nothing is ordered yet.

    What the rules of now cannot make is left out.
    """
    work: list[OpenWork] = []
    for kept in reservations:
        judged = judge(rules, kept.order, kept.made_at)
        if judged.pieces and (judged.held is None or judged.held.code == "service_impossible"):
            work += quoted_work(
                kept.order, judged.promise, judged.pieces, kept.leave_by_at, ready_at=kept.expires_at, key=kept.key
            )
    return work


def quoted_work(
    asked: OrderIn,
    promised: Promise,
    pieces: Sequence[NewPiece],
    leave_by_at: datetime,
    *,
    ready_at: datetime,
    key: str = _QUOTE,
) -> list[OpenWork]:
    """
    Return every step of every piece.

    Parameters
    ----------
    promised
        What its service promises; says what being late costs.
    leave_by_at
        The collection to plan it for, that one or a later one.
    ready_at
        When it may begin at the earliest.
    key
        What it is called among orders.
    """
    order = Order(
        key=key,
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
        item = piece.as_item(f"{key}-{number}", key)
        work += [OpenWork(job, item, order) for job in _jobs(item, piece, ready_at)]
    return work


def _jobs(item: Item, piece: NewPiece, ready_at: datetime) -> list[Job]:
    return [
        Job(
            id=f"{item.id}-{step}",
            item_id=item.id,
            order_key=item.order_key,
            step=step,
            steps=len(piece.processes),
            process=process,
            state=JobState.WAITING,
            ready_at=ready_at if step == 1 else None,
        )
        for step, process in enumerate(piece.processes, start=1)
    ]
