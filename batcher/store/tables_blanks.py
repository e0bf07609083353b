"""
The table of blanks that have run out: what pieces are made of, and nobody can make without.

It is reached through `tables`, like all others.
"""

from datetime import datetime

from sqlalchemy import Table
from sqlmodel import Field

from batcher.store.base import Base
from batcher.store.columns import UtcDateTime


class BlanksOut(Base, table=True):
    """A blank that has run out, until somebody says that it is back: a product, a product/finish, or a SKU."""

    __tablename__ = "blanks_out"

    blank: str = Field(primary_key=True)
    reason: str
    who: str
    since: datetime = Field(sa_type=UtcDateTime)


blanks_out: Table = Base.metadata.tables["blanks_out"]
