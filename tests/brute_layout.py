"""
Can these jobs lie on one sheet? The whole answer, by trying: what packing heuristics are measured against.

Each job grown by the gap must lie on the sheet grown by the gap. Jobs are dropped from above one after another; in any
layout they can be dropped in order of their lower edges, and moved left until something stops them, so it is enough to
try each order, each turning, and each sum of other widths as the left edge.
"""

from collections.abc import Iterator, Sequence
from functools import cache

from batcher.planning.plan import Placement
from batcher.planning.problem import Job, SheetSize

Layout = dict[str, Placement]
#: Width and height grown by the gap, and whether it may be turned.
Box = tuple[int, int, bool]
#: Left and lower edge, and whether it is turned.
Spot = tuple[int, int, bool]


def layout(sheet: SheetSize, jobs: Sequence[Job]) -> Layout | None:
    """Return a place for each job, or none when there is no layout."""
    gap = sheet.gap
    boxes = sorted(((job.width + gap, job.height + gap, job.rotate), job.id) for job in jobs)
    spots = _spots(sheet.width + gap, sheet.height + gap, tuple(box for box, _ in boxes))
    if spots is None:
        return None
    return {name: Placement(*spot) for (_, name), spot in zip(boxes, spots, strict=True)}


@cache
def _spots(width: int, height: int, boxes: tuple[Box, ...]) -> tuple[Spot, ...] | None:
    """Return a spot for each box on a sheet without gaps, or none."""
    edges = _sums(boxes, width)
    dead: set[tuple[tuple[int, ...], frozenset[int]]] = set()

    def dropped(line: tuple[int, ...], left: frozenset[int], lowest: int) -> dict[int, Spot] | None:
        """Drop the boxes that are left onto what lies up to this line, none of them under the one before."""
        if not left:
            return {}
        line = tuple(max(top, lowest) for top in line)
        room = sum(height - top for top in line)
        if (line, left) in dead or sum(boxes[k][0] * boxes[k][1] for k in left) > room:
            return None
        for k, x, y, (across, up, turned) in _drops(line, left, boxes, edges, height):
            raised = (*line[:x], *[y + up] * across, *line[x + across :])
            rest = dropped(raised, left - {k}, y)
            if rest is not None:
                return rest | {k: (x, y, turned)}
        dead.add((line, left))
        return None

    found = dropped((0,) * width, frozenset(range(len(boxes))), 0)
    return None if found is None else tuple(found[k] for k in range(len(boxes)))


def _drops(
    line: tuple[int, ...], left: frozenset[int], boxes: tuple[Box, ...], edges: list[int], height: int
) -> Iterator[tuple[int, int, int, tuple[int, int, bool]]]:
    """Yield every way to drop one box onto the line: which, where, and its sides as it lies."""
    for k in sorted({boxes[k]: k for k in sorted(left, reverse=True)}.values()):  # one of each kind
        wide, high, rotate = boxes[k]
        for across, up, turned in {(wide, high, False), (high, wide, True)} if rotate else {(wide, high, False)}:
            for x in edges:
                if x + across <= len(line):
                    y = max(line[x : x + across])
                    if y + up <= height:
                        yield k, x, y, (across, up, turned)


def _sums(boxes: tuple[Box, ...], most: int) -> list[int]:
    """Return every sum of sides of boxes, each used once at most, up to a limit."""
    sums = {0}
    for wide, high, rotate in boxes:
        sides = {wide, high} if rotate else {wide}
        sums |= {total + side for total in sums for side in sides if total + side <= most}
    return sorted(sums)
