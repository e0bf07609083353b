"""How commands speak: tables for people, JSON for programs, and never a control character of somebody else's."""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

#: The option of every command that has something to tell.
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

#: Characters of a line that no table of ours reaches.
_PIPE_WIDTH = 10_000

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


def print_json(value: object) -> None:
    """Print a value, or a dataclass, as one JSON document."""
    print(json.dumps(plain(value), indent=2, ensure_ascii=False))


def plain(value: object) -> Any:
    """Return dataclasses, instants and mappings as what JSON knows."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    return value


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """Print rows under a title, or a sentence when there are none."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    count = 0
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
        count += 1
    if count:
        # what reads a pipe wants a row to be a line
        paper = console if console.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)
        paper.print(table)
    else:
        console.print(Text(empty))


def printable(value: object) -> str:
    """Return a value as text that cannot move a terminal's cursor."""
    text = "" if value is None else str(value)
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def local(instant: datetime | None, zone: ZoneInfo) -> str:
    """Return an instant in the site's time, to the minute."""
    return "" if instant is None else f"{instant.astimezone(zone):%a %d %b %H:%M}"


def tell(message: str) -> None:
    """Print a line for people; it is not broken, so that a path or command in it can be copied."""
    console.print(Text(printable(message)), soft_wrap=True)
