"""
An order document, checked whole: the one validator behind every door.

Takes what JSON, a table row or a form has become in Python, and gives an `OrderIn` or every fault at once.
Whether the order can be made is judged in `accept`.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from batcher.domain.orders import OrderIn, OrderLine
from batcher.errors import DocumentError, Fault, OrderRejectedError
from batcher.intake import words
from batcher.intake.strict_json import load_json, printable, refuse
from batcher.net.addresses import check_url

__all__ = ["LineDocument", "OrderDocument", "Parse", "load_json", "order_lines", "parse_order", "validated"]

#: What begins so is an address, and no name of an artwork.
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|(data|file|javascript):", re.IGNORECASE)
_MAX_LINES = 10_000
_MAX_PIECES = 10_000
_MAX_ATTRIBUTES = 50
_MAX_WORD = 200
#: Names of things that are ours to say.
_OURS = frozenset(
    {
        "attempt", "attempts", "batch", "batch_id", "completed_at", "epoch", "held_code", "held_reason", "items", "key",
        "leave_by_at", "pieces", "received_at", "source", "state", "status", "ticket", "ticket_id", "version",
    }
)  # fmt: skip


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("type_invalid", "must be a text")
    if len(value) > _MAX_WORD:
        raise PydanticCustomError("text_too_long", "has more than 200 characters")
    return words.text(value)


def _named(value: str) -> str:
    if not value:
        raise PydanticCustomError("text_empty", "must not be empty")
    return value


def _quantity(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise PydanticCustomError("qty_invalid", "must be a whole number of at least 1")
    if value > _MAX_PIECES:
        raise PydanticCustomError("qty_over_limit", "is more than 10000, the most of one order")
    return value


def lines_given(value: object) -> object:
    """Return what may be the lines of an order: some, and not too many."""
    if isinstance(value, list) and not value:
        raise PydanticCustomError("items_empty", "must name at least one line")
    if isinstance(value, list) and len(value) > _MAX_LINES:
        raise PydanticCustomError("items_too_many", "has more than 10000 lines")
    return value


def _attributes(value: object) -> object:
    if isinstance(value, dict) and len(value) > _MAX_ATTRIBUTES:
        raise PydanticCustomError("attributes_too_many", "has more than 50 attributes")
    return value


def _instant(value: object, info: ValidationInfo) -> datetime:
    assert info.context is not None
    return words.instant(value, info.context["zone"])


Id = Annotated[str, BeforeValidator(words.identifier)]
LineId = Annotated[str, BeforeValidator(words.line_identifier)]
Word = Annotated[str, BeforeValidator(_word)]
Name = Annotated[str, BeforeValidator(_word), AfterValidator(_named)]
Artwork = Annotated[str, AfterValidator(words.reference)]
Checksum = Annotated[str, AfterValidator(words.checksum)]
Text = Annotated[str, AfterValidator(words.line_text)]
Quantity = Annotated[int, BeforeValidator(_quantity)]
Attributes = Annotated[dict[Name, Word], BeforeValidator(_attributes)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Document = TypeVar("Document", bound=BaseModel)
#: Returns the order that a document means: `parse_order` with all but its first argument bound.
Parse = Callable[[object], OrderIn]


class LineDocument(BaseModel):
    """One line; without a `line_id` it is called by its position, from 1."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    line_id: LineId | None = None
    sku: Name
    quantity: Quantity
    text: Text = ""
    artwork: Artwork | None = None
    artwork_sha256: Checksum | None = None
    attributes: Attributes = {}
    price: Any = None  #: sources send it; the floor has no use for it


