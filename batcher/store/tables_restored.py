"""
Tables of a database that comes from a backup: that it is one, and which orders it cannot account for.

They are reached through `tables`, like all others.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Table
from sqlmodel import Field

from batcher.store.base import Base
from batcher.store.columns import UtcDateTime


class SafeMode(Base, table=True):
    """Why nothing is sent until somebody has reconciled the database with the stations' folders: one row, or none."""

    __tablename__ = "safe_mode"
    __table_args__ = (CheckConstraint("id = 1", name="only"),)

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    reason: str
    since: datetime = Field(sa_type=UtcDateTime)


class Unaccounted(Base, table=True):
    """An order that the database does not know, though a ticket that was sent has pieces of it."""

    __tablename__ = "unaccounted"

    source: str = Field(primary_key=True)
    order_id: str = Field(primary_key=True)
    tickets: str


metadata = Base.metadata
safe_mode: Table = metadata.tables["safe_mode"]
unaccounted: Table = metadata.tables["unaccounted"]
