"""What is written on a piece: as much as fits, as large as it fits, standing on its side where that is better."""

from collections.abc import Sequence
from dataclasses import dataclass

from batcher.planning.draw_svg import element, text, width_of

Box = tuple[float, float, float, float]  #: left, top, width, height
_SIZES = (14, 12, 10, 8.5)
_LEADING = 1.25


@dataclass(frozen=True)
class Label:
    """Lines that go together; empty ones are dropped."""

    lines: tuple[str, ...]


def label(box: Box, choices: Sequence[Label]) -> str:
    """Return the first choice that fits into a box at any size, upright rather than on its side; empty: none does."""
    left, top, width, height = box
    for choice in choices:
        lines = [line for line in choice.lines if line]
        for size in _SIZES:
            if _fits(lines, size, width, height):
                return _set(lines, size, left + width / 2, top + height / 2)
        for size in _SIZES:
            if _fits(lines, size, height, width):
                return _set(lines, size, left + width / 2, top + height / 2, on_side=True)
    return ""


def flagged(box: Box) -> str:
    """Return the mark of a piece whose order is late, in the upper right corner of its box."""
    x, y = box[0] + box[2], box[1]
    return element(
        "g",
        element("circle", cx=x - 4, cy=y + 4, r=8, class_="flag"),
        text(x - 4, y + 8, "!", "mark", text_anchor="middle"),
    )


def _fits(lines: list[str], size: float, width: float, height: float) -> bool:
    return len(lines) * size * _LEADING + 2 <= height and all(width_of(line, size) + 6 <= width for line in lines)


def _set(lines: list[str], size: float, x: float, y: float, *, on_side: bool = False) -> str:
    """Return lines centred on a point."""
    first = y - (len(lines) - 1) * size * _LEADING / 2 + size * 0.35
    written = [
        text(x, first + place * size * _LEADING, line, "on", style=f"font-size: {size:g}px", text_anchor="middle")
        for place, line in enumerate(lines)
    ]
    return element("g", *written, transform=f"rotate(-90 {x:.2f} {y:.2f})" if on_side else None, pointer_events="none")
