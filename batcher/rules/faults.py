"""
Turn what a shape refuses into faults with their places, in words a person can act on.

Where each value stood is known by the `Document`; which keys a shape has, by walking its annotations.
"""

import types
import typing
from collections.abc import Mapping
from typing import Any, Union

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from batcher.errors import Fault, InvariantError
from batcher.rules.grammar import Known, suggestion, told
from batcher.rules.yaml_source import Document, Route

_KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "string_type": "text, in quotes",
    "literal_error": "one of",
}
_LIMITS = {
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
    "too_short": ("min_length", "at least"),
    "too_long": ("max_length", "at most"),
}


def read_shape(
    shape: type[BaseModel], value: object, document: Document, route: Route, known: Known
) -> tuple[Any, list[Fault]]:
    """Return the value in its shape, none when it has faults, and every fault of it."""
    try:
        return TypeAdapter(shape).validate_python(value, context=known), []
    except ValidationError as error:
        found = [_fault(shape, details, document, route) for details in error.errors(include_url=False)]
        return None, [fault for fault in found if fault is not None]


def _fault(shape: type[BaseModel], details: ErrorDetails, document: Document, route: Route) -> Fault | None:
    inner = tuple(step for step in details["loc"] if step != "[key]")
    full, kind = (*route, *inner), details["type"]
    if kind == "extra_forbidden":
        message = f"unknown key {told(inner[-1])}; {suggestion(str(inner[-1]), _keys_at(shape, inner[:-1]))}"
        return Fault(document.at(full, key=True), message, "unknown_key")
    if kind == "missing":
        # A key without a value is told where the file is read.
        given = full in document.keys
        return None if given else Fault(document.at(full[:-1], key=True), f"'{inner[-1]}' is missing", "missing")
    if details["loc"][-1:] == ("[key]",):
        return Fault(document.at(full, key=True), _message(details), _code(kind))
    return Fault(document.at(full), _named(inner, _message(details)), _code(kind))


def _named(inner: Route, message: str) -> str:
    """Return a message with the key it is about before it."""
    key = next((step for step in reversed(inner) if isinstance(step, str)), None)
    if key is None:
        return message
    return f"{key} {message}" if message.startswith("must ") else f"{key}: {message}"


def _message(details: ErrorDetails) -> str:
    kind, facts, value = details["type"], details.get("ctx", {}), details["input"]
    if kind == "literal_error":
        return f"must be one of {facts['expected']}, not {told(value)}"
    if kind in _KINDS:
        return f"must be {_KINDS[kind]}, not {told(value)}"
    if kind in _LIMITS:
        name, bound = _LIMITS[kind]
        count = f"{len(value)} entries" if isinstance(value, list | dict) else told(value)
        return f"must be {bound} {facts[name]:g}, not {count}"
    return details["msg"]


def _code(kind: str) -> str:
    return "range" if kind in _LIMITS else "type" if kind in _KINDS else kind


def _keys_at(shape: type[BaseModel], route: Route) -> list[str]:
    """Return the keys that the mapping at `route` within a shape may have."""
    found: Any = shape
    for step in route:
        found = _inside(found, step)
    model = next((part for part in _parts(found) if isinstance(part, type) and issubclass(part, BaseModel)), None)
    return [] if model is None else list(model.model_fields)


def _inside(annotation: Any, step: str | int) -> Any:
    for part in _parts(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel) and step in part.model_fields:
            return part.model_fields[str(step)].annotation
        origin, arguments = typing.get_origin(part), typing.get_args(part)
        if origin is list and isinstance(step, int):
            return arguments[0]
        if origin is dict:
            return arguments[1]
    return None


def _parts(annotation: Any) -> list[Any]:
    """Return the members of a union, `Annotated` taken off."""
    if typing.get_origin(annotation) is typing.Annotated:
        return _parts(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return [part for member in typing.get_args(annotation) for part in _parts(member)]
    return [annotation]


class Places:
    """Where the entries of all files stand, by section and id."""

    def __init__(self, documents: Mapping[Route, Document]) -> None:
        self._documents = documents

    def at(self, *route: str | int, key: bool = False) -> str:
        """
        Return ``file:line:col`` of a value in an entry; the first two steps are section and id.

        Raises
        ------
        InvariantError
            When no file has the entry.
        """
        for length in (2, 1):
            document = self._documents.get(route[:length])
            if document is not None:
                return document.at(route, key=key)
        raise InvariantError(f"no file has an entry at {route}")
