"""What buyers answered of their orders, once each, and the secret that links to their pages are made with."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlmodel import Session

from batcher.errors import ConflictError
from batcher.store import tables
from batcher.store.events import record
from batcher.store.rows import columns


@dataclass(frozen=True)
class BuyerAnswer:
    """What only a buyer can tell of an order."""

    order_key: str
    as_promised: bool  #: it came when it was promised
    as_expected: bool
    wrong: str | None  #: what was wrong, if something was
    remake_key: str | None  #: the order that waits for approval in its place
    at: datetime


def answer_of(s: Session, key: str) -> BuyerAnswer | None:
    """Return what the buyer of an order answered; none: nothing yet."""
    table = tables.buyer_answers
    row = s.execute(select(*columns(table, BuyerAnswer)).where(table.c.order_key == key)).one_or_none()
    return None if row is None else BuyerAnswer(*row)


def add_answer(s: Session, answer: BuyerAnswer) -> None:
    """
    Keep what a buyer answered, and record it.

    Raises
    ------
    ConflictError
        When there is an answer already.
    """
    if answer_of(s, answer.order_key) is not None:
        raise ConflictError("it was answered before")
    s.execute(insert(tables.buyer_answers).values(**asdict(answer)))
    data = {"as_promised": answer.as_promised, "as_expected": answer.as_expected, "wrong": answer.wrong}
    record(
        s, kind="answer", ident=answer.order_key, order_key=answer.order_key, after="answered", now=answer.at, data=data
    )


def is_forgotten(s: Session, key: str) -> bool:
    """Tell whether the texts of an order have been taken out."""
    orders = tables.orders
    return s.execute(select(orders.c.erased_at).where(orders.c.key == key)).scalar_one_or_none() is not None


def secret(s: Session, name: str) -> str | None:
    """Return a secret of ours; none when it has not been made."""
    table = tables.secrets
    return s.execute(select(table.c.value).where(table.c.name == name)).scalar_one_or_none()


def add_secret(s: Session, name: str, value: str) -> str:
    """Keep a secret, unless there is one; return the one that counts."""
    known = secret(s, name)
    if known is None:
        s.execute(insert(tables.secrets).values(name=name, value=value))
    return known or value
