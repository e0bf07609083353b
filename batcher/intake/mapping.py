"""
What a source sent, made into order documents of ours by the expressions of its rules.

Nothing is judged here: a field that an expression does not find is left out, and `documents` says what that means.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from batcher.errors import Fault
from batcher.rules.sources import Source

#: Fields that are text with us; sources often send ids as numbers.
_NUMBERS = frozenset({"quantity"})


@dataclass(frozen=True)
class Mapped:
    """One of their orders, as ours."""

    ident: str  #: what it is called there
    doc: dict[str, object]
    faults: tuple[Fault, ...] = ()  #: expressions that broke on it

    @property
    def digest(self) -> str:
        """Return what tells this document from another."""
        return digest_of([self.doc, [str(fault) for fault in self.faults]])


def map_order(source: Source, theirs: object) -> Mapped:
    """Return one of a source's orders as an order document."""
    faults: list[Fault] = []
    doc = _fields(source.order, theirs, source, "", faults)
    attributes = _fields(source.order_attributes, theirs, source, "/attributes", faults)
    if attributes:
        doc["attributes"] = attributes
    lines = _ask(source.lines, theirs, "/lines", faults)
    if isinstance(lines, list):
        doc["lines"] = [_line(source, line, f"/lines/{position}", faults) for position, line in enumerate(lines)]
    return Mapped(_ident(source, theirs, doc), doc, tuple(faults))


def find(expression: str, document: object) -> Any:
    """
    Return what an expression finds in a document; none when it finds nothing.

    Raises
    ------
    ValueError
        When a function of it is given what it does not take.
    """
    try:
        return _compiled(expression).search(document)
    except (TypeError, RecursionError) as error:
        raise ValueError("the expression does not take this") from error


def digest_of(document: object) -> str:
    """Return what tells a JSON document from others."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()[:32]


@cache
def _compiled(expression: str) -> Any:
    import jmespath  # only floors with sources need it

    return jmespath.compile(expression)


def _line(source: Source, theirs: object, where: str, faults: list[Fault]) -> dict[str, object]:
    line = _fields(source.line, theirs, source, where, faults)
    attributes = _fields(source.line_attributes, theirs, source, f"{where}/attributes", faults)
    return line | {"attributes": attributes} if attributes else line


def _fields(
    expressions: Mapping[str, str], theirs: object, source: Source, where: str, faults: list[Fault]
) -> dict[str, object]:
    found = {name: _ask(expression, theirs, f"{where}/{name}", faults) for name, expression in expressions.items()}
    return {
        name: _word(source.words.get(name, {}), value if name in _NUMBERS else _text(value))
        for name, value in found.items()
        if value is not None
    }


def _ask(expression: str, theirs: object, where: str, faults: list[Fault]) -> Any:
    try:
        return find(expression, theirs)
    except ValueError:
        faults.append(Fault(where, "the expression of the source's rules breaks on what was sent", "mapping_failed"))
        return None


def _word(words: Mapping[str, str], value: object) -> object:
    return words.get(value, value) if isinstance(value, str) else value


def _text(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else value


def _ident(source: Source, theirs: object, doc: Mapping[str, object]) -> str:
    told = source.http.acknowledge if source.http is not None else None
    expression = told.id if told is not None else source.sql.group if source.sql is not None else None
    named = None if expression is None else _text(_ask(expression, theirs, "", []))
    found = named if isinstance(named, str) and named else doc.get("order_id")
    return found[:200] if isinstance(found, str) and found else f"sha256:{digest_of(theirs)}"
