"""
News made of the record of changes: each event once, in the order of commits, numbered within its order.

Keeping news and moving the watermark are one commit, so that nothing is told twice or left out, whatever is killed
when. What is to be kept is worked out before it, while others may write: nobody but the leader makes news, and what is
recorded stays. Which event is news is said in `domain.news`; who is told is in `hooks`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select, update
from sqlmodel import Session

from batcher.domain.ids import new_id
from batcher.domain.news import news_of, told_of
from batcher.errors import InvariantError
from batcher.store import tables
from batcher.store.events import Change, record_all
from batcher.store.many import insert_many
from batcher.store.rows import chunks, columns

#: The words for open orders: `ON_COURSE` is one that is neither at risk nor late.
ON_COURSE, AT_RISK, LATE = "on_course", "at_risk", "late"

_WATERMARK = "news"
_KINDS = ("answer", "order", "promise", "outlook", "job", "item")

_events, _news, _orders, _marks = tables.events, tables.news, tables.orders, tables.watermarks
# made once: this is run on and on
_MARK = select(_marks.c.seq).where(_marks.c.name == _WATERMARK)
_NEXT = (
    select(
        _events.c.seq, _events.c.at, _events.c.kind, _events.c.ident, _events.c.before, _events.c.after,
        _events.c.data, _events.c.order_key,
    )
    .where(_events.c.seq > bindparam("mark"))
    .order_by(_events.c.seq)
    .limit(bindparam("most"))
)  # fmt: skip
_MOVE_ON = (
    update(_marks)
    .where(_marks.c.name == _WATERMARK, _marks.c.seq == bindparam("behind"))
    .values(seq=bindparam("up_to"))
)
_KNOWN = select(_orders.c.key, _orders.c.source, _orders.c.order_id).where(
    _orders.c.key.in_(bindparam("keys", expanding=True))
)
_NUMBERS = (
    select(_news.c.order_key, func.max(_news.c.number))
    .where(_news.c.order_key.in_(bindparam("keys", expanding=True)))
    .group_by(_news.c.order_key)
)


@dataclass(frozen=True)
class NewsItem:
    """One piece of news."""

    seq: int  #: ascends in the order of commits
    id: str  #: the same whenever, and to whomever, it is told
    order_key: str
    number: int  #: 1 is the first of its order; no gaps
    type: str
    at: datetime
    source: str
    order_id: str
    data: dict[str, object]


@dataclass(frozen=True)
class Fresh:
    """News of the events between two places in the record, not kept yet."""

    behind: int
    up_to: int
    items: tuple[NewsItem, ...]
    at_end: bool  #: there are no more events


def fresh_news(s: Session, *, limit: int) -> Fresh:
    """Return news of the events since the last time, `limit` events at most."""
    mark = s.execute(_MARK).scalar_one()
    found = s.execute(_NEXT, {"mark": mark, "most": limit}).all()
    if not found:
        return Fresh(mark, mark, (), at_end=True)
    telling = [row for row in found if row.order_key is not None and row.kind in _KINDS]
    keys = sorted({row.order_key for row in telling})
    known = {row.key: row for part in chunks(keys) for row in s.execute(_KNOWN, {"keys": part})}
    numbers = _last_numbers(s, keys)
    made = []
    for row in telling:
        kind = news_of(row.kind, row.before, row.after, row.data)
        order = known.get(row.order_key)
        if kind is None or order is None:
            continue
        numbers[order.key] = number = numbers.get(order.key, 0) + 1
        data = told_of(row.data) | _more(row.kind, row.ident, row.after)
        made.append(NewsItem(row.seq, new_id(), order.key, number, kind, row.at, order.source, order.order_id, data))
    return Fresh(mark, found[-1].seq, tuple(made), at_end=len(found) < limit)


def keep_news(s: Session, fresh: Fresh) -> None:
    """
    Keep news, and note how far the record has been told.

    Raises
    ------
    InvariantError
        When somebody else has made news meanwhile.
    """
    moved = s.connection().execute(_MOVE_ON, {"behind": fresh.behind, "up_to": fresh.up_to})
    if moved.rowcount != 1:
        raise InvariantError("two have made news of the same events")
    insert_many(s, tables.news, [vars(item) for item in fresh.items])


def news_after(s: Session, after: int, *, limit: int, source: str | None = None) -> list[NewsItem]:
    """Return news behind a place, of one source or of all, oldest first."""
    news = tables.news
    wanted = select(*columns(news, NewsItem)).where(news.c.seq > after).order_by(news.c.seq).limit(limit)
    if source is not None:
        wanted = wanted.where(news.c.source == source)
    return [NewsItem(*row) for row in s.execute(wanted)]


def last_news(s: Session) -> int:
    """Return the place of the newest news; 0 when there is none."""
    return int(s.execute(select(func.max(tables.news.c.seq))).scalar_one() or 0)


def outlooks_told(s: Session) -> dict[str, str]:
    """Return what was last told of open orders that were not on course, by key."""
    outlooks = tables.outlooks
    return {row.order_key: row.outlook for row in s.execute(select(outlooks.c.order_key, outlooks.c.outlook))}


def note_outlooks(s: Session, changed: Mapping[str, str], now: datetime) -> None:
    """
    Record which orders have begun, or ceased, to be at risk or late; of one that is over nothing is told.

    Parameters
    ----------
    changed
        The word for each, `ON_COURSE` among them, by key; few enough for one statement.
    """
    orders, outlooks, keys = tables.orders, tables.outlooks, list(changed)
    found = select(outlooks.c.order_key, outlooks.c.outlook).where(outlooks.c.order_key.in_(keys))
    before = {row.order_key: row.outlook for row in s.execute(found)}
    open_ = select(orders.c.key).where(orders.c.key.in_(keys), orders.c.state.in_(("waiting", "in_production")))
    words = {key: changed[key] for key in s.execute(open_.order_by(orders.c.key)).scalars()}
    s.execute(delete(outlooks).where(outlooks.c.order_key.in_(keys)))
    put = [{"order_key": key, "outlook": word} for key, word in words.items() if word != ON_COURSE]
    insert_many(s, outlooks, put)
    told = [Change("outlook", key, key, before.get(key, ON_COURSE), word, {}) for key, word in words.items()]
    record_all(s, told, now)


def _last_numbers(s: Session, keys: Sequence[str]) -> dict[str, int]:
    return {key: number for part in chunks(keys) for key, number in s.execute(_NUMBERS, {"keys": part})}


def _more(kind: str, ident: str, after: str) -> dict[str, object]:
    match kind:
        case "promise":
            return {"leave_by_at": after}
        case "job":
            item_id, _, step = ident.rpartition("-")
            return {"item_id": item_id, "step": int(step)}
        case "item":
            return {"item_id": ident}
        case _:
            return {}
