"""Hooks, and what of the news has still to reach each of them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlmodel import Session

from batcher.errors import ConflictError, NotFoundError
from batcher.store import tables
from batcher.store.news import NewsItem
from batcher.store.rows import columns


@dataclass(frozen=True)
class Hook:
    """Where news is sent."""

    id: str
    name: str
    url: str
    secret: str
    old_secret: str | None  #: signs beside the new one until the receiver knows that
    types: tuple[str, ...]  #: none: all
    source: str | None  #: none: of all sources
    active: bool
    created_at: datetime
    failures: int = 0  #: in a row, since it last took something
    paused_until: datetime | None = None


@dataclass(frozen=True)
class Delivery:
    """One piece of news on its way to one hook, and how far that has come."""

    hook_id: str
    news_seq: int
    state: str  #: waiting, delivered or dead
    attempts: int
    first_at: datetime
    next_at: datetime
    ended_at: datetime | None = None
    last_error: str | None = None


@dataclass(frozen=True)
class Undelivered:
    """What hooks were not given yet, or never will be unless it is sent again."""

    counts: dict[str, int]  #: by state: waiting and dead
    oldest_at: datetime | None  #: since when the oldest of what waits has waited


_h, _d, _n = tables.hooks, tables.deliveries, tables.news
_HOOKS = select(*columns(_h, Hook)).order_by(_h.c.created_at, _h.c.id)


def add_hook(s: Session, hook: Hook) -> None:
    """
    Keep a hook.

    Raises
    ------
    ConflictError
        When there is one of that name.
    """
    if s.execute(select(_h.c.id).where(_h.c.name == hook.name)).first() is not None:
        raise ConflictError(f"there is a hook {hook.name}")
    s.execute(insert(_h), {**asdict(hook), "types": list(hook.types)})


def hooks(s: Session, *, source: str | None = None) -> list[Hook]:
    """Return the hooks, of one source or all, the oldest first."""
    wanted = _HOOKS if source is None else _HOOKS.where(_h.c.source == source)
    return [Hook(**{**row._mapping, "types": tuple(row.types)}) for row in s.execute(wanted)]  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


def get_hook(s: Session, ref: str, *, source: str | None = None) -> Hook:
    """
    Return a hook by id or name, within the bounds of a source.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    found = [hook for hook in hooks(s, source=source) if ref in (hook.id, hook.name)]
    if not found:
        raise NotFoundError("hook", ref)
    return found[0]


def change_hook(s: Session, hook_id: str, **values: Any) -> None:
    """Change columns of a hook."""
    s.execute(update(_h).where(_h.c.id == hook_id).values(**values))


def queue(s: Session, made: Sequence[NewsItem], now: datetime) -> int:
    """Put new news on its way to every hook that wants it; return how many deliveries that makes."""
    rows = [
        asdict(Delivery(hook.id, item.seq, "waiting", 0, now, now))
        for hook in hooks(s)
        if hook.active
        for item in made
        if hook.source in (None, item.source) and (not hook.types or item.type in hook.types)
    ]
    if rows:
        s.connection().execute(insert(_d), rows)
    return len(rows)


def due(s: Session, hook_id: str, now: datetime, limit: int) -> list[tuple[Delivery, NewsItem]]:
    """Return what should be sent to a hook now, oldest news first."""
    found = s.execute(
        select(*columns(_d, Delivery), *columns(_n, NewsItem))
        .join_from(_d, _n, _n.c.seq == _d.c.news_seq)
        .where(_d.c.hook_id == hook_id, _d.c.state == "waiting", _d.c.next_at <= now)
        .order_by(_d.c.news_seq)
        .limit(limit)
    )
    split = len(columns(_d, Delivery))
    return [(Delivery(*row[:split]), NewsItem(*row[split:])) for row in found]


def undelivered(s: Session) -> Undelivered:
    """Count what active hooks wait for, and what was given up for them."""
    found = s.execute(
        select(_d.c.state, func.count(), func.min(_d.c.first_at))
        .join_from(_d, _h, _h.c.id == _d.c.hook_id)
        .where(_h.c.active, _d.c.state.in_(("waiting", "dead")))
        .group_by(_d.c.state)
    ).all()
    counts = {"waiting": 0, "dead": 0} | {row[0]: row[1] for row in found}
    return Undelivered(counts, next((row[2] for row in found if row[0] == "waiting"), None))


def note(s: Session, delivery: Delivery) -> None:
    """Note how far a delivery has come."""
    values = {name: getattr(delivery, name) for name in ("state", "attempts", "next_at", "ended_at", "last_error")}
    s.execute(update(_d).where(_d.c.hook_id == delivery.hook_id, _d.c.news_seq == delivery.news_seq).values(values))


def deliveries(
    s: Session, hook_id: str, *, state: str | None = None, after: int = 0, limit: int = 100
) -> list[tuple[Delivery, NewsItem]]:
    """Return deliveries to a hook, in the order of their news."""
    wanted = (
        select(*columns(_d, Delivery), *columns(_n, NewsItem))
        .join_from(_d, _n, _n.c.seq == _d.c.news_seq)
        .where(_d.c.hook_id == hook_id, _d.c.news_seq > after)
        .order_by(_d.c.news_seq)
        .limit(limit)
    )
    if state is not None:
        wanted = wanted.where(_d.c.state == state)
    split = len(columns(_d, Delivery))
    return [(Delivery(*row[:split]), NewsItem(*row[split:])) for row in s.execute(wanted)]


def delivery_counts(s: Session, hook_id: str) -> dict[str, int]:
    """Return how many deliveries of a hook there are, by state."""
    counted = select(_d.c.state, func.count()).where(_d.c.hook_id == hook_id).group_by(_d.c.state)
    return {str(row[0]): int(row[1]) for row in s.execute(counted)}


def replay(s: Session, hook_id: str, now: datetime) -> int:
    """Send again what was given up; return how many."""
    dead = s.execute(select(_d.c.news_seq).where(_d.c.hook_id == hook_id, _d.c.state == "dead")).scalars().all()
    s.execute(
        update(_d)
        .where(_d.c.hook_id == hook_id, _d.c.state == "dead")
        .values(state="waiting", attempts=0, first_at=now, next_at=now, ended_at=None)
    )
    return len(dead)
