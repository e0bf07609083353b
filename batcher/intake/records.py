"""
Order files as records: JSON, JSON lines and CSV, plain or gzipped, one reader for drop folder and import.

A record is one order document, or why there is none; a file of which nothing can be read is refused whole.
What becomes of the records is in `file_import`, what becomes of the file in `folder`.
"""

import gzip
import json
import os
import stat
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from batcher.errors import Fault, OrderRejectedError
from batcher.intake.csv_orders import csv_records
from batcher.intake.strict_json import load_json, refuse

#: Kinds of order files, by the end of the name; each may have .gz behind it.
KINDS = (".json", ".jsonl", ".csv")
#: Bytes of a file, and of what a gzipped one becomes.
_MAX_BYTES = 64 * 2**20
_MAX_UNPACKED = 256 * 2**20


@dataclass(frozen=True)
class Record:
    """One order of a file."""

    where: str  #: where it stands in the file, for people
    raw: str  #: as it stands there
    doc: object = None
    faults: tuple[Fault, ...] = ()  #: why there is no document


def kind_of(name: str) -> str | None:
    """Return which kind of order file a name means; none when it means none."""
    plain = name.removesuffix(".gz")
    return next((kind for kind in KINDS if plain.endswith(kind)), None)


def read_bytes(path: Path) -> bytes:
    """
    Return what an order file holds, unpacked.

    Raises
    ------
    OrderRejectedError
        ``file_not_regular``, ``file_too_large`` or ``file_damaged``.
    OSError
        When it cannot be opened or read.
    """
    # no link that leads elsewhere, and no pipe that keeps us waiting
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            refuse("file_not_regular", "it is no regular file")
        if status.st_size > _MAX_BYTES:
            refuse("file_too_large", f"it has more than {_MAX_BYTES // 2**20} MiB")
        data = file.read(_MAX_BYTES + 1)
    return _unpacked(data) if path.name.endswith(".gz") else data


def _unpacked(data: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=BytesIO(data)) as packed:
            plain = packed.read(_MAX_UNPACKED + 1)
    except (OSError, EOFError, zlib.error):
        refuse("file_damaged", "it is not a whole gzip file")
    if len(plain) > _MAX_UNPACKED:
        refuse("file_too_large", f"it unpacks to more than {_MAX_UNPACKED // 2**20} MiB")
    return plain


def read_records(name: str, data: bytes) -> list[Record]:
    """
    Return the records of an order file.

    Raises
    ------
    OrderRejectedError
        When it cannot be read as what its name says.
    """
    kind = kind_of(name)
    if kind is None:
        refuse("file_kind_unknown", f"its name must end in {', '.join(KINDS)}, or one of these and .gz")
    return _READERS[kind](data)


def _json_orders(data: bytes) -> list[Record]:
    document = load_json(data)
    if isinstance(document, list):
        return [Record(f"order {number}", _dump(one), one) for number, one in enumerate(document, start=1)]
    return [Record("order 1", _dump(document), document)]


def _json_lines(data: bytes) -> list[Record]:
    return [_json_line(number, line) for number, line in enumerate(data.split(b"\n"), start=1) if line.strip()]


def _json_line(number: int, line: bytes) -> Record:
    raw = line.decode("utf-8", errors="replace").rstrip("\r")
    try:
        return Record(f"line {number}", raw, load_json(line))
    except OrderRejectedError as error:
        return Record(f"line {number}", raw, faults=error.faults)


def _csv_rows(data: bytes) -> list[Record]:
    return [Record(*row) for row in csv_records(data)]


def _dump(document: object) -> str:
    return json.dumps(document, ensure_ascii=False)


_READERS = {".json": _json_orders, ".jsonl": _json_lines, ".csv": _csv_rows}
