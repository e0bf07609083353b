"""Single values kept between runs, by name."""

from sqlalchemy import insert, select, update
from sqlmodel import Session

from batcher.store import tables


def get(s: Session, key: str) -> str | None:
    """Return a value; none when it was never put."""
    found = s.execute(select(tables.meta.c.value).where(tables.meta.c.key == key)).scalar_one_or_none()
    return None if found is None else str(found)


def put(s: Session, key: str, value: str) -> None:
    """Keep a value."""
    if get(s, key) is None:
        s.execute(insert(tables.meta), {"key": key, "value": value})
    else:
        s.execute(update(tables.meta).where(tables.meta.c.key == key).values(value=value))
