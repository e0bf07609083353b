"""How the pieces of a batch lie: the slots of a bed, or the places on a sheet, as something to draw."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batcher.domain.batches import Place
from batcher.rules.floor import Fixture
from batcher.rules.ruleset import RuleSet

#: A slot is drawn so wide and high; nobody knows how large it is.
SLOT = 100
#: More slots than this are drawn without their empty ones.
_MOST_SLOTS = 400


@dataclass(frozen=True)
class Box:
    """One place; from the upper left corner, as a browser draws."""

    x: float
    y: float
    width: float
    height: float
    slot: int
    rotated: bool = False
    taken: bool = True


@dataclass(frozen=True)
class Layout:
    """A bed or a sheet with its places; a sheet's are in millimetres."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    sheet: bool


def slots_layout(capacity: int, taken: Sequence[int]) -> Layout:
    """Return a bed with its slots in rows, numbered from 1, half as many again to a row as there are rows."""
    count = max([capacity, *taken], default=0)
    columns = max(1, math.ceil(math.sqrt(1.5 * count)))
    used, boxes = set(taken), []
    shown = range(1, count + 1) if count <= _MOST_SLOTS else sorted(used)
    for place, slot in enumerate(shown):
        row, column = divmod(place, columns)
        boxes.append(Box(column * SLOT, row * SLOT, SLOT, SLOT, slot, taken=slot in used))
    rows = max(1, math.ceil(len(boxes) / columns))
    return Layout(columns * SLOT, rows * SLOT, tuple(boxes), sheet=False)


def sheet_layout(
    width_mm: int, height_mm: int, places: Sequence[Place], sizes: Mapping[int, tuple[int, int]]
) -> Layout:
    """
    Return a sheet with its pieces where they lie.

    Parameters
    ----------
    sizes
        Width and height by slot, as the piece is when it is not turned.
    """
    boxes = []
    for place in places:
        if place.x_mm is None or place.y_mm is None or place.slot not in sizes:
            continue
        width, height = sizes[place.slot][::-1] if place.rotated else sizes[place.slot]
        boxes.append(Box(place.x_mm, height_mm - place.y_mm - height, width, height, place.slot, rotated=place.rotated))
    return Layout(width_mm, height_mm, tuple(boxes), sheet=True)


def size_of(rules: RuleSet, product: str, step: int) -> tuple[int, int] | None:
    """Return a piece's width and height on its sheet, as the rules in force have it; none when they do not."""
    known = rules.products.get(product)
    if known is None or step > len(known.route):
        return None
    made = known.route[step - 1]
    return None if made.width_mm is None or made.height_mm is None else (made.width_mm, made.height_mm)


def layout_of(fixture: Fixture | None, places: Sequence[Place], sizes: Mapping[int, tuple[int, int]]) -> Layout:
    """Return the layout of a batch on its fixture; of one that the rules no longer have, in slots."""
    if fixture is not None and fixture.sheet is not None and all(place.x_mm is not None for place in places):
        return sheet_layout(fixture.sheet.width_mm, fixture.sheet.height_mm, places, sizes)
    return slots_layout((fixture.capacity if fixture else None) or 0, [place.slot for place in places])
