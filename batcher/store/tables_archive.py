"""
Tables of what has left the database for the archive: enough to know it again, and where it lies.

They are reached through `tables`, like all others.
"""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Table, UniqueConstraint
from sqlmodel import Field

from batcher.store.base import Base
from batcher.store.columns import UtcDateTime


class ArchivedOrders(Base, table=True):
    """An order in the archive: sent again by its source, it is still known, and nothing is made twice."""

    __tablename__ = "archived_orders"
    __table_args__ = (UniqueConstraint("source", "order_id"), Index("ix_archived_orders_order_id", "order_id"))

    key: str = Field(primary_key=True)
    source: str
    order_id: str
    content_hash: str
    state: str
    archived_at: datetime = Field(sa_type=UtcDateTime)
    file: str
    place: int = Field(sa_type=BigInteger)


class ArchivedTickets(Base, table=True):
    """A ticket in the archive: that it was sent is still known when a station's folder is compared with us."""

    __tablename__ = "archived_tickets"

    id: str = Field(primary_key=True)
    archived_at: datetime = Field(sa_type=UtcDateTime)
    file: str
    place: int = Field(sa_type=BigInteger)


class ArchiveFiles(Base, table=True):
    """How much of an archive file counts: what is behind was written by somebody who did not come to an end."""

    __tablename__ = "archive_files"
    __table_args__ = (CheckConstraint("bytes > 0", name="bytes"),)

    name: str = Field(primary_key=True)
    bytes: int = Field(sa_type=BigInteger)


metadata = Base.metadata
archived_orders: Table = metadata.tables["archived_orders"]
archived_tickets: Table = metadata.tables["archived_tickets"]
archive_files: Table = metadata.tables["archive_files"]
