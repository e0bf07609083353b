"""
Blanks that have run out, and the pieces that wait for them: those that no station has begun.

A blank is named as a product, as a product with its finish, or as a SKU. What has run out is no open work, for plans,
releases and quotes alike; what is begun has its blank, and goes on.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, insert, or_, select
from sqlmodel import Session

from batcher.domain.states import ItemState, OrderState
from batcher.errors import NotFoundError
from batcher.store import tables
from batcher.store.events import record
from batcher.store.rows import columns

_b, _i, _o = tables.blanks_out, tables.items, tables.orders
_KIND, _THERE, _OUT = "blank", "there", "out"


@dataclass(frozen=True)
class BlankOut:
    """A blank that has run out."""

    blank: str
    reason: str
    who: str
    since: datetime


def _named(sku: ColumnElement[str], product: ColumnElement[str], finish: ColumnElement[str]) -> ColumnElement[bool]:
    return or_(_b.c.blank == product, _b.c.blank == sku, _b.c.blank == product + "/" + finish)


#: Whether a row of items waits for a blank; for statements that read items.
WAITS_FOR_BLANK: ColumnElement[bool] = (_i.c.state == ItemState.WAITING) & exists().where(
    _named(_i.c.sku, _i.c.product, _i.c.finish)
).correlate(_i)

_WAITING = (
    select(_i.c.id, func.min(_b.c.blank))
    .join_from(_i, _b, _named(_i.c.sku, _i.c.product, _i.c.finish))
    .join(_o, _o.c.key == _i.c.order_key)
    .where(_i.c.state == ItemState.WAITING, _o.c.state.in_((OrderState.WAITING, OrderState.IN_PRODUCTION)))
    .group_by(_i.c.id)
)


def names_of(sku: str, product: str, finish: str) -> tuple[str, ...]:
    """Return what the blank of a piece may be called, the most exact first."""
    return sku, f"{product}/{finish}", product


def blanks_out(s: Session) -> dict[str, BlankOut]:
    """Return the blanks that have run out, by name."""
    return {row[0]: BlankOut(*row) for row in s.execute(select(*columns(_b, BlankOut)).order_by(_b.c.blank))}


def items_waiting(s: Session) -> dict[str, str]:
    """Return the pieces of open orders that wait for a blank, with its name."""
    if not blanks_out(s):
        return {}
    return {row[0]: row[1] for row in s.execute(_WAITING)}


def run_out(s: Session, blanks: Iterable[str], reason: str, who: str, now: datetime) -> list[str]:
    """Note that blanks have run out; one of which that is known stays as it was. Return those that are new."""
    known = blanks_out(s)
    new = [blank for blank in dict.fromkeys(blanks) if blank not in known]
    for blank in new:
        s.execute(insert(_b), asdict(BlankOut(blank, reason, who, now)))
        told = {"reason": reason, "who": who}
        record(s, kind=_KIND, ident=blank, before=_THERE, after=_OUT, now=now, data=told)
    return new


def come_back(s: Session, blank: str, reason: str, who: str, now: datetime) -> None:
    """
    Note that a blank is there again.

    Raises
    ------
    NotFoundError
        When it has not run out.
    """
    if blank not in blanks_out(s):
        raise NotFoundError("blank that has run out:", blank)
    s.execute(delete(_b).where(_b.c.blank == blank))
    record(s, kind=_KIND, ident=blank, before=_OUT, after=_THERE, now=now, data={"reason": reason, "who": who})
