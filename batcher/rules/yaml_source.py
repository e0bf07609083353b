"""
Turn the text of one rules file into plain values, and remember where each of them stood.

YAML 1.2 without anchors, aliases and tags, read from the parser's events: nothing is constructed that the file did not
spell out, so that no file can grow, recurse or run anything. What the values mean is in `floor_models` and
`rule_models`.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StreamMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from batcher.errors import Fault
from batcher.rules.files import Source, place

#: Keys and list positions from the top of a file to a value.
Route = tuple[str | int, ...]

MAX_DEPTH = 20

_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
#: Text in YAML 1.2 that other readers take for a number or a date.
_LOOK_ALIKE = re.compile(
    r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?|0[xob][0-9a-fA-F_]+|[-+]?[0-9]+(:[0-5]?[0-9])+"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?"
)


class LookAlike(str):
    """Text without quotes that looks like a number or a date; not safe as an id."""

    __slots__ = ()


@dataclass
class Document:
    """One parsed file: its top-level mapping, and the places of keys and values by route."""

    path: Path
    data: dict[str, object] = field(default_factory=dict)
    keys: dict[Route, tuple[int, int]] = field(default_factory=dict)
    values: dict[Route, tuple[int, int]] = field(default_factory=dict)

    def at(self, route: Route, *, key: bool = False) -> str:
        """Return ``file:line:col`` of a value (or its key), or of the nearest thing around it that stands there."""
        first, second = (self.keys, self.values) if key else (self.values, self.keys)
        for length in range(len(route), 0, -1):
            found = first.get(route[:length]) or second.get(route[:length])
            if found is not None:
                return place(self.path, *found)
        return place(self.path)


@dataclass
class _Open:
    """A mapping or list that has begun and not ended."""

    route: Route
    items: dict[str, object] | list[object]
    key: str | None = None
    dropped: bool = False  #: the key is a duplicate or no text; its value goes nowhere


class _StopError(Exception):
    def __init__(self, mark: StreamMark, message: str, code: str) -> None:
        self.mark, self.message, self.code = mark, message, code
        super().__init__(message)


def parse(source: Source) -> tuple[Document | None, list[Fault]]:
    """Return the document, none when the file cannot be read as YAML at all, and every fault of its syntax."""
    builder = _Builder(source.path)
    try:
        for event in _events(source.text):
            builder.take(event)
    except _StopError as stop:
        return None, [*builder.faults, Fault(_where(source.path, stop.mark), stop.message, stop.code)]
    except MarkedYAMLError as error:
        return None, [*builder.faults, _syntax_fault(source.path, error)]
    except YAMLError as error:
        return None, [
            *builder.faults,
            Fault(place(source.path), "cannot be read as YAML: " + " ".join(str(error).split()), "syntax"),
        ]
    if not builder.document.data and not builder.faults:
        return None, [Fault(place(source.path), "the file is empty; write a section into it or remove it", "empty")]
    return builder.document, builder.faults


def _events(text: str) -> Iterator[Event]:
    yaml = YAML(typ="safe", pure=True)
    yield from yaml.parse(text)


class _Builder:
    """Builds values from events without recursion; faults that leave the rest readable are collected."""

    def __init__(self, path: Path) -> None:
        self.document = Document(path)
        self.faults: list[Fault] = []
        self.documents = 0
        self._open: list[_Open] = []

    def take(self, event: Event) -> None:
        if isinstance(event, DocumentStartEvent):
            self._begin_document(event)
        elif isinstance(event, AliasEvent):
            self._refuse_anchor(event, f"*{event.anchor}")
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._begin(event)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._open.pop()
        elif isinstance(event, ScalarEvent):
            self._scalar(event)

    def _begin_document(self, event: DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            raise _StopError(
                event.start_mark, "one document expected: a second one begins here; split the file", "documents"
            )
        if event.version not in (None, (1, 2)):
            raise _StopError(event.start_mark, "only YAML 1.2 is read; take the %YAML line out", "syntax")

    def _refuse_anchor(self, event: Event, name: str) -> None:
        message = f"anchors and aliases are refused ({name[:40]}): a few can grow without end; write the value out"
        raise _StopError(event.start_mark, message, "alias")

    def _check_plain(self, event: MappingStartEvent | SequenceStartEvent | ScalarEvent) -> None:
        if event.anchor is not None:
            self._refuse_anchor(event, f"&{event.anchor}")
        if event.tag is not None:
            name = str(event.tag).replace("tag:yaml.org,2002:", "!!")[:64]
            raise _StopError(event.start_mark, f"tag not allowed: {name}; write a plain value", "tag")

    def _begin(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        self._check_plain(event)
        if len(self._open) >= MAX_DEPTH:
            raise _StopError(event.start_mark, f"too deep: more than {MAX_DEPTH} levels", "too_deep")
        items: dict[str, object] | list[object] = {} if isinstance(event, MappingStartEvent) else []
        if not self._open:
            if not isinstance(items, dict):
                raise _StopError(event.start_mark, "a mapping of sections is expected here, not a list", "type")
            self.document.data = items
            self._open.append(_Open((), items))
            return
        around = self._open[-1]
        if isinstance(around.items, dict) and around.key is None:
            raise _StopError(event.start_mark, "a key must be text, not a list or a mapping", "type")
        self._open.append(_Open(self._place_value(items, event), items))

    def _scalar(self, event: ScalarEvent) -> None:
        self._check_plain(event)
        value = _resolve(event)
        if isinstance(value, float) and not math.isfinite(value):
            self._fault(event, f"{str(event.value)[:64]} is not a number that can be used; write a finite one", "range")
            value = 0
        if not self._open:
            if value is not None:
                raise _StopError(event.start_mark, "a mapping of sections is expected here", "type")
            return
        around = self._open[-1]
        if isinstance(around.items, dict) and around.key is None:
            self._key(around, around.items, value, event)
            return
        if value is None and around.key is not None:
            self._fault(event, f"{around.key[:64]!r} has no value; give one, or leave the key out", "missing")
            around.dropped = True
        self._place_value(value, event)

    def _key(self, around: _Open, items: dict[str, object], value: object, event: ScalarEvent) -> None:
        if not isinstance(value, str):
            kind = {bool: "a boolean", type(None): "nothing"}.get(type(value), "a number")
            shown = repr(str(event.value)[:64])
            self._fault(event, f"a key must be text, and YAML reads {shown} as {kind}; put it in quotes", "type")
            around.dropped = True
        name = value if isinstance(value, str) else str(event.value)
        route = (*around.route, name)
        if name in items:
            first = self.document.keys[route][0]
            self._fault(
                event, f"duplicate key {name[:64]!r} (first at line {first}); keep one of the two", "duplicate_key"
            )
            around.dropped = True
        elif not around.dropped:
            self.document.keys[route] = _position(event.start_mark)
        around.key = name

    def _place_value(self, value: object, event: Event) -> Route:
        around = self._open[-1]
        if isinstance(around.items, list):
            route: Route = (*around.route, len(around.items))
            around.items.append(value)
        else:
            assert around.key is not None, "a mapping's value follows its key"
            route = (*around.route, around.key)
            if not around.dropped:
                around.items[around.key] = value
            around.key, around.dropped = None, False
        self.document.values.setdefault(route, _position(event.start_mark))
        return route

    def _fault(self, event: Event, message: str, code: str) -> None:
        self.faults.append(Fault(_where(self.document.path, event.start_mark), message, code))


def _resolve(event: ScalarEvent) -> object:
    """Return what a scalar means in YAML 1.2's core schema; quoted and block scalars are text."""
    text = str(event.value)
    if event.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return LookAlike(text) if _LOOK_ALIKE.fullmatch(text) else text


def _position(mark: StreamMark) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


def _where(path: Path, mark: StreamMark) -> str:
    return place(path, *_position(mark))


def _syntax_fault(path: Path, error: MarkedYAMLError) -> Fault:
    mark, told = error.problem_mark or error.context_mark, " ".join((error.problem or "cannot be read").split())
    if "quoted scalar" in (error.context or "") and "end of stream" in told:
        mark, told = error.context_mark or mark, "the quote that opens here is never closed"
    elif "'\\t'" in told or "tab" in told.lower():
        told = "a tab here; YAML is indented with spaces"
    return Fault(place(path) if mark is None else _where(path, mark), told, "syntax")
