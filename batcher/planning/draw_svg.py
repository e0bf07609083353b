"""
SVG as text: elements, escaping, the paints, and a page that is readable in light and in dark.

The pictures themselves are in `draw_gantt`, `draw_lanes`, `draw_sheet` and `draw_slots`. Colours are Paul Tol's "light"
scheme: told apart by the colour-blind, and pale enough that dark text is readable on each in either mode.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

_COLOURS = ("#77aadd", "#ee8866", "#eedd88", "#ffaabb", "#99ddff", "#44bb99", "#bbcc33", "#aaaa00")
#: What lies over a colour once all have been used: nothing, stripes, the other stripes, dots.
_TEXTURES = (
    "",
    '<path d="M0 8L8 0M-2 2L2 -2M6 10L10 6" class="texture"/>',
    '<path d="M0 0L8 8M-2 6L2 10M6 -2L10 2" class="texture"/>',
    '<circle cx="4" cy="4" r="1.8" class="texture-dot"/>',
)
#: What XML 1.0 cannot hold, not even escaped: control characters, surrogates and two others.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: How wide a character is on average, in font sizes; generous, so that text stays where it was measured to fit.
_CHARACTER = 0.58

_STYLE = """
text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 12px; fill: #1b2027 }
.title { font-size: 20px; font-weight: 600 }
.head { font-weight: 600 }
.muted { fill: #59636e }
.on { fill: #14181d }
.mark { fill: #ffffff; font-weight: 700; font-size: 11px }
.late { fill: #b3261e; font-weight: 600 }
.paper { fill: #ffffff }
.lane { fill: #f1f4f7 }
.unattended { fill: #d3dbe6 }
.closed { fill: #aeb6bf }
.closed-line { stroke: #8c959f; stroke-width: 1.5 }
.grid { stroke: #9aa4ae; stroke-opacity: 0.45; stroke-width: 1 }
.rule { stroke: #9aa4ae; stroke-width: 1 }
.change { fill: #4d5761 }
.batch, .piece { stroke: #3b444d; stroke-width: 1 }
.sheet { fill: #f1f4f7; stroke: #59636e; stroke-width: 1.5 }
.slot { fill: #f1f4f7; stroke: #9aa4ae; stroke-width: 1 }
.gap { fill: #9aa4ae; fill-opacity: 0.35 }
.empty { fill: #ffffff; fill-opacity: 0.62 }
.flag { fill: #b3261e; stroke: #ffffff; stroke-width: 1.5 }
.texture { stroke: #1b2027; stroke-opacity: 0.34; stroke-width: 1.5; fill: none }
.texture-dot { fill: #1b2027; fill-opacity: 0.34 }
a:hover .batch { stroke: #000000; stroke-width: 2.5 }
@media (prefers-color-scheme: dark) {
text { fill: #e7eaed } .muted { fill: #a3adb7 } .on { fill: #14181d } .late { fill: #ffb4ab } .mark { fill: #ffffff }
.paper { fill: #14181d } .lane { fill: #2a3139 } .unattended { fill: #1c2229 } .closed { fill: #0c0f12 }
.closed-line { stroke: #39424c } .grid { stroke: #7d8893 } .rule { stroke: #59636e } .change { fill: #8b96a1 }
.sheet, .slot { fill: #2a3139 } .flag { stroke: #14181d }
a:hover .batch { stroke: #ffffff }
}
"""


@dataclass(frozen=True)
class Paint:
    """How something is filled; `pattern` is what the page must define for it, if anything."""

    fill: str
    pattern: str = ""


def paints(names: Iterable[str]) -> dict[str, Paint]:
    """Return a paint for each name, in order: eight colours, then these with textures, 32 apart in all."""
    return {name: _paint(place) for place, name in enumerate(dict.fromkeys(names))}


def _paint(place: int) -> Paint:
    colour = _COLOURS[place % len(_COLOURS)]
    texture = _TEXTURES[place // len(_COLOURS) % len(_TEXTURES)]
    if not texture:
        return Paint(colour)
    ground = element("rect", width=8, height=8, fill=colour)
    name = f"paint-{place}"
    pattern = element("pattern", ground, texture, id=name, width=8, height=8, patternUnits="userSpaceOnUse")
    return Paint(f"url(#{name})", pattern)


def element(tag: str, *inside: str, **attributes: str | float | None) -> str:
    """
    Return an element; what is inside is SVG already, attributes are escaped here.

    Underscores stand for hyphens, one at the end is dropped (`class_`); attributes that are None are left out.
    """
    given = "".join(
        f" {name.rstrip('_').replace('_', '-')}={quoteattr(_written(value))}"
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{given}>{''.join(inside)}</{tag}>" if inside else f"<{tag}{given}/>"


def text(x: float, y: float, content: str, class_: str | None = None, **attributes: str | float | None) -> str:
    """Return a line of text with its base line at `y`."""
    return element("text", escaped(content), x=x, y=y, class_=class_, **attributes)


def tip(content: str) -> str:
    """Return what a browser shows when the pointer rests on the element around this."""
    return element("title", escaped(content))


def escaped(content: str) -> str:
    """Return text as XML can hold it: names come from documents and may be anything."""
    return escape(_NOT_XML.sub("\ufffd", content))


def width_of(content: str, size: float = 12) -> float:
    """Return about how wide a line of text is."""
    return len(content) * size * _CHARACTER


def shortened(content: str, room: float, size: float = 12) -> str:
    """Return text cut to what fits into `room`, with an ellipsis where something is left out."""
    most = int(room / (size * _CHARACTER))
    return content if len(content) <= most else content[: max(0, most - 1)] + "…"


def table(x: float, y: float, columns: Mapping[str, float], rows: Sequence[Sequence[str]], late: set[int]) -> list[str]:
    """
    Return a table with its head at `y`, one row each `ROW` below it.

    Parameters
    ----------
    columns
        Width by title.
    late
        Places of the rows that are late, set off in colour and weight.
    """
    drawn, lefts = [], []
    for title, width in columns.items():
        drawn.append(text(x, y, title, "head"))
        lefts.append((x, width))
        x += width
    for place, row in enumerate(rows):
        y += ROW
        class_ = "late" if place in late else None
        drawn += [
            clipped(left, y, cell, width - 8, class_) for (left, width), cell in zip(lefts, row, strict=True) if cell
        ]
    return drawn


def clipped(x: float, y: float, content: str, room: float, class_: str | None = None) -> str:
    """Return a line of text cut to what fits; those who point at it are told the whole."""
    short = shortened(content, room)
    line = text(x, y, short, class_)
    return line if short == content else element("g", tip(content), line)


#: From one row of a table to the next.
ROW = 18


def page(width: float, height: float, title: str, body: Iterable[str], painted: Iterable[Paint] = ()) -> str:
    """Return a whole document with its style, the patterns its paints need, and a ground."""
    patterns = "".join(dict.fromkeys(paint.pattern for paint in painted if paint.pattern))
    closed = element(
        "pattern",
        element("rect", width=6, height=6, class_="closed"),
        element("path", d="M0 6L6 0M-1 1L1 -1M5 7L7 5", class_="closed-line"),
        id="closed",
        width=6,
        height=6,
        patternUnits="userSpaceOnUse",
    )
    inside = (
        tip(title),
        element("style", _STYLE),
        element("defs", closed, patterns),
        element("rect", width=width, height=height, class_="paper"),
    )
    root = element(
        "svg",
        *(f"\n{part}" for part in (*inside, *body)),
        "\n",
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=height,
        viewBox=f"0 0 {_written(width)} {_written(height)}",
        role="img",
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{root}\n'


def _written(value: str | float) -> str:
    """Return an attribute's value; numbers to a hundredth, which no eye can tell apart."""
    return _NOT_XML.sub("\ufffd", value) if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
