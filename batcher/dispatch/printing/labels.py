"""
A label for each piece of a batch, one a page, for a label printer: which piece it is and nothing of whose it is.

The QR code holds the id of the piece, the Code 128 its check code.
"""

from batcher.dispatch.printing import glyphs
from batcher.dispatch.printing.document import Printed
from batcher.dispatch.printing.page import MM, Document
from batcher.dispatch.ticket import TicketItem

_PAD = 2 * MM
#: A QR code of an id has 25 modules and its quiet zone: smaller ones smear on thermal paper.
_LEAST_MM = (40.0, 20.0)


def labels_pdf(printed: Printed, size_mm: tuple[float, float]) -> bytes:
    """
    Return the labels of a batch, in the order in which its pieces lie.

    Raises
    ------
    ValueError
        When such a label is too small for what must stand on it.
    """
    if size_mm[0] < _LEAST_MM[0] or size_mm[1] < _LEAST_MM[1]:
        raise ValueError(f"a label must have {_LEAST_MM[0]:g} x {_LEAST_MM[1]:g} mm at the least")
    page = Document(size_mm, f"Labels of batch {printed.ticket.batch_id}")
    for number, item in enumerate(printed.pieces):
        if number:
            page.next_page()
        _draw(page, printed, item)
    return page.bytes()


def _draw(page: Document, printed: Printed, item: TicketItem) -> None:
    side = min(page.height - 2 * _PAD, page.width * 0.4)
    page.qr(_PAD, (page.height - side) / 2, item.item_id, side)
    left = 2 * _PAD + side
    wide, step = page.width - left - _PAD, (page.height - 2 * _PAD) / 12
    page.text(left, _PAD + 2.6 * step, item.check_code, 3.2 * step)
    page.text(page.width - _PAD, _PAD + 2.6 * step, f"{item.slot}/{len(printed.pieces)}", 1.8 * step, align="right")
    page.code128(left, _PAD + 3.5 * step, item.check_code, wide, 3 * step)
    told = (item.order_id, item.sku, f"{printed.ticket.station} no {printed.ticket.sequence}, step {item.step}")
    for number, line in enumerate(told):
        text = glyphs.drawable(line).text
        size = max(1.1 * step, min(1.5 * step, step * wide / max(1.0, glyphs.width(text, step))))
        page.text(left, _PAD + (8.3 + 1.75 * number) * step, glyphs.cut(text, size, wide), size)
