"""
Many rows into one table, at a fraction of what it costs to have every row prepared for itself.

What a column's type makes of a value is what it makes of it everywhere else. SQLite is given the rows as they are; a
server is sent all of them as one document that it takes apart itself, which is one round trip and one statement.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from typing import Any

from pydantic_core import to_json
from sqlalchemy import JSON, Column, Dialect, Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlmodel import Session

_Process = Callable[[Any], Any] | None


@dataclass(frozen=True)
class _Prepared:
    """An INSERT of some columns; `constants` are put into each row behind what is given."""

    statement: str
    names: tuple[str, ...]
    processes: tuple[_Process, ...]
    constants: tuple[tuple[str, object], ...]


def insert_many(s: Session, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows, all of the same columns, in their order; the others get their defaults."""
    if not rows:
        return
    connection = s.connection()
    dialect = connection.dialect
    prepared = _prepared(dialect, table, tuple(rows[0]))
    columns: list[Any] = [
        [row[name] for row in rows] if process is None else [process(row[name]) for row in rows]
        for name, process in zip(prepared.names, prepared.processes, strict=True)
    ]
    columns += [repeat(value, len(rows)) for _, value in prepared.constants]
    given: Any = list(zip(*columns, strict=True))
    if dialect.name == "postgresql":
        names = [*prepared.names, *(name for name, _ in prepared.constants)]
        given = (to_json([dict(zip(names, row, strict=True)) for row in given]).decode(),)
    connection.exec_driver_sql(prepared.statement, given)


@lru_cache(maxsize=256)  # a dozen tables, each with one or two sets of columns, and an engine or two
def _prepared(dialect: Dialect, table: Table, names: tuple[str, ...]) -> _Prepared:
    constants = tuple(
        (column.name, column.default.arg)
        for column in table.columns
        if column.name not in names and isinstance(column.default, ScalarElementColumnDefault)
    )
    columns = [table.c[name] for name in (*names, *(name for name, _ in constants))]
    quoted = [dialect.identifier_preparer.quote(column.name) for column in columns]
    into = f"INSERT INTO {dialect.identifier_preparer.format_table(table)} ({', '.join(quoted)})"
    if dialect.name == "postgresql":
        typed = ", ".join(
            f"{name} {column.type.compile(dialect)}" for name, column in zip(quoted, columns, strict=True)
        )
        statement = f"{into} SELECT {', '.join(quoted)} FROM json_to_recordset(%s::json) AS given ({typed})"  # noqa: S608 - our own names
    else:
        statement = f"{into} VALUES ({', '.join('?' for _ in quoted)})"
    return _Prepared(statement, names, tuple(_process(dialect, table.c[name]) for name in names), constants)


def _process(dialect: Dialect, column: Column[Any]) -> _Process:
    if dialect.name == "postgresql" and isinstance(column.type, JSON):
        return None  # a part of the document
    found: _Process = column.type.dialect_impl(dialect).bind_processor(dialect)
    return found
