"""
How a value of a rules file is read: one object per kind of value, with its validator and its JSON Schema.

The kinds themselves are in `values`; ids that another section defines are checked here, against `Known`.
"""

import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Annotated, Any, TypeVar

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

#: Keyword of JSON Schema that carries the kind of a value to the reference; validators pass over it.
KIND = "$comment"


@dataclass(frozen=True)
class Known:
    """The ids that the whole directory defines, by section; what references are checked against."""

    ids: Mapping[str, Collection[str]] = field(default_factory=dict)


def refuse(code: str, message: str) -> PydanticCustomError:
    """Return the error that becomes a `Fault` with this code and message."""
    return PydanticCustomError(code, "{told}", {"told": message})


def told(value: object) -> str:
    """Return a value as a person wrote it, cut short, for messages."""
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return repr(str(value)[:64])
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return "nothing"


def suggestion(name: str, known: Collection[str]) -> str:
    """Return what to write instead of an unknown name."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    listed = ", ".join(sorted(known)[:8]) + (", ..." if len(known) > 8 else "")
    return f"use one of: {listed}" if known else "none is defined"


@dataclass(frozen=True, eq=False)
class Grammar:
    """
    One kind of value.

    Parameters
    ----------
    title
        What people call it, in the reference.
    read
        Turns what the file says into a value, or raises what `refuse` returns.
    schema
        Its JSON Schema.
    """

    title: str
    read: Callable[[object], Any]
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})

    def check(self, value: object, _known: Known) -> object:
        """Return the value read."""
        return self.read(value)

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        def validate(value: object, info: ValidationInfo) -> object:
            known = info.context
            assert isinstance(known, Known), "shapes are read by `faults.read_shape`"
            return self.check(value, known)

        return core_schema.with_info_plain_validator_function(validate)

    def __get_pydantic_json_schema__(self, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {KIND: self.title, **self.schema}


@dataclass(frozen=True, eq=False)
class Reference(Grammar):
    """An id that another section must define."""

    section: str = ""
    kind: str = ""

    def check(self, value: object, known: Known) -> object:
        """Return the id, refused with a suggestion when no file defines it."""
        name, ids = self.read(value), known.ids.get(self.section, ())
        if name not in ids:
            raise refuse("unknown_reference", f"unknown {self.kind} {told(name)}; {suggestion(name, ids)}")
        return name


@dataclass(frozen=True, eq=False)
class ReferringPattern(Reference):
    """A shell pattern that must take at least one id of another section."""

    def check(self, value: object, known: Known) -> object:
        """Return the pattern, refused with a suggestion when it takes nothing."""
        pattern, ids = self.read(value), known.ids.get(self.section, ())
        if not any(fnmatchcase(name, pattern) for name in ids):
            raise refuse("unknown_reference", f"unknown {self.kind} {told(pattern)}; {suggestion(pattern, ids)}")
        return pattern


class _OneOrMore:
    """Lets a file leave out the brackets of a list of one."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_as_list, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        several = handler(core)
        return {"anyOf": [several["items"], several]}


def _as_list(value: object) -> object:
    return value if isinstance(value, list | dict | None) else [value]


Item = TypeVar("Item")
#: One value, or a list of at least one.
OneOrMore = Annotated[list[Item], Field(min_length=1), _OneOrMore()]
