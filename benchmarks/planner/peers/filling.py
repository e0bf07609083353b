"""
Filling a batch in a given order, as a floor does by hand: whatever still fits goes in.

Prints go on a sheet row by row, each beside the last, turned only where they would not fit otherwise; a row is as tall
as its tallest print.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from batcher.planning.index import NO_LIMIT, ModeView, Unit
from batcher.planning.layout import Rectangle
from batcher.planning.loads import Load, Loader
from batcher.planning.plan import Placement
from batcher.planning.problem import SheetSize


@dataclass(frozen=True, slots=True)
class Filling:
    """What goes into a batch, and where on its sheet, if it has one."""

    load: Load
    placements: dict[str, Placement]


def filled(loader: Loader, mode: ModeView, units: Iterable[Unit]) -> Filling | None:
    """Return the filling of the units that fit together, taken in the order given; none when not one does."""
    held: list[int] = []
    size, parallel, limit = 0, 0, NO_LIMIT
    kinds: frozenset[str] = frozenset()
    rows = None if mode.sheet is None else _Rows(mode.sheet)
    for unit in units:
        if (
            not unit.stations >> mode.station & 1
            or (rows is None and size + unit.size > mode.capacity)
            or unit.parallel > limit
            or unit.limit < parallel
            or (unit.kinds and len(kinds | unit.kinds) > mode.max_kinds)
            or (rows is not None and not rows.take(unit.rectangles))
        ):
            continue
        held.append(unit.place)
        size, kinds = size + unit.size, kinds | unit.kinds
        parallel, limit = max(parallel, unit.parallel), min(limit, unit.limit)
        if rows is None and size >= mode.capacity:
            break
    return Filling(loader.load(held), {} if rows is None else rows.placements) if held else None


class _Rows:
    """A sheet being filled."""

    def __init__(self, sheet: SheetSize) -> None:
        self.sheet = sheet
        self.placements: dict[str, Placement] = {}
        self._x = self._y = self._tall = 0

    def take(self, rectangles: Sequence[Rectangle]) -> bool:
        """Place all of the rectangles or none of them; tell which."""
        were = (self._x, self._y, self._tall)
        for done, rectangle in enumerate(rectangles):
            if not self._place(rectangle):
                self._x, self._y, self._tall = were
                for placed in rectangles[:done]:
                    del self.placements[placed.job]
                return False
        return True

    def _place(self, rectangle: Rectangle) -> bool:
        sheet = self.sheet
        turned = rectangle.rotate and (rectangle.width > sheet.width or rectangle.height > sheet.height)
        width, height = (rectangle.height, rectangle.width) if turned else (rectangle.width, rectangle.height)
        beside = self._x + width <= sheet.width and self._y + height <= sheet.height
        x, y = (self._x, self._y) if beside else (0, self._y + self._tall + sheet.gap)
        if x + width > sheet.width or y + height > sheet.height:
            return False
        self.placements[rectangle.job] = Placement(x, y, turned)
        self._tall = max(self._tall, height) if beside else height
        self._x, self._y = x + width + sheet.gap, y
        return True
