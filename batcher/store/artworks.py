"""Artwork by address and checksum: whether it is in the house, and which lines of which orders need it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session

from batcher.domain.orders import OrderLine
from batcher.store import tables
from batcher.store.rows import chunks, columns

_a, _o = tables.artworks, tables.order_artworks


@dataclass(frozen=True)
class Artwork:
    """One artwork; with a `sha256` it is in the house."""

    id: str
    url: str
    expected: str | None  #: the checksum that the order names
    sha256: str | None
    kind: str | None  #: png, jpg, tif, webp or pdf
    size: int | None
    attempts: int
    next_at: datetime
    code: str | None  #: why it is not there
    why: str | None

    @property
    def file(self) -> str:
        """Return the name of its file, which says all that is in it."""
        return f"{self.sha256}.{self.kind}"


def artwork_id(url: str, expected: str | None) -> str:
    """Return what an address with a checksum is known by."""
    return hashlib.sha256(f"{url}\n{expected or ''}".encode()).hexdigest()[:32]


def need_artworks(s: Session, key: str, lines: Sequence[OrderLine], now: datetime) -> list[Artwork]:
    """Note which artwork an order's lines need, and return it, each once."""
    needed = {line.line_id: (line.artwork, line.artwork_sha256) for line in lines if line.fetches_artwork}
    s.execute(delete(_o).where(_o.c.order_key == key))
    found: dict[str, Artwork] = {}
    for line_id, (url, expected) in needed.items():
        assert url is not None, "an artwork that is fetched has an address"
        ident = artwork_id(url, expected)
        if ident not in found:
            found[ident] = _known(s, ident) or _new(s, ident, url, expected, now)
        s.execute(insert(_o).values(order_key=key, line_id=line_id, artwork_id=ident))
    return list(found.values())


def all_there(s: Session, lines: Sequence[OrderLine]) -> bool:
    """Tell whether all artwork that lines need is in the house."""
    idents = {artwork_id(str(line.artwork), line.artwork_sha256) for line in lines if line.fetches_artwork}
    there = select(_a.c.id).where(_a.c.id.in_(idents), _a.c.sha256.is_not(None))
    return len(s.execute(there).all()) == len(idents)


def note_artwork(s: Session, artwork: Artwork) -> None:
    """Keep how far an artwork has come."""
    values = {name: value for name, value in vars(artwork).items() if name != "id"}
    s.execute(update(_a).where(_a.c.id == artwork.id).values(values))


def files_of(s: Session, lines: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Artwork]:
    """Return the artwork in the house of lines, given by order key and line id."""
    wanted = set(lines)
    keys = sorted({key for key, _ in wanted})
    found: dict[tuple[str, str], Artwork] = {}
    for part in chunks(keys):
        rows = s.execute(
            select(_o.c.order_key, _o.c.line_id, *columns(_a, Artwork))
            .join_from(_o, _a, _a.c.id == _o.c.artwork_id)
            .where(_o.c.order_key.in_(part), _a.c.sha256.is_not(None))
        )
        found |= {(row[0], row[1]): Artwork(*row[2:]) for row in rows if (row[0], row[1]) in wanted}
    return found


def forget_artworks(s: Session, keys: Sequence[str]) -> list[str]:
    """Forget the artwork of orders; return the names of files that nothing needs any more."""
    for part in chunks(keys):
        s.execute(delete(_o).where(_o.c.order_key.in_(part)))
    unused = [
        Artwork(*row) for row in s.execute(select(*columns(_a, Artwork)).where(_a.c.id.not_in(select(_o.c.artwork_id))))
    ]
    for part in chunks([artwork.id for artwork in unused]):
        s.execute(delete(_a).where(_a.c.id.in_(part)))
    gone = {artwork.sha256: artwork.file for artwork in unused if artwork.sha256 is not None}
    still = {sha256 for part in chunks(list(gone)) for sha256 in
             s.execute(select(_a.c.sha256).where(_a.c.sha256.in_(part))).scalars()}  # fmt: skip
    return [file for sha256, file in gone.items() if sha256 not in still]


def _known(s: Session, ident: str) -> Artwork | None:
    row = s.execute(select(*columns(_a, Artwork)).where(_a.c.id == ident)).first()
    return None if row is None else Artwork(*row)


def _new(s: Session, ident: str, url: str, expected: str | None, now: datetime) -> Artwork:
    artwork = Artwork(ident, url, expected, None, None, None, 0, now, None, None)
    s.execute(insert(_a).values(**vars(artwork)))
    return artwork
