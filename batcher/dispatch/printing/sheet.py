"""
The sheet of a batch: what to set up, a picture of where each piece lies, and a line for each to compare and tick off.

It holds what the station needs to make and check the pieces, and nothing about who they are for.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from batcher.dispatch.printing import glyphs
from batcher.dispatch.printing.document import Printed
from batcher.dispatch.printing.page import MM, PAPER_MM, Document, Paper
from batcher.dispatch.printing.picture import draw_picture
from batcher.dispatch.ticket import TicketItem

_MARGIN = 12 * MM
_SIZE, _LEADING, _PAD = 8.5, 11.0, 5.0
_QR = 26 * MM
_PICTURE_MM = 105
_UNDRAWN = "! Not every sign of this text can be printed here: compare the piece with the ticket on a screen."


@dataclass(frozen=True)
class _Column:
    """A column of the table: its heading, and its left and right as shares of the width."""

    title: str
    left: float
    right: float


_NUMBER, _CHECK = _Column("no", 0, 0.05), _Column("check", 0.05, 0.13)
_WHAT, _TEXT = _Column("piece", 0.13, 0.40), _Column("text", 0.40, 0.74)
_ORDER, _DONE = _Column("order", 0.74, 0.94), _Column("done", 0.94, 1)
_COLUMNS = (_NUMBER, _CHECK, _WHAT, _TEXT, _ORDER, _DONE)


def sheet_pdf(printed: Printed, paper: Paper) -> bytes:
    """Return the sheet of a batch, on as many pages as its pieces take."""
    ticket = printed.ticket
    page = Document(PAPER_MM[paper], f"Batch {ticket.batch_id}")
    wide = page.width - 2 * _MARGIN
    y = _head(page, printed, wide)
    y += draw_picture(page, printed, _MARGIN, y, (wide, _PICTURE_MM * MM)) + 14
    rows = [_row(item, wide) for item in printed.pieces]
    pages = list(_split(rows, y, page.height))
    for number, (top, part) in enumerate(pages, 1):
        if number > 1:
            page.next_page()
            page.text(_MARGIN, _MARGIN + 8, f"{ticket.station}  no {ticket.sequence}  ticket {ticket.ticket_id}", 9)
        _table(page, part, top, wide)
        page.text(page.width - _MARGIN, page.height - 8 * MM, f"page {number} of {len(pages)}", 7, align="right")
        if any(not row.whole for row in part):
            page.text(_MARGIN, page.height - 8 * MM, _UNDRAWN, 7)
    return page.bytes()


def _head(page: Document, printed: Printed, wide: float) -> float:
    """Draw what the batch is, and its codes; return where that ends."""
    ticket, left, top = printed.ticket, _MARGIN, _MARGIN
    page.qr(page.width - _MARGIN - _QR, top, ticket.ticket_id, _QR)
    page.text(left, top + 20, glyphs.cut(glyphs.drawable(ticket.station).text, 24, wide - _QR - 10), 24)
    for number, told in enumerate(_told(printed)):
        page.text(left, top + 38 + number * 13, glyphs.cut(told, 9.5, wide - _QR - 10), 9.5)
    below = top + max(_QR, 38 + 5 * 13) + 2
    page.code128(left, below, ticket.ticket_id, wide, 9 * MM)
    page.text(left, below + 9 * MM + 9, f"ticket {ticket.ticket_id}   batch {ticket.batch_id}", 8)
    return below + 9 * MM + 20


def _told(printed: Printed) -> Iterator[str]:
    ticket = printed.ticket
    change = f", change over first ({ticket.changeover.seconds // 60} min)" if ticket.changeover.needed else ""
    yield f"no {ticket.sequence} · {ticket.process} · {ticket.fixture} · set up for {ticket.setup_state}{change}"
    yield f"{_count(printed)} · runs {ticket.run_seconds // 60} min"
    yield f"planned {printed.local(ticket.planned_start_at)} to {printed.local(ticket.planned_end_at)}"
    yield f"first piece must leave by {printed.local(ticket.due_at)} · priority {ticket.priority} of 100"
    yield "may run with nobody present" if ticket.unattended_ok else "stay with it: not to be run with nobody present"


def _count(printed: Printed) -> str:
    pieces = f"{len(printed.pieces)} piece{'s' * (len(printed.pieces) != 1)}"
    if printed.ticket.capacity is None:
        return pieces
    return f"{pieces} in {sum(room.slots for room in printed.rooms.values())} of {printed.ticket.capacity} slots"


@dataclass(frozen=True)
class _Row:
    """One piece as lines of each column."""

    cells: dict[str, list[str]]
    whole: bool

    @property
    def high(self) -> float:
        return max(map(len, self.cells.values())) * _LEADING + _PAD


def _row(item: TicketItem, wide: float) -> _Row:
    text = glyphs.drawable(item.text)
    turned = " (turned)" if item.rotated else ""
    where = "" if item.x_mm is None else f" at {item.x_mm}, {item.y_mm}{turned}"
    told = {
        _NUMBER: str(item.slot),
        _CHECK: item.check_code,
        _WHAT: f"{item.sku}{where}",
        _TEXT: ("" if text.whole else "! ") + (text.text or "—"),
        _ORDER: item.order_id,
        _DONE: "",
    }
    cells = {
        column.title: glyphs.lines(glyphs.drawable(cell).text, _SIZE, (column.right - column.left) * wide - 4)
        for column, cell in told.items()
    }
    return _Row(cells, text.whole)


def _split(rows: list[_Row], top: float, height: float) -> Iterator[tuple[float, list[_Row]]]:
    """Yield the rows of each page and where they begin."""
    lowest = height - 14 * MM
    part: list[_Row] = []
    y = top + _LEADING + _PAD
    for row in rows:
        if y + row.high > lowest and (part or top > _MARGIN + 20):
            yield top, part
            top, part = _MARGIN + 20, []
            y = top + _LEADING + _PAD
        part.append(row)
        y += row.high
    yield top, part


def _table(page: Document, rows: list[_Row], top: float, wide: float) -> None:
    if not rows:
        return
    for column in _COLUMNS:
        page.text(_MARGIN + column.left * wide + 2, top + 8, column.title, 7, grey=0.3)
    y = top + _LEADING + _PAD - 4
    for row in rows:
        page.line(_MARGIN, y, _MARGIN + wide, y, grey=0.6)
        for column in _COLUMNS:
            for number, told in enumerate(row.cells[column.title]):
                page.text(_MARGIN + column.left * wide + 2, y + 10.5 + number * _LEADING, told, _SIZE)
        page.box(_MARGIN + _DONE.left * wide + 6, y + 3.5, 9, 9, thick=0.8)
        y += row.high
    page.line(_MARGIN, y, _MARGIN + wide, y, grey=0.6)
