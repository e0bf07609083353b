"""
Many rows into one table, at a fraction of what it costs to have every row prepared for itself.

What a column's type makes of a value is what it makes of it everywhere else. SQLite is given many rows in a statement:
for each statement a thread gives up the interpreter and waits until it gets it back, which beside another that is busy
takes a hundred times as long as the row. A server is sent all of them as one document that it takes apart itself, which
is one round trip and one statement.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, repeat
from typing import Any

from pydantic_core import to_json
from sqlalchemy import JSON, Column, Dialect, Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlmodel import Session

_Process = Callable[[Any], Any] | None

#: Rows of one statement for SQLite; fewer are cut by powers of two, so that few statements are ever compiled.
_ROWS = 64

_NONE_YET = object()


@dataclass(frozen=True)
class _Prepared:
    """An INSERT of some columns; `constants` are put into each row behind what is given."""

    into: str  #: up to its values
    values: str  #: of one row; on a server of all of them
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
        [row[name] for row in rows] if process is None else list(_processed(process, rows, name))
        for name, process in zip(prepared.names, prepared.processes, strict=True)
    ]
    columns += [repeat(value, len(rows)) for _, value in prepared.constants]
    given = list(zip(*columns, strict=True))
    if dialect.name == "postgresql":
        names = [*prepared.names, *(name for name, _ in prepared.constants)]
        document = to_json([dict(zip(names, row, strict=True)) for row in given]).decode()
        connection.exec_driver_sql(prepared.into + prepared.values, (document,))
        return
    start = 0
    while start < len(given):
        part = given[start : start + _at_once(len(given) - start)]
        statement = f"{prepared.into} VALUES {', '.join([prepared.values] * len(part))}"
        connection.exec_driver_sql(statement, tuple(chain.from_iterable(part)))
        start += len(part)


def _processed(process: Callable[[Any], Any], rows: Iterable[Mapping[str, object]], name: str) -> Iterator[Any]:
    """Yield what a type makes of a column's values; a value that many rows share is made once."""
    last: Any = _NONE_YET
    made: Any = None
    for row in rows:
        value = row[name]
        if value is not last:
            last, made = value, process(value)
        yield made


def _at_once(left: int) -> int:
    """Return how many of the rows that are left go into the next statement."""
    return min(_ROWS, 1 << (left.bit_length() - 1))


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
        values = f" SELECT {', '.join(quoted)} FROM json_to_recordset(%s::json) AS given ({typed})"  # noqa: S608 - our own names
    else:
        values = f"({', '.join('?' for _ in quoted)})"
    return _Prepared(into, values, names, tuple(_process(dialect, table.c[name]) for name in names), constants)


def _process(dialect: Dialect, column: Column[Any]) -> _Process:
    if dialect.name == "postgresql" and isinstance(column.type, JSON):
        return None  # a part of the document
    found: _Process = column.type.dialect_impl(dialect).bind_processor(dialect)
    return found
