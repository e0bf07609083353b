"""From rows to frozen values: a value's fields name the columns it is made of, in order."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Column, Table

#: Values in one IN list: well under what SQLite takes, and few enough statements for thousands.
_CHUNK = 500

Value = TypeVar("Value")


def columns(table: Table, value: type[Any]) -> list[Column[Any]]:
    """Return the columns for the fields of a dataclass, so that ``value(*row)`` makes one."""
    return [table.c[field.name] for field in fields(value)]


def chunks(values: Sequence[Value], most: int = _CHUNK) -> Iterator[Sequence[Value]]:
    """Yield a long list in parts that fit a statement, or are smaller still."""
    for start in range(0, len(values), most):
        yield values[start : start + most]
