"""
What a buyer sees of an order under a link that nobody can guess, and the two questions that only a buyer can answer.

The link holds the order's key and a code made of it with a secret of this installation: nothing is kept for it, and
whoever has not been given it has no way to it. Buyers are told nothing of how the floor works.
"""

import base64
import hashlib
import hmac
import secrets as random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import structlog

from batcher.domain.orders import Item, Order, OrderIn
from batcher.domain.states import ItemState, OrderState
from batcher.errors import ConflictError, NotFoundError
from batcher.intake.accept import judge
from batcher.intake.documents import content_hash
from batcher.services.context import Floor
from batcher.store import answers, orders
from batcher.store.answers import BuyerAnswer
from batcher.store.orders import Held, NewOrder

log = structlog.get_logger()

_SECRET = "buyer links"  # noqa: S105 - its name, not the secret
_CODE = 26  #: of 32 letters each: 130 bits
#: Why a remake that a buyer's answer asks for is held.
REMAKE = "remake_approval"


class Stage(StrEnum):
    """How far a gift is, as its buyer understands it."""

    RECEIVED = "received"
    MAKING = "making"
    PACKED = "packed"
    LEFT = "left"
    CANCELLED = "cancelled"


class Wrong(StrEnum):
    """What can be wrong with a gift that has come."""

    DAMAGED = "damaged"
    TEXT = "text"  #: not what should stand on it
    ITEM = "item"  #: another thing, or a piece is missing
    QUALITY = "quality"
    OTHER = "other"


@dataclass(frozen=True)
class GiftPiece:
    """One line of an order for its buyer."""

    name: str
    text: str
    count: int


@dataclass(frozen=True)
class Gift:
    """An order for its buyer."""

    key: str
    number: str
    stage: Stage
    pieces: tuple[GiftPiece, ...]
    leaves_at: datetime
    checking: bool  #: a person looks into something
    late: bool
    made: int  #: pieces that are made
    count: int
    answer: BuyerAnswer | None


def link_code(floor: Floor, key: str) -> str:
    """Return what stands behind ``/s/`` in the link to an order's page."""
    return f"{key}-{_code(_secret(floor), key)}"


def gift_of(floor: Floor, code: str) -> Gift:
    """
    Return what a buyer sees.

    Raises
    ------
    NotFoundError
        When no link is so, or the order has been forgotten.
    """
    key = _key_of(floor, code)
    now = floor.now()
    with floor.store.read() as session:
        order = orders.get_order(session, key)
        items = [item for item in orders.items_of(session, key) if item.state is not ItemState.SCRAPPED]
        answer = answers.answer_of(session, key)
        forgotten = answers.is_forgotten(session, key)
    if forgotten:
        raise NotFoundError("page", "of this address")
    stage = _stage(order, now)
    return Gift(
        key=key,
        number=order.order_id,
        stage=stage,
        pieces=_pieces(floor, items),
        leaves_at=max(order.leave_by_at, order.completed_at or order.leave_by_at),
        checking=order.state is OrderState.HELD,
        late=stage in (Stage.RECEIVED, Stage.MAKING) and order.leave_by_at < now,
        made=sum(item.state in (ItemState.MADE, ItemState.PACKED) for item in items),
        count=len(items),
        answer=answer,
    )


def answer(floor: Floor, code: str, *, as_promised: bool, as_expected: bool, wrong: Wrong | None) -> BuyerAnswer:
    """
    Keep what a buyer answers, and for a defect put a remake before somebody who may approve it.

    Raises
    ------
    NotFoundError
        When no link is so.
    ConflictError
        When it has not left yet, or was answered before.
    """
    gift = gift_of(floor, code)
    if gift.stage is not Stage.LEFT:
        raise ConflictError("it has not left yet")
    defect = None if as_expected else wrong or Wrong.OTHER
    now = floor.now()
    told = BuyerAnswer(gift.key, as_promised, as_expected, defect, None, now)
    with floor.store.write() as session:
        if defect is not None:
            (added,) = orders.add_orders(
                session, [_remake(floor, orders.order_content(session, gift.key), defect, now)], now
            )
            told = replace(told, remake_key=None if added is None else added.key)
        answers.add_answer(session, told)
    for question, yes in (("as_promised", as_promised), ("as_expected", as_expected)):
        floor.metrics.buyer_answers.labels(question=question, answer="yes" if yes else "no").inc()
    log.info("buyer_answered", order_key=gift.key, as_promised=as_promised, as_expected=as_expected, code=defect)
    return told


def _remake(floor: Floor, order: OrderIn, wrong: Wrong, now: datetime) -> NewOrder:
    """Return the order again, held until somebody approves it."""
    again = replace(order, order_id=f"{order.order_id[:61]}-R1", placed_at=now)
    again = replace(again, content_hash=content_hash(again))
    judged = judge(floor.rules.current, again, now)
    reason = f"the buyer says of {order.order_id}: {wrong}; release it to make it again, or cancel it"
    return NewOrder(again, judged.promise, judged.pieces, Held(REMAKE, reason))


def _stage(order: Order, now: datetime) -> Stage:
    if order.state is OrderState.CANCELLED:
        return Stage.CANCELLED
    if order.state is OrderState.COMPLETE:
        return Stage.LEFT if order.leave_by_at <= now else Stage.PACKED
    return Stage.MAKING if order.state is OrderState.IN_PRODUCTION else Stage.RECEIVED


def _pieces(floor: Floor, items: Sequence[Item]) -> tuple[GiftPiece, ...]:
    counted = Counter((item.sku, item.product, item.text) for item in items)
    return tuple(GiftPiece(_name(floor, sku, product), text, count) for (sku, product, text), count in counted.items())


def _name(floor: Floor, sku: str, product: str) -> str:
    """Return what the catalogue calls a SKU for people; else its product's id, as words."""
    entry = floor.rules.current.entry(sku)
    named = entry.attributes.get("description", "") if entry is not None else ""
    return named or product.replace("-", " ").capitalize()


def _key_of(floor: Floor, code: str) -> str:
    key, _, given = code.rpartition("-")
    if not hmac.compare_digest(given.encode(), _code(_secret(floor), key).encode()):
        raise NotFoundError("page", "of this address")
    return key


def _code(secret: str, key: str) -> str:
    digest = hmac.new(secret.encode(), key.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:_CODE]


def _secret(floor: Floor) -> str:
    with floor.store.read() as session:
        known = answers.secret(session, _SECRET)
    if known is not None:
        return known
    with floor.store.write() as session:
        return answers.add_secret(session, _SECRET, random.token_urlsafe(32))
