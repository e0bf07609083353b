"""
The archive's files: gzipped JSON lines, one file a day and leader, only ever added to.

What counts of a file is known to the database, which notes it in the commit that deletes what was written. What is
behind, left by a process that died between the two, is set aside before anything is added: nothing is lost by that,
since the rows it tells of are still in the database, and nothing stands in the archive twice.
"""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from batcher.dispatch.disk import Disk
from batcher.errors import ArchiveError
from batcher.store.archive import Stretch
from batcher.store.finished import Record

FORMAT = "batcher-archive/1"
_SUFFIX = ".jsonl.gz"
_ASIDE = "set-aside"
_GZIP = zlib.MAX_WBITS | 16
_SOME = 1 << 16


class ArchiveFiles:
    """
    The files below one folder.

    Parameters
    ----------
    folder
        Made when the first record is written.
    disk
        The steps on the disk.
    """

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self.folder, self._disk = folder, disk or Disk()

    def append(self, records: Sequence[Record], day: date, epoch: int, sizes: Mapping[str, int]) -> Stretch:
        """
        Add records durably, and read them back.

        Parameters
        ----------
        epoch
            Of the leader: no two leaders ever write to one file.
        sizes
            How much of each file counts, in bytes.

        Raises
        ------
        ArchiveError
            When they cannot be written, or do not come back as they were written; nothing may be deleted then.
        """
        name = f"{day.isoformat()}-{epoch:06}{_SUFFIX}"
        path, place = self.folder / name, sizes.get(name, 0)
        packed = gzip.compress("".join(_line(record) for record in records).encode(), mtime=0)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._set_aside(path, place)
            self._disk.append(path, packed)
            self._disk.sync_folder(self.folder)
            written = self._bytes(path, place)
        except OSError as error:
            raise ArchiveError(f"{path} cannot be written: {error}") from error
        if written != packed:
            raise ArchiveError(f"{path} does not hold what was written to it")
        return Stretch(name, place, place + len(packed))

    def read(self, file: str, place: int) -> Iterator[dict[str, Any]]:
        """
        Yield the records that were written in one go.

        Raises
        ------
        ArchiveError
            The file is not there, or is damaged.
        """
        path = self.folder / file
        try:
            with path.open("rb") as packed:
                packed.seek(place)
                lines = _unpacked(packed).splitlines()
            yield from (json.loads(line) for line in lines)
        except FileNotFoundError as error:
            raise ArchiveError(f"there is no {path}; another machine, or a copy of the archive, may have it") from error
        except (OSError, EOFError, zlib.error, ValueError) as error:
            raise ArchiveError(f"{path} cannot be read from byte {place} on: {error}") from error

    def faults(self, sizes: Mapping[str, int]) -> list[str]:
        """Return what is wrong with the files that should be there, in plain words."""
        found = []
        for name, size in sorted(sizes.items()):
            path = self.folder / name
            try:
                data = path.read_bytes()[:size]
                if len(data) < size:
                    found.append(f"{path} has {len(data)} bytes of {size}")
                for line in gzip.decompress(data).splitlines():
                    json.loads(line)
            except (OSError, EOFError, zlib.error, ValueError) as error:
                found.append(f"{path} cannot be read: {error}")
        return found

    def _set_aside(self, path: Path, size: int) -> None:
        """Have a file end where it counts; what is behind is kept under another name."""
        there = path.stat().st_size if path.exists() else 0
        if there < size:
            raise ArchiveError(f"{path} has {there} bytes of {size}: put it back before more is archived")
        if there == size:
            return
        aside = self.folder / _ASIDE
        aside.mkdir(exist_ok=True)
        kept = aside / f"{path.name}.{size}"
        self._disk.remove(kept)
        self._disk.write_new(kept, self._bytes(path, size))
        self._disk.sync_folder(aside)
        self._disk.shorten(path, size)

    @staticmethod
    def _bytes(path: Path, place: int) -> bytes:
        with path.open("rb") as file:
            file.seek(place)
            return file.read()


def _unpacked(file: BinaryIO) -> bytes:
    """Return what was written in one go, from where the file stands; others follow it."""
    unpacked, packed = bytearray(), zlib.decompressobj(wbits=_GZIP)
    while not packed.eof and (some := file.read(_SOME)):
        unpacked += packed.decompress(some)
    if not packed.eof:
        raise EOFError("it ends too early")
    return bytes(unpacked)


def _line(record: Record) -> str:
    told = {"format": FORMAT, "kind": record.kind, "id": record.ident, **record.rows}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n"
