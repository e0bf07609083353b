"""The layout of a batch on paper, to scale: where each piece lies on its bed or sheet, and which way is up."""

from collections.abc import Iterator
from dataclasses import dataclass

from batcher.dispatch.printing.document import Printed
from batcher.dispatch.printing.glyphs import width
from batcher.dispatch.printing.page import Document
from batcher.dispatch.ticket import TicketItem, TicketSheet
from batcher.planning.draw_slots import columns_of, slot_boxes

#: What is drawn for a piece on a sheet whose outline the rules do not know any more, in mm.
_UNKNOWN_MM = 10
_LARGEST, _LEAST = 9.0, 4.0


@dataclass(frozen=True)
class _Box:
    """A rectangle from its upper left, in the bed's or sheet's own measure."""

    x: float
    y: float
    wide: float
    high: float


def draw_picture(page: Document, printed: Printed, x: float, y: float, room: tuple[float, float]) -> float:
    """Draw the layout into a room; return how high it became."""
    sheet = printed.ticket.sheet
    if sheet is None:
        return _draw_bed(page, printed, x, y, room)
    return _draw_sheet(page, printed, sheet, x, y, room)


def _draw_sheet(
    page: Document, printed: Printed, sheet: TicketSheet, x: float, y: float, room: tuple[float, float]
) -> float:
    scale = min((room[0] - 14) / sheet.width_mm, (room[1] - 14) / sheet.height_mm)
    wide, high = sheet.width_mm * scale, sheet.height_mm * scale
    page.box(x, y, wide, high, thick=1)
    for item in printed.pieces:
        box = _on_sheet(printed, item, sheet)
        drawn = _Box(x + box.x * scale, y + box.y * scale, box.wide * scale, box.high * scale)
        page.box(drawn.x, drawn.y, drawn.wide, drawn.high, fill=0.93)
        _mark_up(page, drawn, rotated=item.rotated)
        _name(page, drawn, item)
    page.text(x + wide / 2, y + high + 10, f"{sheet.width_mm} mm", 7, align="middle", grey=0.3)
    page.text(x + wide + 3, y + high / 2, f"{sheet.height_mm} mm", 7, grey=0.3)
    page.text(x, y + high + 10, "0, 0", 7, grey=0.3)
    return high + 14


def _on_sheet(printed: Printed, item: TicketItem, sheet: TicketSheet) -> _Box:
    """Return where a piece lies; tickets count from the lower left."""
    room = printed.rooms[item.job_id]
    wide, high = room.width_mm or _UNKNOWN_MM, room.height_mm or _UNKNOWN_MM
    if item.rotated:
        wide, high = high, wide
    left, low = item.x_mm or 0, item.y_mm or 0
    return _Box(left, sheet.height_mm - low - high, wide, high)


def _draw_bed(page: Document, printed: Printed, x: float, y: float, room: tuple[float, float]) -> float:
    """Draw a bed row by row; pieces take their slots in the order of their numbers."""
    used = sum(each.slots for each in printed.rooms.values())
    capacity = max(printed.ticket.capacity or 0, used)
    columns = columns_of(capacity)
    rows = -(-capacity // columns)
    side = min(room[0] / columns, room[1] / rows, 60.0)
    for slot in range(capacity):
        for box in _slots(slot, 1, columns, side):
            page.box(x + box.x, y + box.y, box.wide, box.high, grey=0.7)
    first = 0
    for item in printed.pieces:
        boxes = list(_slots(first, printed.rooms[item.job_id].slots, columns, side))
        first += printed.rooms[item.job_id].slots
        for box in boxes:
            page.box(x + box.x, y + box.y, box.wide, box.high, fill=0.93)
        _name(page, _Box(x + boxes[0].x, y + boxes[0].y, boxes[0].wide, boxes[0].high), item)
    return rows * side


def _slots(first: int, count: int, columns: int, side: float) -> Iterator[_Box]:
    return (_Box(*box) for box in slot_boxes(first, count, columns, side))


def _mark_up(page: Document, box: _Box, *, rotated: bool) -> None:
    """Mark the top of the piece with a thick edge: above, or at the left of one that is turned by 90 degrees."""
    if rotated:
        page.line(box.x + 1.5, box.y + 1, box.x + 1.5, box.y + box.high - 1, thick=2)
    else:
        page.line(box.x + 1, box.y + 1.5, box.x + box.wide - 1, box.y + 1.5, thick=2)


def _name(page: Document, box: _Box, item: TicketItem) -> None:
    """Write number and check code into a box, or the number alone, or nothing where not even that can be read."""
    for text in (f"{item.slot} {item.check_code}", str(item.slot)):
        size = min(_LARGEST, box.high * 0.6, _LARGEST * (box.wide - 2) / max(1.0, width(text, _LARGEST)))
        if size >= _LEAST:
            page.text(box.x + box.wide / 2, box.y + box.high / 2 + size * 0.35, text, size, align="middle")
            return
