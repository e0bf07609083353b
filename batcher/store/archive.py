"""
What has left the database for the archive: deleted in one commit with the note of where it lies.

An order, or a ticket, is known ever after by that note: sent again it is recognised, and a station's folder that still
tells of it is no surprise. What may leave is in `finished`; the files are `services.archive_files`'.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Table, bindparam, delete, insert, or_, select, update
from sqlmodel import Session

from batcher.store import tables
from batcher.store.finished import KEYED, Kind, Record
from batcher.store.rows import chunks, columns

_a, _at, _f = tables.archived_orders, tables.archived_tickets, tables.archive_files
# made once: this is asked with every order that comes in
_SEEN = select(_a.c.order_id, _a.c.key, _a.c.content_hash).where(
    _a.c.source == bindparam("source"), _a.c.order_id.in_(bindparam("ids", expanding=True))
)


@dataclass(frozen=True)
class Stretch:
    """Records that were written to an archive file in one go."""

    file: str
    place: int  #: byte at which it begins
    end: int  #: byte behind it


@dataclass(frozen=True)
class ArchivedOrder:
    """What is still known of an order in the archive."""

    key: str
    source: str
    order_id: str
    content_hash: str
    state: str
    archived_at: datetime
    file: str
    place: int


def move_out(s: Session, records: Sequence[Record], stretch: Stretch, now: datetime) -> None:
    """Delete what has been written to the archive, and note where it lies; all records are of one kind."""
    by_kind = {kind: [record for record in records if record.kind is kind] for kind in Kind}
    _move_orders(s, by_kind[Kind.ORDER], stretch, now)
    _move_tickets(s, by_kind[Kind.TICKET], stretch, now)
    _delete_rows(s, by_kind[Kind.EVENT], "events")
    _delete_rows(s, by_kind[Kind.REPORT], "reports")
    _note_end(s, stretch)


def file_sizes(s: Session) -> dict[str, int]:
    """Return how many bytes of each archive file count."""
    return {row.name: row.bytes for row in s.execute(select(_f.c.name, _f.c.bytes))}


def archived_orders(s: Session, order_id_or_key: str) -> list[ArchivedOrder]:
    """Return the orders in the archive that a source, or we, called so."""
    named = or_(_a.c.key == order_id_or_key, _a.c.order_id == order_id_or_key)
    return [
        ArchivedOrder(*row) for row in s.execute(select(*columns(_a, ArchivedOrder)).where(named).order_by(_a.c.key))
    ]


def archived_seen(s: Session, source: str, order_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return key and content hash of those orders of a source that are in the archive, by order id."""
    found: dict[str, tuple[str, str]] = {}
    for part in chunks(order_ids):
        rows = s.execute(_SEEN, {"source": source, "ids": part})
        found |= {order_id: (key, content_hash) for order_id, key, content_hash in rows}
    return found


def is_archived_ticket(s: Session, ticket_id: str) -> bool:
    """Tell whether a ticket is in the archive."""
    return s.execute(select(_at.c.id).where(_at.c.id == ticket_id)).first() is not None


def looked_until(s: Session, kind: Kind) -> int:
    """Return how far events, or reports, have been looked through for what may leave."""
    marks = tables.watermarks
    return s.execute(select(marks.c.seq).where(marks.c.name == _mark(kind))).scalar_one_or_none() or 0


def note_looked(s: Session, kind: Kind, seq: int) -> None:
    """Note how far events, or reports, have been looked through."""
    marks = tables.watermarks
    known = s.execute(select(marks.c.seq).where(marks.c.name == _mark(kind))).scalar_one_or_none()
    if known is None:
        s.execute(insert(marks).values(name=_mark(kind), seq=seq))
    else:
        s.execute(update(marks).where(marks.c.name == _mark(kind)).values(seq=seq))


def _mark(kind: Kind) -> str:
    return f"archived {kind}s"


def _move_orders(s: Session, records: Sequence[Record], stretch: Stretch, now: datetime) -> None:
    jobs, listed, news, deliveries = tables.jobs, tables.ticket_items, tables.news, tables.deliveries
    for part in chunks([record.ident for record in records]):
        s.execute(delete(listed).where(listed.c.job_id.in_(select(jobs.c.id).where(jobs.c.order_key.in_(part)))))
        s.execute(
            delete(deliveries).where(deliveries.c.news_seq.in_(select(news.c.seq).where(news.c.order_key.in_(part))))
        )
        for table, key in KEYED:
            s.execute(delete(table).where(key.in_(part)))
    _insert_notes(s, _a, [_known_of(record.rows["orders"][0]) for record in records], stretch, now)


def _known_of(order: Mapping[str, object]) -> dict[str, object]:
    return {name: order[name] for name in ("key", "source", "order_id", "content_hash", "state")}


def _move_tickets(s: Session, records: Sequence[Record], stretch: Stretch, now: datetime) -> None:
    tickets, batches, outbox = tables.tickets, tables.batches, tables.outbox
    for kind in ("events", "reports"):
        _delete_rows(s, records, kind)
    for part in chunks([record.ident for record in records]):
        batch_ids = list(s.execute(select(tickets.c.batch_id).where(tickets.c.id.in_(part))).scalars())
        s.execute(delete(outbox).where(outbox.c.ticket_id.in_(part)))
        s.execute(delete(tickets).where(tickets.c.id.in_(part)))
        s.execute(delete(batches).where(batches.c.id.in_(batch_ids)))
    _insert_notes(s, _at, [{"id": record.ident} for record in records], stretch, now)


def _delete_rows(s: Session, records: Iterable[Record], table: str) -> None:
    """Delete the rows of a numbered table that records have."""
    of = tables.metadata.tables[table]
    numbers = [row["seq"] for record in records for row in record.rows.get(table, ())]
    for part in chunks(numbers):
        s.execute(delete(of).where(of.c.seq.in_(part)))


def _insert_notes(
    s: Session, table: Table, known: Sequence[dict[str, object]], stretch: Stretch, now: datetime
) -> None:
    rows = [{**one, "archived_at": now, "file": stretch.file, "place": stretch.place} for one in known]
    if rows:
        s.connection().execute(insert(table), rows)


def _note_end(s: Session, stretch: Stretch) -> None:
    if stretch.place == 0:
        s.execute(insert(_f).values(name=stretch.file, bytes=stretch.end))
    else:
        s.execute(update(_f).where(_f.c.name == stretch.file).values(bytes=stretch.end))
