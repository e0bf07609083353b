"""
The catalogue: which product and finish a SKU is, read from a CSV file with a header.

Columns `sku`, `product` and `finish`; every other column is an attribute that rules can ask for.
"""

import csv
import io
from collections.abc import Collection, Iterator

from batcher.errors import Fault
from batcher.rules.files import Source, place
from batcher.rules.floor import CatalogueEntry
from batcher.rules.grammar import suggestion, told

COLUMNS = ("sku", "product", "finish")
MAX_SKU = 100


def read_catalogue(source: Source, products: Collection[str]) -> tuple[dict[str, CatalogueEntry], list[Fault]]:
    """Return the entries by SKU, and every fault of the file with its line."""
    faults: list[Fault] = []
    entries: dict[str, CatalogueEntry] = {}
    lines: dict[str, int] = {}
    for line, row, unusable in _rows(source.text):
        where = place(source.path, line)
        if row is None:
            faults.append(Fault(where, unusable, "catalogue"))
            continue
        sku, product = row["sku"], row["product"]
        if product not in products:
            message = f"unknown product {told(product)}; {suggestion(product, products)}"
            faults.append(Fault(where, message, "unknown_reference"))
        if not sku or sku != sku.strip() or not sku.isprintable() or len(sku) > MAX_SKU:
            message = f"sku {told(sku)} cannot be used: 1 to {MAX_SKU} printable characters with no space around them"
            faults.append(Fault(where, message, "catalogue"))
        if sku in entries:
            message = f"sku {told(sku)} is listed again (first at line {lines[sku]}); keep one of the two"
            faults.append(Fault(where, message, "catalogue"))
            continue
        attributes = {name: value for name, value in row.items() if name not in COLUMNS}
        entries[sku], lines[sku] = CatalogueEntry(sku, product, row["finish"], attributes), line
    return entries, faults


def _rows(text: str) -> Iterator[tuple[int, dict[str, str] | None, str]]:
    """Yield each record with the line it begins at; none with a message when it cannot be used."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    line = 1
    try:
        for record in reader:
            if header is None:
                header, message = record, _header_fault(record)
                if message is not None:
                    yield line, None, message
                    return
            elif record and len(record) != len(header):
                yield line, None, f"has {len(record)} columns, the header has {len(header)}"
            elif record:
                yield line, dict(zip(header, record, strict=True)), ""
            line = reader.line_num + 1
    except csv.Error as error:
        yield line, None, f"cannot be read as CSV: {error}"
    if header is None:
        yield 1, None, f"is empty; the first line names the columns {', '.join(COLUMNS)}"


def _header_fault(header: list[str]) -> str | None:
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        return f"the header has no column {', '.join(missing)}; it must have {', '.join(COLUMNS)}"
    if len(set(header)) != len(header):
        return "the header names a column twice"
    return None
