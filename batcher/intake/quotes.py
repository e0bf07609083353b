"""A question for a date, checked whole: what somebody may order, where it goes, and by when they want it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict

from batcher.domain.orders import OrderIn
from batcher.errors import Fault, OrderRejectedError
from batcher.intake.documents import Attributes, Instant, LineDocument, Name, Word, lines_given, order_lines, validated
from batcher.intake.strict_json import refuse

#: Pieces in one quote: more would not be answered while somebody waits.
MAX_QUOTED_PIECES = 200


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


def parse_quote(doc: object, *, source: str, zone: ZoneInfo, now: datetime) -> tuple[OrderIn, datetime | None]:
    """
    Return the order that is asked about, as if placed now, and by when it is wanted; no service: all are asked for.

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
    return order, document.wanted_by
