"""
Orders through any door: parsed, judged, kept, and the metrics told.

The one validator and the judgement by the rules are in `intake`; which answer a door gives is the door's.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from batcher.domain.orders import OrderIn
from batcher.errors import Fault, OrderRejectedError
from batcher.intake.accept import NOTHING_PROMISED, Outcome, accept, judge, known_orders
from batcher.intake.documents import Parse, parse_order
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor

log = structlog.get_logger()

#: What a source may be called.
SOURCE_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


@dataclass(frozen=True)
class Taken:
    """What became of one order document; `faults` only when it was rejected."""

    order_id: str
    outcome: str  #: created, replayed, conflict, rejected; valid when only tried; not_kept when others kept it out
    key: str | None = None
    held_code: str | None = None
    message: str = ""
    faults: tuple[Fault, ...] = ()
    leave_by_at: datetime | None = None  #: of one that was created, or would be; none while nothing is promised


def take_orders(floor: Floor, docs: Sequence[object], source: str, *, together: bool = False) -> list[Taken]:
    """
    Take in a list of order documents; each is judged on its own, and the good ones are kept.

    Parameters
    ----------
    together
        Keep all of them in one commit, or none when one has faults or conflicts with what came in before.
    """
    parsed = [_parsed(floor, doc, source) for doc in docs]
    if together and any(isinstance(order, Taken) for order in parsed):
        return [order if isinstance(order, Taken) else _untouched(order) for order in parsed]
    taken = _kept(floor, parsed, together=together)
    tell_taken(floor, taken, source)
    return taken


def take_each(floor: Floor, sent: Sequence[tuple[object, str]]) -> list[Taken]:
    """Take in order documents, each with its source, in as few commits as can be; who sent one tells of it."""
    return _kept(floor, [_parsed(floor, doc, source) for doc, source in sent], together=False)


def _kept(floor: Floor, parsed: Sequence[OrderIn | Taken], *, together: bool) -> list[Taken]:
    good = [order for order in parsed if isinstance(order, OrderIn)]
    outcomes = iter(accept(floor.store, floor.rules.current, good, floor.now(), together=together))
    return [order if isinstance(order, Taken) else _taken(next(outcomes)) for order in parsed]


def try_orders(floor: Floor, docs: Sequence[object], source: str) -> list[Taken]:
    """Tell what would become of order documents, and keep nothing: ``valid`` is what would be created."""
    rules, now = floor.rules.current, floor.now()
    parsed = [_parsed(floor, doc, source) for doc in docs]
    good = [order for order in parsed if isinstance(order, OrderIn)]
    known = iter(known_orders(floor.store, good))
    return [order if isinstance(order, Taken) else _tried(rules, order, next(known), now) for order in parsed]


def order_reader(floor: Floor, source: str) -> Parse:
    """Return what reads the documents of a source, under the rules in force."""
    rules = floor.rules.current
    return partial(
        parse_order,
        source=source,
        zone=rules.site.zone,
        takes_lines=rules.takes_lines,
        private_artwork=floor.settings.private_artwork,
    )


def _parsed(floor: Floor, doc: object, source: str) -> OrderIn | Taken:
    try:
        return order_reader(floor, source)(doc)
    except OrderRejectedError as error:
        name = doc.get("order_id") if isinstance(doc, dict) else None
        return Taken(str(name or "")[:64], "rejected", message=str(error.faults[0]), faults=error.faults)


def _untouched(order: OrderIn) -> Taken:
    return Taken(order.order_id, "not_kept", message="another order of the list was refused")


def _tried(rules: RuleSet, order: OrderIn, known: Outcome | None, now: datetime) -> Taken:
    if known is not None:
        return _taken(known)
    judged = judge(rules, order, now)
    held = judged.held
    return Taken(
        order.order_id,
        "valid",
        held_code=None if held is None else held.code,
        message="" if held is None else held.reason,
        leave_by_at=judged.promise.leave_by_at if judged.promise.how != NOTHING_PROMISED else None,
    )


def _taken(outcome: Outcome) -> Taken:
    return Taken(
        outcome.order_id,
        outcome.outcome,
        outcome.key,
        outcome.held_code,
        outcome.message,
        leave_by_at=outcome.leave_by_at,
    )


def tell_taken(floor: Floor, taken: Sequence[Taken], source: str) -> None:
    """Count and log what came in: of a list, the orders of which there is more to be said than that they came in."""
    outcomes = Counter(_in_short(entry) for entry in taken)
    for outcome, count in outcomes.items():
        floor.metrics.orders_received.labels(outcome=outcome).inc(count)
    if len(taken) > 1:
        log.info("orders_taken_in", source=source, orders=len(taken), **outcomes)
    for entry in taken:
        outcome = _in_short(entry)
        if outcome != "replayed" and (outcome != "created" or len(taken) == 1):
            log.info(
                "order_taken_in",
                outcome=outcome,
                source=source,
                # what was refused may be anything, also somebody's name
                order_id=None if entry.outcome == "rejected" else entry.order_id,
                order_key=entry.key,
                code=entry.held_code,
            )


def _in_short(entry: Taken) -> str:
    return "held" if entry.outcome == "created" and entry.held_code else entry.outcome