class OrderDocument(BaseModel):
    """One order as a source sends it."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    order_id: Id
    placed_at: Instant
    service: Name
    lines: Annotated[list[LineDocument], BeforeValidator(lines_given)]
    channel: Word = ""
    tier: Name = "standard"
    country: Word = ""
    carrier: Word = ""
    attributes: Attributes = {}
    reservation: Word = ""  #: what `POST /v1/quotes` reserved for it


def _one_line(_sku: str) -> bool:
    return False


def parse_order(
    doc: object,
    *,
    source: str,
    zone: ZoneInfo,
    takes_lines: Callable[[str], bool] = _one_line,
    private_artwork: bool = False,
) -> OrderIn:
    """
    Return the order a document means.

    Parameters
    ----------
    source
        Where it came from; order ids are unique within a source.
    zone
        The site's time zone, for a `placed_at` without an offset.
    takes_lines
        Tells of a SKU whether its text may have several lines.
    private_artwork
        Artwork may lie at private addresses, and at plain HTTP.

    Raises
    ------
    OrderRejectedError
        With every fault: a JSON pointer, a stable code and what to do. Nothing of the input is told at length.
    """
    if not isinstance(doc, dict):
        refuse("body_not_object", "an order is a JSON object")
    document = validated(OrderDocument, doc, zone)
    lines = order_lines(document.lines)
    _check_lines(lines, takes_lines, private_artwork=private_artwork)
    order = OrderIn(
        source=source,
        order_id=document.order_id,
        placed_at=document.placed_at,
        service=document.service,
        lines=lines,
        channel=document.channel,
        tier=document.tier,
        country=document.country,
        carrier=document.carrier,
        attributes=document.attributes,
        reservation=document.reservation,
    )
    return replace(order, content_hash=content_hash(order))


def validated(model: type[Document], doc: Mapping[str, object], zone: ZoneInfo) -> Document:
    """
    Return a document as its model.

    Raises
    ------
    OrderRejectedError
        With every fault.
    """
    try:
        return model.model_validate(doc, context={"zone": zone})
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        raise OrderRejectedError(tuple(_fault(detail) for detail in details)) from None


def order_lines(documents: Iterable[LineDocument]) -> tuple[OrderLine, ...]:
    """
    Return the lines of one order.

    Raises
    ------
    OrderRejectedError
        When they do not go together.
    """
    lines = tuple(
        OrderLine(
            line.line_id or str(position),
            line.sku,
            line.quantity,
            line.text,
            line.artwork,
            line.attributes,
            line.artwork_sha256,
        )
        for position, line in enumerate(documents, start=1)
    )
    _check_together(lines)
    return lines


def content_hash(order: OrderIn) -> str:
    """Return what identifies the content of an order, however it was written down."""
    lines = [_line_content(line) for line in order.lines]
    content = {**vars(order), "placed_at": order.placed_at.isoformat(), "lines": lines}
    del content["source"], content["content_hash"]
    if not order.reservation:
        del content["reservation"]  # so that orders from before there were any are still recognised
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _line_content(line: OrderLine) -> dict[str, object]:
    # a field that came later counts only where it is used: what came in before is recognised by its old hash
    return {name: value for name, value in vars(line).items() if name != "artwork_sha256" or value is not None}


def _artwork_faults(reference: str, where: str, *, private: bool) -> tuple[Fault, ...]:
    """Return why an artwork can be asked for nowhere; nothing where it is a name that stations know."""
    if not _ADDRESS.match(reference):
        return ()
    if not reference.startswith(("https://", "http://")):
        return (Fault(where, "must begin with https://", "url_scheme"),)
    try:
        check_url(reference, private=private, where=where)
    except DocumentError as error:
        return error.faults
    return ()


def _check_lines(lines: tuple[OrderLine, ...], takes_lines: Callable[[str], bool], *, private_artwork: bool) -> None:
    faults = [
        Fault(f"/lines/{position}/text", "holds a line break, and the product takes one line", "text_control_char")
        for position, line in enumerate(lines)
        if "\n" in line.text and not takes_lines(line.sku)
    ]
    for position, line in enumerate(lines):
        faults += _artwork_faults(line.artwork or "", f"/lines/{position}/artwork", private=private_artwork)
    if faults:
        raise OrderRejectedError(tuple(faults))


def _check_together(lines: tuple[OrderLine, ...]) -> None:
    seen: set[str] = set()
    faults = []
    for position, line in enumerate(lines):
        if line.line_id in seen:
            faults.append(
                Fault(f"/lines/{position}/line_id", f"there is another line {line.line_id}", "item_duplicate")
            )
        seen.add(line.line_id)
    if sum(line.quantity for line in lines) > _MAX_PIECES:
        faults.append(Fault("/lines", f"an order has at most {_MAX_PIECES} pieces", "qty_over_limit"))
    if faults:
        raise OrderRejectedError(tuple(faults))


def _fault(detail: ErrorDetails) -> Fault:
    where = "".join(f"/{_pointer(part)}" for part in detail["loc"] if part != "[key]")
    match detail["type"]:
        case "extra_forbidden" if detail["loc"][-1] in _OURS:
            return Fault(where, "is ours to say", "field_not_writable")
        case "extra_forbidden":
            return Fault(where, "is no field of an order", "field_unknown")
        case "missing":
            return Fault(where, "is missing", "field_required")
        case "list_type":
            return Fault(where, "must be a list", "type_invalid")
        case "string_type":
            return Fault(where, "must be a text", "type_invalid")
        case "dict_type" | "model_type":
            return Fault(where, "must be an object", "type_invalid")
        case code:
            return Fault(where, detail["msg"], code)


def _pointer(part: object) -> str:
    return printable(str(part)).replace("~", "~0").replace("/", "~1")
