"""
Another database, read by a query of the rules and marked by a statement of the rules; ours is never reached from here.

Rows are plain JSON values. What they mean is `intake.mapping`'s.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from batcher.errors import FetchError


def read_rows(url: str, query: str, limit: int, timeout_s: int) -> list[dict[str, object]]:
    """
    Return the first rows of a query.

    Raises
    ------
    FetchError
        With `reason` address or database.
    """
    with (
        _connected(url, timeout_s) as connection,
        connection.execution_options(stream_results=True).execute(text(query)) as found,
    ):
        return [{name: _plain(value) for name, value in row.items()} for row in found.mappings().fetchmany(limit)]


def mark_rows(url: str, statement: str, ident: str, timeout_s: int) -> None:
    """
    Mark the rows of one order, in a transaction of its own.

    Raises
    ------
    FetchError
        With `reason` address or database.
    """
    with _connected(url, timeout_s) as connection:
        connection.execute(text(statement), {"id": ident})
        connection.commit()


@contextmanager
def _connected(url: str, timeout_s: int) -> Iterator[Connection]:
    # what the driver says may hold the address, and with it a password: only the kind of the failure is told
    engine = _engine(url, timeout_s)
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise FetchError(f"the database refused: {type(error).__name__}", reason="database") from error


def _engine(url: str, timeout_s: int) -> Engine:
    try:
        parts = make_url(url)
        options: dict[str, object] = {}  # those of other databases are their drivers' to know
        if parts.get_backend_name() == "sqlite":
            options = {"timeout": timeout_s}
        elif parts.get_backend_name() == "postgresql":
            parts = parts.set(drivername="postgresql+psycopg")
            options = {"connect_timeout": timeout_s, "options": f"-c statement_timeout={timeout_s * 1000}"}
        return create_engine(parts, poolclass=NullPool, connect_args=options, hide_parameters=True)
    except (SQLAlchemyError, ImportError) as error:
        told = "the file of its address names no database that there is a driver for here"
        raise FetchError(told, reason="address") from error


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, bytes | memoryview):
        return None
    return value
