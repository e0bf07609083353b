"""Answers that were given to requests with an Idempotency-Key, kept for a day so that they can be given again."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select
from sqlmodel import Session

from batcher.store import tables
from batcher.store.rows import columns


@dataclass(frozen=True)
class KeptAnswer:
    """One answer; `caller` tells apart those who use the same key."""

    caller: str
    key: str
    request_hash: str
    status: int
    headers: dict[str, str]
    body: str
    at: datetime


_a = tables.kept_answers
_FIND = select(*columns(_a, KeptAnswer)).where(_a.c.caller == bindparam("caller"), _a.c.key == bindparam("key"))


def find_answer(s: Session, caller: str, key: str) -> KeptAnswer | None:
    """Return what was answered to a key; none when nothing was, or too long ago."""
    row = s.execute(_FIND, {"caller": caller, "key": key}).one_or_none()
    return None if row is None else KeptAnswer(*row)


def keep_answer(s: Session, answer: KeptAnswer) -> None:
    """Keep an answer in the place of one that the same key had."""
    s.execute(delete(_a).where(_a.c.caller == answer.caller, _a.c.key == answer.key))
    s.execute(insert(_a), asdict(answer))


def forget_answers(s: Session, before: datetime) -> None:
    """Forget the answers that were given before a moment."""
    s.execute(delete(_a).where(_a.c.at < before))
