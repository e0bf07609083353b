"""A page to draw on, in points from the upper left, and the bytes it becomes: the same for the same content, always."""

from io import BytesIO
from typing import Any, Literal

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.code128 import Code128
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.pdfgen.canvas import Canvas

from batcher.dispatch.printing.glyphs import font, width

MM = 72 / 25.4
Paper = Literal["a4", "letter"]
#: Width and height in mm.
PAPER_MM: dict[Paper, tuple[float, float]] = {"a4": (210, 297), "letter": (215.9, 279.4)}
#: A bar of Code 128 that common hand scanners read from paper, and the least one.
_BAR_MM, _LEAST_BAR_MM = 0.33, 0.19


class Document:
    """
    A PDF under way.

    Parameters
    ----------
    size_mm
        Width and height of every page.
    """

    def __init__(self, size_mm: tuple[float, float], title: str) -> None:
        self.width, self.height = (side * MM for side in size_mm)
        self._file = BytesIO()
        # invariant: no date and no random id, so that the same ticket is the same file
        self._canvas = Canvas(self._file, pagesize=(self.width, self.height), invariant=1, pageCompression=1)
        self._canvas.setTitle(title)
        self._canvas.setCreator("batcher")

    def text(self, x: float, y: float, text: str, size: float, *, align: Literal["left", "middle", "right"] = "left",
             grey: float = 0.0) -> None:  # fmt: skip
        """Draw a line of text on a base line."""
        shift = {"left": 0.0, "middle": 0.5, "right": 1.0}[align] * width(text, size)
        self._canvas.setFillGray(grey)
        self._canvas.setFont(font(), size)
        self._canvas.drawString(x - shift, self.height - y, text)

    def line(self, x: float, y: float, to_x: float, to_y: float, *, thick: float = 0.5, grey: float = 0.0) -> None:
        """Draw a straight line."""
        self._canvas.setStrokeGray(grey)
        self._canvas.setLineWidth(thick)
        self._canvas.line(x, self.height - y, to_x, self.height - to_y)

    def box(self, x: float, y: float, wide: float, high: float, *, thick: float = 0.5, fill: float | None = None,
            grey: float = 0.0) -> None:  # fmt: skip
        """Draw a rectangle from its upper left, filled with a grey or not at all."""
        self._canvas.setStrokeGray(grey)
        self._canvas.setLineWidth(thick)
        if fill is not None:
            self._canvas.setFillGray(fill)
        self._canvas.rect(x, self.height - y - high, wide, high, stroke=1, fill=int(fill is not None))

    def code128(self, x: float, y: float, text: str, room: float, high: float) -> float:
        """Draw a Code 128 that is as wide as scanners like and the room allows; return its width."""
        modules = Code128(text, barWidth=1, quiet=False).width
        bar = min(_BAR_MM * MM, room / modules)
        if bar < _LEAST_BAR_MM * MM:
            raise ValueError(f"{room / MM:.0f} mm are too narrow for a Code 128 of {len(text)} characters")
        code: Any = Code128(text, barWidth=bar, barHeight=high, quiet=False)
        self._canvas.setFillGray(0)
        code.drawOn(self._canvas, x, self.height - y - high)
        return float(code.width)

    def qr(self, x: float, y: float, text: str, side: float) -> None:
        """Draw a QR code of medium error correction, its quiet zone included."""
        code = QrCodeWidget(text, barLevel="M")
        left, low, right, _ = code.getBounds()
        scale = side / (right - left)
        drawing = Drawing(side, side, transform=[scale, 0, 0, scale, -left * scale, -low * scale])
        drawing.add(code)
        renderPDF.draw(drawing, self._canvas, x, self.height - y - side)

    def next_page(self) -> None:
        """Begin another page."""
        self._canvas.showPage()

    def bytes(self) -> bytes:
        """End it, and return the file."""
        self._canvas.save()
        return self._file.getvalue()
