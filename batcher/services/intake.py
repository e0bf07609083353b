"""
Orders through any door: parsed, judged, kept, and the metrics told.

The one validator and the judgement by the rules are in `intake`; which answer a door gives is the door's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from batcher.domain.orders import OrderIn
from batcher.errors import Fault, OrderRejectedError
from batcher.intake.accept import Outcome, accept
from batcher.intake.documents import parse_order
from batcher.services.context import Floor

log = structlog.get_logger()

#: What a source may be called.
SOURCE_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


@dataclass(frozen=True)
class Taken:
    """What became of one order document; `faults` only when it was rejected."""

    order_id: str
    outcome: str  #: created, replayed, conflict or rejected
    key: str | None = None
    held_code: str | None = None
    message: str = ""
    faults: tuple[Fault, ...] = ()


def take_orders(floor: Floor, docs: Sequence[object], source: str) -> list[Taken]:
    """Take in a list of order documents; each is judged on its own, and the good ones are kept in one commit."""
    zone = floor.rules.current.site.zone
    taken: list[Taken | None] = [None] * len(docs)
    good: list[tuple[int, OrderIn]] = []
    for k, doc in enumerate(docs):
        try:
            good.append((k, parse_order(doc, source=source, zone=zone)))
        except OrderRejectedError as error:
            name = doc.get("order_id") if isinstance(doc, dict) else None
            taken[k] = Taken(str(name or "")[:64], "rejected", message=str(error.faults[0]), faults=error.faults)
    outcomes = accept(floor.store, floor.rules.current, [order for _, order in good], floor.now())
    for (k, _), outcome in zip(good, outcomes, strict=True):
        taken[k] = _taken(outcome)
    result = [entry for entry in taken if entry is not None]
    tell_taken(floor, result, source)
    return result


def _taken(outcome: Outcome) -> Taken:
    return Taken(outcome.order_id, outcome.outcome, outcome.key, outcome.held_code, outcome.message)


def tell_taken(floor: Floor, taken: Sequence[Taken], source: str) -> None:
    """Count and log what came in."""
    for entry in taken:
        outcome = "held" if entry.outcome == "created" and entry.held_code else entry.outcome
        floor.metrics.orders_received.labels(outcome=outcome).inc()
        if entry.outcome != "replayed":
            log.info(
                "order_taken_in",
                outcome=outcome,
                source=source,
                # what was refused may be anything, also somebody's name
                order_id=None if entry.outcome == "rejected" else entry.order_id,
                order_key=entry.key,
                code=entry.held_code,
            )
