"""Texts on products: length, lines, scripts, characters, what nobody sees, and what the font can draw."""

from pathlib import Path
from typing import Any

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib.tables._g_l_y_f import Glyph

from batcher.rules.floor import TextRule
from batcher.rules.schema import inspect
from batcher.rules.texts import text_faults
from tests.builders_rules import rules_directory, told

JOINER, MARK = "\u200d", "\u200f"


def _codes(rule: TextRule, text: str) -> list[str]:
    return [code for code, _ in text_faults(rule, "mug", text)]


@pytest.mark.parametrize(
    ("rule", "text", "codes"),
    [
        (TextRule(required=True), "", ["text_missing"]),
        (TextRule(max_characters=3), "Zoë\nA", ["text_too_long", "text_too_many_lines"]),
        (TextRule(max_lines=2, max_line_characters=4), "Zoë\nAdam", []),
        (TextRule(max_lines=2, max_line_characters=3), "Zoë\nAdam", ["text_line_too_long"]),
        (TextRule(scripts=frozenset({"Latn"})), "Zoë & Łukasz 24! 🎂", []),
        (TextRule(scripts=frozenset({"Latn"})), "Zоë", ["text_script_refused"]),  # a Cyrillic letter
        (TextRule(characters="ABC "), "ABBA CAB", []),
        (TextRule(characters="ABC "), "ABBA CAD", ["text_character_refused"]),
        (TextRule(), f"Zo{JOINER}ë", ["text_invisible"]),
        (TextRule(), f"Zoë{MARK}", ["text_invisible"]),
        (TextRule(), f"👩{JOINER}🚀 ", []),
        (TextRule(), f"שלום{MARK}!", []),
        (TextRule(), "नमस्" + JOINER + "ते", []),
        (TextRule(font="f.ttf", font_covers=frozenset(map(ord, "Zoe\u0308"))), "Zoë", []),
        (TextRule(font="f.ttf", font_covers=frozenset(map(ord, "Zo"))), "Zoë", ["text_not_in_font"]),
    ],
)
def test_a_text_is_refused_for_what_a_machine_would_make_of_it(rule: TextRule, text: str, codes: list[str]) -> None:
    assert _codes(rule, text) == codes


def _font(path: Path, characters: str) -> None:
    names = [".notdef", *(f"g{ord(character)}" for character in characters)]
    builder: Any = FontBuilder
    font = builder(1000, isTTF=True)
    glyph: Any = Glyph
    font.setupGlyphOrder(names)
    font.setupCharacterMap({ord(character): f"g{ord(character)}" for character in characters})
    font.setupGlyf({name: glyph() for name in names})
    font.setupHorizontalMetrics(dict.fromkeys(names, (500, 0)))
    font.setupHorizontalHeader()
    font.setupPost()
    path.parent.mkdir(exist_ok=True)
    font.save(path)


def _with_text(root: Path, text: str) -> Path:
    directory = rules_directory(root)
    (path,) = [path for path in directory.glob("*.yaml") if "\nproducts:" in "\n" + path.read_text(encoding="utf-8")]
    entry = f"products:\n  engraved:\n    route: [{{fixture: FIXTURE}}]\n    text: {text}\n"
    lines = path.read_text(encoding="utf-8").replace("products:\n", entry, 1)
    fixture = next(iter(inspect(directory).rules.fixtures))  # type: ignore[union-attr] # the small floor has no faults
    path.write_text(lines.replace("FIXTURE", fixture), encoding="utf-8")
    return directory


def test_what_a_font_can_draw_is_read_with_the_rules_and_changes_their_hash(tmp_path: Path) -> None:
    directory = _with_text(tmp_path, "{font: fonts/f.ttf, scripts: [Latin], characters: 'A-C.-'}")
    missing = told(directory)
    _font(directory / "fonts" / "f.ttf", "Zo")
    first = inspect(directory)
    _font(directory / "fonts" / "f.ttf", "Zoë")
    second = inspect(directory)

    assert "'fonts/f.ttf' cannot be read as a font: No such file or directory" in missing[0]
    assert first.rules is not None
    assert second.rules is not None
    rule = second.rules.products["engraved"].text
    assert (rule.font_covers, rule.characters) == (frozenset(map(ord, "Zoë")), "ABC.-")
    assert first.rules.hash != second.rules.hash
