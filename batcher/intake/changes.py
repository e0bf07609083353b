"""A change of an order: a merge patch (RFC 7396) of the document that it came as, checked whole like a new one."""

from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel, ConfigDict

from batcher.domain.orders import OrderIn
from batcher.errors import Fault, OrderRejectedError
from batcher.intake.documents import Attributes, LineDocument, Name, Parse, Word
from batcher.intake.strict_json import refuse


class OrderChange(BaseModel):
    """What of an order may be changed: a field that is there takes the place of the old one, `lines` as a whole."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    service: Name | None = None
    tier: Name | None = None
    channel: Word | None = None
    country: Word | None = None
    carrier: Word | None = None
    attributes: Attributes | None = None
    lines: list[LineDocument] | None = None


#: Fields that say which order it is.
_FIXED = frozenset({"order_id", "placed_at"})


def changed_order(order: OrderIn, change: object, parse: Parse) -> OrderIn:
    """
    Return an order with changes; a field that is null goes back to its default.

    Parameters
    ----------
    parse
        Reads a document of the order's source.

    Raises
    ------
    OrderRejectedError
        With every fault of the change, or of the order that would come of it.
    """
    if not isinstance(change, Mapping):
        refuse("body_not_object", "a change is a JSON object")
    fixed = sorted(_FIXED.intersection(change))
    if fixed:
        raise OrderRejectedError(
            tuple(Fault(f"/{name}", "says which order it is", "field_not_writable") for name in fixed)
        )
    document = {**_document(order), **change}
    for name, value in change.items():
        if name == "attributes" and isinstance(value, Mapping):
            document[name] = _merged(order.attributes, value)
        elif value is None:
            del document[name]
    return replace(parse(document), content_hash=order.content_hash)


def _merged(old: Mapping[str, str], change: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in {**old, **change}.items() if value is not None}


def _document(order: OrderIn) -> dict[str, object]:
    """Return an order as its source may have sent it."""
    names = ("order_id", "service", "tier", "channel", "country", "carrier", "attributes")
    return {
        **{name: getattr(order, name) for name in names},
        "placed_at": order.placed_at.isoformat(),
        "lines": [dict(vars(line)) for line in order.lines],
    }
