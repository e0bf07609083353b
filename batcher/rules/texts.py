"""
Whether a machine can put a text on a product as a person reads it: length, lines, scripts, characters, and the font.

Pure: what a font can draw was read with the rules.
"""

import unicodedata
from collections.abc import Callable, Iterator
from functools import cache

from batcher.rules.floor import TextRule

#: Scripts whose letters change with invisible joiners between them.
_JOINING = frozenset({"Arab", "Syrc", "Mong", "Nkoo", "Deva", "Beng", "Gujr", "Guru", "Knda", "Mlym", "Orya", "Sinh",
                      "Taml", "Telu", "Khmr", "Mymr"})  # fmt: skip
_JOINERS, _DIRECTIONS = "\u200c\u200d", "\u200e\u200f\u061c"
#: Characters that are part of the one before, and that fonts need not draw by themselves.
_VARIATIONS = frozenset(chr(point) for point in range(0xFE00, 0xFE10))
_SHARED = ("Zyyy", "Zinh")


def text_faults(rule: TextRule, product: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield code and reason of everything that keeps a text from being put on a product."""
    lines = text.split("\n")
    count = sum(map(len, lines))
    if rule.required and not text:
        yield "text_missing", f"a {product} needs a text; ask the customer for it"
    if count > rule.max_characters:
        yield "text_too_long", f"the text has {count} characters, a {product} takes {rule.max_characters}"
    if len(lines) > rule.max_lines:
        yield "text_too_many_lines", f"the text has {len(lines)} lines, a {product} takes {rule.max_lines}"
    longest = max(map(len, lines))
    if rule.max_line_characters is not None and longest > rule.max_line_characters:
        most = rule.max_line_characters
        yield "text_line_too_long", f"a line of the text has {longest} characters, a {product} takes {most}"
    if text.isascii() and not (rule.characters or rule.font_covers is not None or rule.scripts):
        return
    yield from _characters(rule, product, "".join(lines))


def _characters(rule: TextRule, product: str, text: str) -> Iterator[tuple[str, str]]:
    hidden = [character for at, character in enumerate(text) if not _is_needed(text, at)]
    if hidden:
        yield "text_invisible", f"the text holds characters that nobody sees ({_named(hidden)}); type it anew"
    seen = [character for character in text if character not in _JOINERS + _DIRECTIONS]
    if rule.characters:
        other = [character for character in seen if character not in rule.characters]
        if other:
            yield "text_character_refused", f"a {product} does not take {_named(other)}"
    if rule.scripts:
        other = [character for character in seen if _script(character) not in (*rule.scripts, *_SHARED)]
        if other:
            yield "text_script_refused", f"a {product} does not take this script ({_named(other)})"
    if rule.font_covers is not None:
        missing = [character for character in seen if not _is_drawn(rule.font_covers, character)]
        if missing:
            yield "text_not_in_font", f"the font {rule.font} of a {product} cannot draw {_named(missing)}"


def _is_needed(text: str, at: int) -> bool:
    """Tell whether an invisible character does something where it stands; others are always needed."""
    character = text[at]
    around = text[max(0, at - 1) : at] + text[at + 1 : at + 2]
    if character in _JOINERS:
        before = text[at - 1] if at else ""
        emoji = len(around) == 2 and all(_is_emoji(one) or one in _VARIATIONS for one in around)
        return emoji or (before != "" and _joins(before))
    if character in _DIRECTIONS:
        return any(unicodedata.bidirectional(other) in ("R", "AL") for other in text if other not in _DIRECTIONS)
    return True


def _joins(character: str) -> bool:
    return _script(character) in _JOINING or unicodedata.combining(character) == 9  # a virama


def _is_emoji(character: str) -> bool:
    return unicodedata.category(character) in ("So", "Sk") or 0x1F000 <= ord(character) < 0x1FB00


def _is_drawn(covers: frozenset[int], character: str) -> bool:
    if character in _VARIATIONS or ord(character) in covers:
        return True
    parts = unicodedata.normalize("NFD", character)
    return len(parts) > 1 and all(ord(part) in covers for part in parts)


@cache
def _script(character: str) -> str:
    from fontTools import unicodedata as tables  # the standard library knows no scripts

    script_of: Callable[[str], str] = tables.script
    return script_of(character)


def _named(characters: list[str]) -> str:
    """Return characters so that a person can find them, each once and not too many."""
    different = list(dict.fromkeys(characters))
    told = ", ".join(
        f"{character if character.isprintable() else ''} U+{ord(character):04X}".strip() for character in different[:5]
    )
    return f"{told} and more" if len(different) > 5 else told
