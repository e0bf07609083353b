"""The sheets of the textbook model: every print an optional rectangle in each slot it may be in, without overlap."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from batcher.planning.index import Unit
from batcher.planning.layout import Rectangle
from batcher.planning.plan import Placement
from batcher.planning.problem import SheetSize


@dataclass(frozen=True)
class _Print:
    """Where a print lies, whichever slot it is in, with its gap."""

    x: Any
    y: Any
    turned: Any
    width: Any
    height: Any
    right: Any
    top: Any


class Sheets:
    """Where prints lie; sheets and prints are grown by the gap, so that touching is far enough apart."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self._prints: dict[str, _Print] = {}

    def lay(self, sheet: SheetSize, runs: Any, members: list[tuple[Unit, Any]]) -> None:
        """Have the prints of a slot on a sheet without overlap, when it runs in that sheet's mode."""
        model, across, along = self.model, [], []
        for unit, joins in members:
            there = model.NewBoolVar("")
            model.AddBoolOr([runs.Not(), joins.Not(), there])
            model.AddImplication(there, joins)
            for rectangle in unit.rectangles:
                at = self._print(rectangle, sheet)
                model.Add(at.right <= sheet.width + sheet.gap).OnlyEnforceIf(there)
                model.Add(at.top <= sheet.height + sheet.gap).OnlyEnforceIf(there)
                across.append(model.NewOptionalIntervalVar(at.x, at.width, at.right, there, ""))
                along.append(model.NewOptionalIntervalVar(at.y, at.height, at.top, there, ""))
        model.AddNoOverlap2D(across, along)

    def placement(self, rectangle: Rectangle, value: Callable[[Any], int]) -> Placement:
        """Return where a print lies in a solution."""
        at = self._prints[rectangle.job]
        return Placement(value(at.x), value(at.y), bool(value(at.turned)))

    def _print(self, rectangle: Rectangle, sheet: SheetSize) -> _Print:
        known = self._prints.get(rectangle.job)
        if known is None:
            model, gap = self.model, sheet.gap
            turned = model.NewBoolVar("")
            if not rectangle.rotate:
                model.Add(turned == 0)
            wider = rectangle.height - rectangle.width
            most = 2 * (sheet.width + sheet.height + gap)
            x, y, right, top = (model.NewIntVar(0, most, "") for _ in range(4))
            width = rectangle.width + gap + wider * turned
            height = rectangle.height + gap - wider * turned
            known = self._prints[rectangle.job] = _Print(x, y, turned, width, height, right, top)
        return known
