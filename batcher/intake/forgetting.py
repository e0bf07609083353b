"""Order files that were taken in, or refused, and lie beside the drop folder: taken away when their time is over."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

#: Folders of the drop folder in which files stay.
_KEPT = ("done", "bad")


def forget_order(drop: Path, order_id: str) -> list[str]:
    """Remove the files that name an order; they are copies of what was taken in. Return their names."""
    named = order_id.encode()
    return [_removed(path) for path in _kept_files(drop) if named in _content(path)]


def forget_older(drop: Path, before_s: float) -> list[str]:
    """Remove the files that were put there before a moment, in seconds since 1970; return their names."""
    return [_removed(path) for path in _kept_files(drop) if path.lstat().st_mtime < before_s]


def _kept_files(drop: Path) -> Iterator[Path]:
    for name in _KEPT:
        folder = drop / name
        if folder.is_dir():
            yield from (path for path in sorted(folder.iterdir()) if path.is_file() and not path.is_symlink())


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    if path.name.endswith(".gz"):
        try:
            return gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            return data
    return data


def _removed(path: Path) -> str:
    path.unlink(missing_ok=True)
    return path.name
