"""
JSON as a machine means it: what Python's parser would let pass in silence is refused here.

Duplicate keys, NaN, numbers without bounds, endless nesting and half characters all have a stable code.
What the document must contain is in `documents`.
"""

import json
import math
import re
from collections.abc import Iterable
from typing import NoReturn

from batcher.errors import Fault, OrderRejectedError

#: No document of ours nests deeper than a few levels.
_MAX_DEPTH = 32
#: Digits of an integer; more than any count or sum of money has.
_MAX_DIGITS = 18
_SURROGATE = re.compile("[\ud800-\udfff]")
#: How half a character is written: UTF-8 has none.
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def load_json(text: bytes) -> object:
    """
    Return a JSON document; a byte order mark before it is allowed.

    Raises
    ------
    OrderRejectedError
        ``body_empty``, ``encoding_invalid``, ``json_invalid`` (with line and column), ``json_too_deep``,
        ``json_duplicate_key``, ``number_out_of_range`` or ``text_invalid_unicode``.
    """
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse("encoding_invalid", f"it is not UTF-8 at byte {error.start}")
    if not decoded.strip():
        refuse("body_empty", "there is nothing in it")
    try:
        document: object = json.loads(
            decoded,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        refuse("json_invalid", f"it is not JSON: {error.msg}", f"{error.lineno}:{error.colno}")
    except RecursionError:
        refuse("json_too_deep", f"it nests deeper than {_MAX_DEPTH} levels")
    _check_depth(document)
    if _ESCAPED_SURROGATE.search(decoded):
        _check_texts(document)
    return document


def refuse(code: str, message: str, where: str = "") -> NoReturn:
    """Refuse a document for one fault."""
    raise OrderRejectedError((Fault(where or "/", message, code),))


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        refuse("json_duplicate_key", f"the key '{printable(twice)}' stands twice in one object")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        refuse("number_out_of_range", f"a number has {len(digits)} digits")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        refuse("number_out_of_range", "a number is too large")
    return number


def _constant(word: str) -> NoReturn:
    refuse("json_invalid", f"{word} is not JSON")


def _check_depth(document: object) -> None:
    level = [document]
    for _ in range(_MAX_DEPTH):
        level = [child for value in level for child in _children(value) if isinstance(child, dict | list)]
        if not level:
            return
    refuse("json_too_deep", f"it nests deeper than {_MAX_DEPTH} levels")


def _check_texts(document: object) -> None:
    level = [document]
    while level:
        if any(isinstance(value, str) and _SURROGATE.search(value) for value in level):
            refuse("text_invalid_unicode", "a text holds half a character (a lone surrogate)")
        level = [child for value in level for child in (*(value if isinstance(value, dict) else ()), *_children(value))]


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def printable(text: str) -> str:
    """Return what came from outside so that it can be told: short, and without control characters."""
    plain = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text[:64])
    return plain if len(text) <= 64 else plain + "…"
