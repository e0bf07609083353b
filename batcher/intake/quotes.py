"""A question for a date, checked whole: what somebody may order, where it goes, and by when they want it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

from batcher.domain.orders import OrderIn
from batcher.errors import Fault, OrderRejectedError
from batcher.intake.documents import Attributes, Instant, LineDocument, Name, Word, lines_given, order_lines, validated
from batcher.intake.strict_json import refuse

#: Pieces in one quote: more would not be answered while somebody waits.
MAX_QUOTED_PIECES = 200
#: The longest that room is kept for an order still to come: a week.
MAX_RESERVED_MINUTES = 7 * 24 * 60


@dataclass(frozen=True)
class Question:
    """
    What somebody wants to know.

    Parameters
    ----------
    order
        As if placed now; no service: all are asked for.
    lasts
        For how long it is to be reserved; none: not at all.
    hurry
        Reserve the collection that others give way for, where there is one.
    """

    order: OrderIn
    wanted_by: datetime | None = None
    lasts: timedelta | None = None
    hurry: bool = False


def _minutes(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_RESERVED_MINUTES:
        raise PydanticCustomError("minutes_invalid", "must be a whole number of minutes, from 1 to 10080")
    return value


class ReserveDocument(BaseModel):
    """Room to be kept for the order that will name it."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    minutes: Annotated[int, BeforeValidator(_minutes)]
    hurry: bool = False


class DestinationDocument(BaseModel):
    """Where it would go."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    country: Word = ""
    carrier: Word = ""


class QuoteDocument(BaseModel):
    """What somebody may order; without a `service` all are quoted."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    lines: Annotated[list[LineDocument], BeforeValidator(lines_given)]
    service: Name | None = None
    destination: DestinationDocument = DestinationDocument()
    wanted_by: Instant | None = None
    channel: Word = ""
    tier: Name = "standard"
    attributes: Attributes = {}
    reserve: ReserveDocument | None = None


def parse_quote(doc: object, *, source: str, zone: ZoneInfo, now: datetime) -> Question:
    """
    Return the question that a document asks.

    Raises
    ------
    OrderRejectedError
        With every fault.
    """
    if not isinstance(doc, Mapping):
        refuse("body_not_object", "a quote is asked for with a JSON object")
    document = validated(QuoteDocument, doc, zone)
    lines = order_lines(document.lines)
    if sum(line.quantity for line in lines) > MAX_QUOTED_PIECES:
        fault = Fault("/lines", f"a quote is given for at most {MAX_QUOTED_PIECES} pieces", "qty_over_limit")
        raise OrderRejectedError((fault,))
    if document.reserve is not None and document.service is None:
        fault = Fault("/service", "is needed to reserve: room is kept for one service", "field_required")
        raise OrderRejectedError((fault,))
    order = OrderIn(
        source=source,
        order_id="quote",
        placed_at=now,
        service=document.service or "",
        lines=lines,
        channel=document.channel,
        tier=document.tier,
        country=document.destination.country,
        carrier=document.destination.carrier,
        attributes=document.attributes,
    )
    if document.reserve is None:
        return Question(order, document.wanted_by)
    lasts = timedelta(minutes=document.reserve.minutes)
    return Question(order, document.wanted_by, lasts, document.reserve.hurry)
