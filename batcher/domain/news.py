"""
News of orders, for those who sold them: which change of a state is worth telling, and what it is called.

The record of changes (`store.events`) is the only source; nothing is told that is not in it.
"""

from collections.abc import Mapping
from enum import StrEnum


class News(StrEnum):
    """What can happen to an order, as it is told outside."""

    ACCEPTED = "order.accepted"  #: it is kept, and planned
    HELD = "order.held"  #: a person must act first; `code` says why
    RELEASED = "order.released"  #: it is planned again
    CHANGED = "order.changed"  #: its content was changed
    PROMISE_CHANGED = "order.promise_changed"  #: its leave-by time is another one
    IN_PRODUCTION = "order.in_production"  #: the first of its pieces is at a station
    STEP_DONE = "item.step_done"  #: a step of a piece is done
    REMADE = "item.remade"  #: a piece failed, and another takes its place
    PACKED = "order.packed"  #: all its pieces are ready for the courier
    AT_RISK = "order.at_risk"  #: as planned it will be packed too late
    LATE = "order.late"  #: its leave-by time has passed
    ON_COURSE = "order.on_course"  #: at risk no more
    ANSWERED = "order.answered"  #: its buyer said how it came: as_promised, as_expected, and what was wrong
    CANCELLED = "order.cancelled"  #: nothing more is made of it


_ORDER = {"in_production": News.IN_PRODUCTION, "complete": News.PACKED, "cancelled": News.CANCELLED, "held": News.HELD}
_OUTLOOK = {"at_risk": News.AT_RISK, "late": News.LATE, "on_course": News.ON_COURSE}
#: What may be told of an event's data: ids, codes and instants, never what people wrote.
_TOLD = ("code", "source", "order_id", "changed", "remake_of", "recall", "as_promised", "as_expected", "wrong")


def news_of(kind: str, before: str | None, after: str, data: Mapping[str, object]) -> News | None:
    """Return what a recorded change means to those outside; none when nothing."""
    match kind:
        case "answer":
            return News.ANSWERED
        case "order" if before == after == "held" and "code" in data:
            return News.HELD  # for another reason than before
        case "order" if before == after:
            return News.CHANGED
        case "order" if after == "waiting":
            return News.ACCEPTED if before is None else News.RELEASED
        case "order":
            return News.RELEASED if before == "held" and after == "in_production" else _ORDER[after]
        case "promise":
            return News.PROMISE_CHANGED
        case "outlook":
            return _OUTLOOK[after]
        case "job" if after == "done":
            return News.STEP_DONE
        case "item" if before is None and "remake_of" in data:
            return News.REMADE
    return None


def told_of(data: Mapping[str, object]) -> dict[str, object]:
    """Return what of an event's data may leave the house."""
    return {name: data[name] for name in _TOLD if name in data}
