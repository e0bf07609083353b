"""Tickets to be printed, and PDFs read back: pages as pictures, their text, and the codes that a scanner finds."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pypdfium2
import zxingcpp

from batcher.dispatch.printing.document import Printed, Room
from batcher.dispatch.ticket import TicketChangeover, TicketDocument, TicketItem, TicketSheet

TICKET_ID = "01JD8Z5W2MKQ3T9V7X4B6N8CFA"
_AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def item(slot: int, text: str = "Zsófia", *, at: tuple[int, int] | None = None, rotated: bool = False) -> TicketItem:
    return TicketItem(
        item_id=f"01JD8Z4T7RC2W9M5N3K8P6Q{slot:03}", job_id=f"J{slot}", step=1, slot=slot,
        x_mm=None if at is None else at[0], y_mm=None if at is None else at[1], rotated=rotated,
        sku="TIN-CAK-NATURAL-01", product="tin", finish="natural", text=text, artwork=None, order_id=f"5433-{slot:03}",
        source="shop", check_code="BCDF",
    )  # fmt: skip


def printed(*items: TicketItem, sheet: TicketSheet | None = None, capacity: int | None = 15, slots: int = 1) -> Printed:
    """Return a batch for paper."""
    ticket = TicketDocument(
        format="batcher-ticket/1", ticket_id=TICKET_ID, batch_id="01JD8Z5W2MKQ3T9V7X4B6N8CFB", sequence=7,
        station="uv-1", process="uv-print", fixture="tin-jig", setup_state="tins",
        changeover=TicketChangeover(needed=True, seconds=420), planned_start_at=_AT, planned_end_at=_AT, due_at=_AT,
        priority=80, rules_hash="r", unattended_ok=True, run_seconds=380, capacity=None if sheet else capacity,
        sheet=sheet, items=items, sha256="0" * 64,
    )  # fmt: skip
    room = Room(slots, 205, 95) if sheet else Room(slots)
    return Printed(ticket, {each.job_id: room for each in items}, ZoneInfo("Europe/London"))


def texts(pdf: bytes) -> list[str]:
    """Return what can be read on each page."""
    document = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_bounded() for page in document]


def sizes_mm(pdf: bytes) -> list[tuple[float, float]]:
    """Return the size of each page."""
    return [tuple(round(side * 25.4 / 72, 1) for side in page.get_size()) for page in pypdfium2.PdfDocument(pdf)]


def codes(pdf: bytes, page: int = 0) -> set[tuple[str, str]]:
    """Return the kind and the content of every code on a page, printed at 203 dots to the inch."""
    picture = pypdfium2.PdfDocument(pdf)[page].render(scale=203 / 72).to_pil()
    return {(found.format.name, found.text) for found in zxingcpp.read_barcodes(picture)}
