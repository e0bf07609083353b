"""
Text as our font can draw it: from left to right, without shaping; what it cannot draw is told by its code points.

A name that is drawn wrongly is worse than one that is not drawn: whoever compares a piece with it would believe it.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

_FILE = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
_NAME = "batcher"
#: Written from right to left: our font has no rules for how such letters join and run.
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
#: Pick a variant of the sign before them, and draw nothing.
_SELECTORS = frozenset({"\ufe0e", "\ufe0f"})


@dataclass(frozen=True)
class Drawable:
    """A text that can be drawn, and whether it is all of what was asked for."""

    text: str
    whole: bool


@cache
def font() -> str:
    """Return the font's name, once it is there."""
    pdfmetrics.registerFont(TTFont(_NAME, str(_FILE)))
    return _NAME


@cache
def _known() -> frozenset[int]:
    return frozenset(pdfmetrics.getFont(font()).face.charToGlyph)


def drawable(text: str) -> Drawable:
    """Return a text with what the font cannot draw told by code points: ``[U+1F600]``."""
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    parts, whole = [], True
    for can, run in groupby((c for c in composed if c not in _SELECTORS), _can_draw):
        signs = "".join(run)
        whole = whole and can
        parts.append(signs if can else "[" + " ".join(f"U+{ord(sign):04X}" for sign in signs) + "]")
    return Drawable("".join(parts), whole)


def _can_draw(sign: str) -> bool:
    return ord(sign) in _known() and unicodedata.bidirectional(sign) not in _RIGHT_TO_LEFT


def width(text: str, size: float) -> float:
    """Return how wide a text is, in points."""
    return float(pdfmetrics.stringWidth(text, font(), size))


def cut(text: str, size: float, room: float) -> str:
    """Return a text that fits, its end cut off where it does not."""
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text + "…"


def lines(text: str, size: float, room: float) -> list[str]:
    """Return a text broken into lines that fit: between words, and within those that are too long for a line."""
    broken = [""]
    for word in text.split(" "):
        longer = f"{broken[-1]} {word}".strip()
        if width(longer, size) <= room:
            broken[-1] = longer
            continue
        if broken[-1]:
            broken.append("")
        for sign in word:
            if broken[-1] and width(broken[-1] + sign, size) > room:
                broken.append("")
            broken[-1] += sign
    return broken
