"""How far each source was read, and what is to be remembered of single orders of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlmodel import Session

from batcher.store import tables
from batcher.store.rows import chunks, columns


@dataclass(frozen=True)
class SourceState:
    """How far a source was read, and when it is looked at next."""

    id: str
    watermark: str | None = None  #: all that is new begins here
    cursor: str | None = None  #: where a look goes on that has not come to its end
    newest: str | None = None  #: how far that look has come
    looked_at: datetime | None = None
    ok_at: datetime | None = None  #: when it was last read to its end
    next_at: datetime | None = None
    failures: int = 0  #: in a row
    last_error: str | None = None
    orders: int = 0  #: that were created from it


@dataclass(frozen=True)
class Note:
    """What is to be remembered of one order of a source."""

    source: str
    ident: str  #: what it is called there
    order_id: str
    state: str  #: owed: it must be told that it is kept; told; refused
    digest: str  #: of the document that this is about
    why: str | None
    at: datetime


def source_state(s: Session, source: str) -> SourceState:
    """Return how far a source was read; one that is not known yet stands at its beginning."""
    table = tables.sources
    found = s.execute(select(*columns(table, SourceState)).where(table.c.id == source)).first()
    return SourceState(source) if found is None else SourceState(*found)


def put_state(s: Session, state: SourceState) -> None:
    """Keep how far a source was read."""
    table = tables.sources
    if s.execute(update(table).where(table.c.id == state.id).values(**vars(state))).rowcount == 0:  # type: ignore[attr-defined] # an update's result has it
        s.execute(insert(table).values(**vars(state)))


def rewind(s: Session, source: str, watermark: str | None) -> SourceState:
    """Have a source read again from a watermark, or from its beginning, at once."""
    state = replace(
        source_state(s, source),
        watermark=watermark,
        cursor=None,
        newest=None,
        next_at=None,
        failures=0,
        last_error=None,
    )
    put_state(s, state)
    s.execute(
        delete(tables.source_notes).where(
            tables.source_notes.c.source == source, tables.source_notes.c.state == "refused"
        )
    )
    return state


def notes_of(s: Session, source: str, idents: Sequence[str]) -> dict[str, Note]:
    """Return what is remembered of some of a source's orders, by what they are called there."""
    table = tables.source_notes
    wanted = select(*columns(table, Note)).where(table.c.source == source)
    return {
        row.ident: Note(*row) for part in chunks(idents) for row in s.execute(wanted.where(table.c.ident.in_(part)))
    }


def notes_in(s: Session, source: str, state: str, limit: int) -> list[Note]:
    """Return the oldest notes of a source in a state."""
    table = tables.source_notes
    wanted = select(*columns(table, Note)).where(table.c.source == source, table.c.state == state)
    return [Note(*row) for row in s.execute(wanted.order_by(table.c.at, table.c.ident).limit(limit))]


def count_notes(s: Session, source: str) -> dict[str, int]:
    """Return how many notes of a source there are, by state."""
    table = tables.source_notes
    counted = select(table.c.state, func.count()).where(table.c.source == source).group_by(table.c.state)
    return {str(row[0]): int(row[1]) for row in s.execute(counted)}


def put_notes(s: Session, notes: Iterable[Note]) -> None:
    """Remember, each in the place of what was remembered of that order before."""
    rows = [vars(note) for note in notes]
    drop_notes(s, [Note(**row) for row in rows])
    if rows:
        s.connection().execute(insert(tables.source_notes), rows)


def drop_notes(s: Session, notes: Iterable[Note]) -> None:
    """Remember these orders no more."""
    table = tables.source_notes
    by_source: dict[str, list[str]] = {}
    for note in notes:
        by_source.setdefault(note.source, []).append(note.ident)
    for source, idents in by_source.items():
        for part in chunks(idents):
            s.execute(delete(table).where(table.c.source == source, table.c.ident.in_(part)))


def forget_notes(s: Session, source: str, before: datetime) -> None:
    """Forget what was told, or refused, long ago."""
    table = tables.source_notes
    s.execute(delete(table).where(table.c.source == source, table.c.state != "owed", table.c.at < before))
