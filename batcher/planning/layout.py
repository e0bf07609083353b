"""
Where jobs lie on a sheet: do these rectangles fit, and where does each go?

Keeping `gap` between rectangles and none at the border is the same as packing rectangles grown by the gap on a sheet
grown by the gap, so gaps need no further thought. Packing is MaxRects, best short side fit, tried in several orders
and turnings: what it finds is a layout, what it does not find may still exist. Answers are remembered by the
rectangles' shapes.
"""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import NamedTuple

from batcher.planning.plan import Placement
from batcher.planning.problem import SheetSize


class Rectangle(NamedTuple):
    """A job's outline; `rotate`: it may be turned by 90 degrees."""

    width: int
    height: int
    rotate: bool
    job: str


class Shape(NamedTuple):
    """An outline without its job, in the one form equal outlines share."""

    long: int
    short: int
    fixed: int  #: 0: may be turned; 1: stands with its width along the sheet's; the long side is then its width


Spot = tuple[int, int, bool]


class Turning(Enum):
    """Which way shapes are tried: a row of equal prints packs best when all stand alike."""

    FREE = "free"  #: whichever way leaves the shorter side
    UPRIGHT = "upright"  #: long side up, turned only where that does not fit
    ACROSS = "across"  #: long side along the sheet's width, likewise


def shape_of(rectangle: Rectangle) -> Shape:
    """Return the shape: jobs of one shape are interchangeable on a sheet."""
    if rectangle.rotate:
        return Shape(max(rectangle[:2]), min(rectangle[:2]), 0)
    return Shape(rectangle.width, rectangle.height, 1)


class Packer:
    """Packs sheets of one size, remembering every answer."""

    def __init__(self, sheet: SheetSize) -> None:
        self.width, self.height = sheet.width + sheet.gap, sheet.height + sheet.gap
        self.gap = sheet.gap
        self.area = self.width * self.height
        self.known: dict[tuple[Shape, ...], tuple[Spot, ...] | None] = {}

    def pack(self, shapes: tuple[Shape, ...]) -> tuple[Spot, ...] | None:
        """Return a spot for each of the shapes, given in sorted order, or none when no layout was found."""
        if shapes not in self.known:
            if len(self.known) > 200_000:  # a long search must not fill the memory
                self.known.clear()
            self.known[shapes] = self._search(shapes)
        return self.known[shapes]

    def _search(self, shapes: tuple[Shape, ...]) -> tuple[Spot, ...] | None:
        gap = self.gap
        if sum((shape.long + gap) * (shape.short + gap) for shape in shapes) > self.area:
            return None
        orders = (
            lambda k: (-shapes[k].long * shapes[k].short, shapes[k]),
            lambda k: (-shapes[k].long, -shapes[k].short, shapes[k]),
            lambda k: (-shapes[k].short, -shapes[k].long, shapes[k]),
        )
        tried: set[tuple[int, ...]] = set()
        for turning in Turning:
            tried.clear()
            for key in orders:
                order = tuple(sorted(range(len(shapes)), key=key))
                if order in tried:
                    continue
                tried.add(order)
                spots = self._place([shapes[k] for k in order], turning)
                if spots is not None:
                    found: list[Spot] = [(0, 0, False)] * len(shapes)
                    for k, spot in zip(order, spots, strict=True):
                        found[k] = spot
                    return tuple(found)
        return None

    def _place(self, shapes: Sequence[Shape], turning: Turning) -> list[Spot] | None:
        """Place the shapes one by one where the short side left over is least."""
        free = [(0, 0, self.width, self.height)]
        spots: list[Spot] = []
        for shape in shapes:
            best = _best_spot(free, shape, self.gap, turning)
            if best is None:
                return None
            _, x, y, width, height, turned = best
            spots.append((x, y, turned))
            free = _cut(free, x, y, width, height)
        return spots


#: Where a shape may go: its score, corner, width and height there, and whether it is turned.
_Candidate = tuple[tuple[int, int, int, int], int, int, int, int, bool]


def _best_spot(free: list[tuple[int, int, int, int]], shape: Shape, gap: int, turning: Turning) -> _Candidate | None:
    long, short = shape.long + gap, shape.short + gap
    across, upright = (long, short, False), (short, long, True)
    if shape.fixed or long == short:
        return _best_of(free, (across,))
    if turning is Turning.FREE:
        return _best_of(free, (across, upright))
    first, then = (across, upright) if turning is Turning.ACROSS else (upright, across)
    return _best_of(free, (first,)) or _best_of(free, (then,))


def _best_of(free: list[tuple[int, int, int, int]], ways: tuple[tuple[int, int, bool], ...]) -> _Candidate | None:
    best = None
    for x, y, width, height in free:
        for across, up, turned in ways:
            if across <= width and up <= height:
                over, under = width - across, height - up
                score = (min(over, under), max(over, under), y, x)
                if best is None or score < best[0]:
                    best = (score, x, y, across, up, turned)
    return best


def _cut(
    free: list[tuple[int, int, int, int]], x: int, y: int, width: int, height: int
) -> list[tuple[int, int, int, int]]:
    """Return the maximal free rectangles once one has been taken out."""
    right, top = x + width, y + height
    kept, pieces = [], []
    for space in free:
        left, bottom, across, up = space
        far, high = left + across, bottom + up
        if x >= far or right <= left or y >= high or top <= bottom:
            kept.append(space)
            continue
        if x > left:
            pieces.append((left, bottom, x - left, up))
        if right < far:
            pieces.append((right, bottom, far - right, up))
        if y > bottom:
            pieces.append((left, bottom, across, y - bottom))
        if top < high:
            pieces.append((left, top, across, high - top))
    pieces = list(dict.fromkeys(pieces))
    return kept + [
        piece
        for piece in pieces
        if not any(other != piece and _inside(piece, other) for other in pieces)
        and not any(_inside(piece, other) for other in kept)
    ]


def _inside(piece: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return (
        piece[0] >= other[0]
        and piece[1] >= other[1]
        and piece[0] + piece[2] <= other[0] + other[2]
        and piece[1] + piece[3] <= other[1] + other[3]
    )


def fits_alone(sheet: SheetSize, rectangles: Sequence[Rectangle]) -> bool:
    """Tell whether these rectangles by themselves can be laid on one sheet."""
    return place(Packer(sheet), rectangles) is not None


def place(packer: Packer, rectangles: Iterable[Rectangle]) -> dict[str, Placement] | None:
    """Return a place on the sheet for each job, or none when no layout was found."""
    ordered = sorted((shape_of(rectangle), rectangle) for rectangle in rectangles)
    spots = packer.pack(tuple(shape for shape, _ in ordered))
    if spots is None:
        return None
    return {
        rectangle.job: Placement(x, y, _rotated(shape, rectangle, turned))
        for (shape, rectangle), (x, y, turned) in zip(ordered, spots, strict=True)
    }


def _rotated(shape: Shape, rectangle: Rectangle, turned: bool) -> bool:
    """Tell whether the job itself is turned when its shape lies long side across, or is turned from that."""
    lies_across = rectangle.width == shape.long
    return lies_across == turned if rectangle.width != rectangle.height else False
