"""
The slots of a bed, rack or tray: which are used, and by what.

A plan says how much room a job takes, not which slot is whose: pieces are drawn in the order of the plan, each as many
slots as its size, row after row.
"""

import math
from collections.abc import Iterator, Mapping

from batcher.planning.draw_labels import Box, Label, flagged, label
from batcher.planning.draw_svg import element, tip
from batcher.planning.draw_view import Run

_LONGEST = 760
#: A slot is at most this large, and from this on down it has no border of its own.
_LARGEST, _LEAST_BORDERED = 120.0, 7.0


def slots(run: Run, capacity: int, fills: Mapping[str, str], late: frozenset[str]) -> tuple[list[str], float, float]:
    """
    Return a bed with its slots, and how wide and high that is.

    Parameters
    ----------
    run
        A batch on a station with a capacity.
    capacity
        How many slots there are.
    fills
        What each job is filled with.
    late
        Jobs of orders that are late.
    """
    columns = columns_of(capacity)
    rows = max(1, math.ceil(capacity / columns))
    side = min(_LARGEST, _LONGEST / columns)
    drawn = [element("rect", **_rect(box), class_="sheet") for box in slot_boxes(0, capacity, columns, side)]
    if side >= _LEAST_BORDERED:
        drawn = [
            element("rect", **_rect(next(slot_boxes(slot, 1, columns, side))), class_="slot")
            for slot in range(capacity)
        ]
    first = 0
    for number, job in enumerate(run.jobs, 1):
        boxes = list(slot_boxes(first, job.size, columns, side))
        first += job.size
        if not boxes:
            continue
        size = f"{job.size} slots" if job.size > 1 else ""
        drawn.append(
            element(
                "g",
                tip(f"{number}: {job.id} of order {job.order}\n{size or '1 slot'}"),
                *(element("rect", **_rect(box), fill=fills[job.id], class_="piece") for box in boxes),
                *(label(box, (Label((job.id, size)), Label((job.id,)), Label((str(number),)))) for box in boxes),
            )
        )
        if job.id in late:
            drawn.append(flagged(boxes[0]))
    return drawn, columns * side, rows * side


def columns_of(capacity: int) -> int:
    """Return how many slots to draw in a row: about half as many again as rows, without a rest where that can be."""
    wanted = math.sqrt(1.5 * max(capacity, 1))
    near = [columns for columns in range(math.ceil(wanted * 0.7), math.floor(wanted * 1.7) + 1) if columns > 0]
    return min(near, key=lambda columns: (capacity % columns > 0, abs(columns - wanted)), default=1)


def slot_boxes(first: int, count: int, columns: int, side: float) -> Iterator[Box]:
    """Yield a box for each row over which slots stretch: its left, top, width and height."""
    end = first + count
    while first < end:
        row, column = divmod(first, columns)
        wide = min(end - first, columns - column)
        yield column * side, row * side, wide * side, side
        first += wide


def _rect(box: Box) -> dict[str, float]:
    return {"x": box[0], "y": box[1], "width": box[2], "height": box[3]}
