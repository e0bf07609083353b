"""What every table is made on: one metadata, names of constraints by rule, and ascending numbers."""

from typing import ClassVar

from sqlalchemy import BigInteger, Integer, MetaData
from sqlmodel import SQLModel

#: Ascending number; SQLite counts only its own INTEGER by itself.
Serial = BigInteger().with_variant(Integer(), "sqlite")


class Base(SQLModel):
    """The base of every table."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
