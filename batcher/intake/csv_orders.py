"""
Orders in a table: one row a line of an order, rows with the same order_id being one order.

Columns: `order_id`, `placed_at`, `service`, `channel`, `tier`, `country`, `carrier`, `line_id`, `sku`, `quantity`,
`text`, `artwork`, `artwork_sha256`, `price`, any number of ``attribute.NAME`` (of the line) and
``order_attribute.NAME``. An empty cell is left out. What stands in an order's columns must be the same in each of its
rows.
"""

import csv
import io
import re
from collections.abc import Iterator

from batcher.errors import Fault
from batcher.intake.strict_json import printable, refuse

_ORDER_COLUMNS = ("order_id", "placed_at", "service", "channel", "tier", "country", "carrier")
_LINE_COLUMNS = ("line_id", "sku", "quantity", "text", "artwork", "artwork_sha256", "price")
_NEEDED = ("order_id", "placed_at", "service", "sku", "quantity")
_LINE_ATTRIBUTE = "attribute."
_ORDER_ATTRIBUTE = "order_attribute."

#: Where it stands, how it stands there, the document or none, and why there is none.
CsvRecord = tuple[str, str, object, tuple[Fault, ...]]
_Row = tuple[int, list[str]]


def csv_records(data: bytes) -> list[CsvRecord]:
    """
    Return one record an order, in the order of first rows; rows without an order id each make one of their own.

    Raises
    ------
    OrderRejectedError
        When it is no table, or a column has a name that means nothing.
    """
    rows = _rows(data)
    header = next(rows, (1, []))[1]
    _check_header(header)
    by_order: dict[str, list[_Row]] = {}
    for line, cells in rows:
        at = header.index("order_id")
        ident = cells[at].strip() if len(cells) == len(header) else ""
        by_order.setdefault(ident or f"\0{line}", []).append((line, cells))
    return [_record(header, group) for group in by_order.values()]


def _rows(data: bytes) -> Iterator[_Row]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse("encoding_invalid", f"it is not UTF-8 at byte {error.start}")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        refuse("csv_invalid", f"it is no table: {error}", f"line {reader.line_num}")


def _check_header(header: list[str]) -> None:
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        refuse("field_required", f"the first row names no column {', '.join(missing)}")
    for name in header:
        known = name in _ORDER_COLUMNS or name in _LINE_COLUMNS
        if not known and not name.startswith((_LINE_ATTRIBUTE, _ORDER_ATTRIBUTE)):
            refuse("field_unknown", f"there is no column '{printable(name)}'")
        if header.count(name) > 1:
            refuse("field_twice", f"the column '{printable(name)}' is there twice")


def _record(header: list[str], group: list[_Row]) -> CsvRecord:
    where = f"line {group[0][0]}"
    raw = _as_csv([header, *(cells for _, cells in group)])
    for line, cells in group:
        if len(cells) != len(header):
            message = f"has {len(cells)} cells, the first row has {len(header)}"
            return where, raw, None, (Fault(f"line {line}", message, "row_columns"),)
    rows = [{name: cell for name, cell in zip(header, cells, strict=True) if cell.strip()} for _, cells in group]
    order = _part(rows[0], _ORDER_COLUMNS, _ORDER_ATTRIBUTE)
    for (line, _), row in zip(group, rows, strict=True):
        if _part(row, _ORDER_COLUMNS, _ORDER_ATTRIBUTE) != order:
            message = "says of the order other than its first row says"
            return where, raw, None, (Fault(f"line {line}", message, "order_rows_differ"),)
    lines = [_line(row) for row in rows]
    return where, raw, {**order, "lines": lines}, ()


def _line(row: dict[str, str]) -> dict[str, object]:
    line = _part(row, _LINE_COLUMNS, _LINE_ATTRIBUTE)
    quantity = row.get("quantity", "").strip()
    # what is no plain number goes on as it is, for the validator to refuse
    if re.fullmatch(r"[0-9]{1,9}", quantity, re.ASCII):
        line["quantity"] = int(quantity)
    return line


def _part(row: dict[str, str], names: tuple[str, ...], prefix: str) -> dict[str, object]:
    part: dict[str, object] = {name: row[name] for name in names if name in row}
    attributes = {name.removeprefix(prefix): cell for name, cell in row.items() if name.startswith(prefix)}
    if attributes:
        part["attributes"] = attributes
    return part


def _as_csv(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().rstrip("\n")
