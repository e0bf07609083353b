"""
Where jobs lie on a sheet: do these rectangles fit, and where does each go?

Keeping `gap` between rectangles and none at the border is the same as packing rectangles grown by the gap on a sheet
grown by the gap, so gaps need no further thought. A sheet is filled from the bottom: into the lowest hollow of the
skyline goes a piece that fits, a large one rather than a small one, against the higher of the hollow's walls; a hollow
that nothing fits is given up. Which of the large ones is left to chance, and tried anew until all pieces lie, in turn
with the sheet as it is and seen from its side. What this finds is a layout, what it does not find may still exist.
Answers are remembered by the rectangles' shapes.

Chance comes from numbers that `kernel_layout` draws too: both give the same answers. `benchmarks.layout` sets this
beside other ways to pack.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from batcher.planning.plan import Placement
from batcher.planning.problem import SheetSize

#: How often a sheet is filled anew before a set of pieces is refused: twice as often finds a twentieth more of the
#: layouts there are, and takes twice as long.
TRIES = 100
#: Of these, the first ones always take the largest piece.
PLAIN_TRIES = 2
#: A set that has never come nearer than this to lying whole, as a share of the sheet, is refused after so many tries.
EARLY_TRIES, FAR = 16, 0.1
#: A random share of up to as much again is added to a piece's size; numbers are drawn in 16 bits.
CHANCE = 1 << 16


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
#: How a shape may lie: its place among the shapes, how far it reaches across and up, and whether it is turned.
_Way = tuple[int, int, int, bool]


def shape_of(rectangle: Rectangle) -> Shape:
    """Return the shape: jobs of one shape are interchangeable on a sheet."""
    if rectangle.rotate:
        return Shape(max(rectangle[:2]), min(rectangle[:2]), 0)
    return Shape(rectangle.width, rectangle.height, 1)


def area_taken(rectangles: Iterable[Rectangle], gap: int) -> int:
    """Return the area of rectangles that are all grown by the gap."""
    return sum([(rectangle.width + gap) * (rectangle.height + gap) for rectangle in rectangles])


class Packer:
    """Packs sheets of one size, remembering every answer."""

    def __init__(self, sheet: SheetSize) -> None:
        self.width, self.height = sheet.width + sheet.gap, sheet.height + sheet.gap
        self.gap = sheet.gap
        self.area = self.width * self.height
        self.known: dict[tuple[Shape, ...], tuple[Spot, ...] | None] = {}

    def pack(self, shapes: tuple[Shape, ...], tries: int = TRIES) -> tuple[Spot, ...] | None:
        """Return a spot for each of the shapes, given in sorted order, or none when no layout was found."""
        if shapes in self.known:
            return self.known[shapes]
        found = self._search(shapes, tries)
        if found is not None or tries == TRIES:
            if len(self.known) > 200_000:  # a long search must not fill the memory
                self.known.clear()
            self.known[shapes] = found
        return found

    def _search(self, shapes: tuple[Shape, ...], tries: int) -> tuple[Spot, ...] | None:
        gap = self.gap
        total = sum((shape.long + gap) * (shape.short + gap) for shape in shapes)
        if total > self.area:
            return None
        groups = [(shape, len(list(group))) for shape, group in groupby(shapes)]
        counts = [count for _, count in groups]
        areas = [(shape.long + gap) * (shape.short + gap) for shape, _ in groups]
        as_is = [way for place, (shape, _) in enumerate(groups) for way in _ways(place, shape, gap)]
        from_side = [(place, up, across, turned) for place, across, up, turned in as_is]
        most = 0
        for number in range(tries):
            if number % 2:
                laid = _fill(self.height, self.width, from_side, counts[:], self.area - total, number)
            else:
                laid = _fill(self.width, self.height, as_is, counts[:], self.area - total, number)
            if len(laid) == len(shapes):
                laid.sort()
                return tuple((y, x, turned) if number % 2 else (x, y, turned) for _, x, y, turned in laid)
            most = max(most, sum(areas[place] for place, *_ in laid))
            if number == EARLY_TRIES and total - most > FAR * self.area:
                return None
        return None


def _ways(place: int, shape: Shape, gap: int) -> list[_Way]:
    long, short = shape.long + gap, shape.short + gap
    as_is = (place, long, short, False)
    return [as_is] if shape.fixed or long == short else [as_is, (place, short, long, True)]


class _Skyline:
    """How high a sheet is filled: steps from left to right, the last of no width at the right border."""

    def __init__(self, width: int, height: int) -> None:
        self.xs, self.ys = [0, width], [0, height]

    def lowest(self) -> tuple[int, int, int]:
        """Return the leftmost of the lowest steps, how high it is and how wide."""
        low = min(self.ys)
        at = self.ys.index(low)
        return at, low, self.xs[at + 1] - self.xs[at]

    def fill_up(self, at: int) -> int:
        """Raise a step that is lower than both its walls to the lower of them; return by how much."""
        low = self.ys[at]
        high = min(self.ys[at - 1], self.ys[at + 1])  # before the first step comes the last: both borders are as high
        self.ys[at] = high
        self._join(at)
        return high - low

    def lay(self, at: int, across: int, up: int) -> int:
        """Lay a piece on a step, against the higher of its walls; return where it begins."""
        xs, ys = self.xs, self.ys
        x, low, rest = xs[at], ys[at], xs[at + 1] - xs[at] - across
        if rest and ys[at + 1] > ys[at - 1]:
            at, x = at + 1, x + rest
            xs.insert(at, x)
            ys.insert(at, low + up)
        else:
            ys[at] = low + up
            if rest:
                xs.insert(at + 1, x + across)
                ys.insert(at + 1, low)
        self._join(at)
        return x

    def _join(self, at: int) -> None:
        """Make one step of a step and its neighbours of the same height."""
        xs, ys = self.xs, self.ys
        if ys[at + 1] == ys[at] and at + 2 < len(ys):
            del xs[at + 1], ys[at + 1]
        if at and ys[at - 1] == ys[at]:
            del xs[at], ys[at]


def _fill(
    width: int, height: int, ways: list[_Way], left: list[int], spare: int, number: int
) -> list[tuple[int, int, int, bool]]:
    """
    Fill a sheet once, until all pieces lie or too much is wasted; return where they lie (shape, x, y, turned).

    Parameters
    ----------
    left
        How many pieces there are of each shape; used up.
    spare
        The area that may be wasted.
    number
        Which try it is.
    """
    skyline = _Skyline(width, height)
    laid: list[tuple[int, int, int, bool]] = []
    drawn, pieces = 7919 * number + 1, sum(left)
    while len(laid) < pieces:
        at, low, room = skyline.lowest()
        choice, drawn = _choose(ways, left, room, height - low, drawn if number >= PLAIN_TRIES else 0)
        if choice is None:
            spare -= room * skyline.fill_up(at)
            if spare < 0:
                break
        else:
            place, across, up, turned = choice
            left[place] -= 1
            laid.append((place, skyline.lay(at, across, up), low, turned))
    return laid


def _choose(ways: list[_Way], left: list[int], room: int, top: int, drawn: int) -> tuple[_Way | None, int]:
    """Return the piece to lay into a hollow, and the last number drawn; none is drawn when that is 0."""
    best, choice = 0, None
    for way in ways:
        place, across, up, _ = way
        if across <= room and up <= top and left[place]:
            score = (across + up) * CHANCE
            if drawn:
                drawn = (1_103_515_245 * drawn + 12_345) & 0x7FFFFFFF
                score += (across + up) * (drawn >> 8 & CHANCE - 1)
            if across == room:
                score += score >> 1
            if score > best:
                best, choice = score, way
    return choice, drawn


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
