"""Fonts that products name: which characters each of them can draw, read from the file beside the rules."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from batcher.errors import Fault
from batcher.rules.faults import Places
from batcher.rules.files import Source
from batcher.rules.sections import Sections

_MAX_BYTES = 50_000_000

#: Code points by the name of the file.
Coverage = Mapping[str, frozenset[int]]


def read_fonts(directory: Path, sections: Sections, places: Places) -> tuple[Coverage, list[Source], list[Fault]]:
    """Return what the fonts of products can draw, the files as they were read, and every fault."""
    coverage: dict[str, frozenset[int]] = {}
    sources: list[Source] = []
    faults: list[Fault] = []
    for product, shape in sections.products.items():
        name = shape.text.font
        if name is None or name in coverage:
            continue
        path = directory / name
        try:
            content = _content(path, directory)
            coverage[name] = _code_points(content)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            where = places.at("products", product, "text", "font")
            faults.append(Fault(where, f"font: '{name}' cannot be read as a font: {why}", "font"))
            continue
        sources.append(Source(path, name, content, ""))
    return coverage, sources, faults


def _content(path: Path, directory: Path) -> bytes:
    if not path.resolve().is_relative_to(directory.resolve()):
        raise ValueError("it lies outside the rules directory")
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError(f"it has more than {_MAX_BYTES:,} bytes")
    return path.read_bytes()


def _code_points(content: bytes) -> frozenset[int]:
    from fontTools.ttLib import TTFont, TTLibError  # only floors that name fonts need it

    try:
        with TTFont(BytesIO(content), lazy=True) as font:
            return frozenset(font.getBestCmap() or ())
    except (TTLibError, KeyError, AssertionError, IndexError) as error:
        raise ValueError("it is no TrueType or OpenType font") from error
