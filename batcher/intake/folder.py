"""
The drop folder: order files that others put there, taken in and moved to `done/`, what was wrong told in `bad/`.

Orders are on disk before a file moves. Killed in between, the file is read again, and its orders are recognised.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from batcher.errors import Fault, OrderRejectedError
from batcher.intake.documents import Parse
from batcher.intake.file_import import RecordResult, Take, take_records
from batcher.intake.records import kind_of, read_bytes, read_records

#: Names under which writers keep files they have not finished.
_UNFINISHED = (".tmp", ".part")
#: Size and time of last change, and which file it is.
_Look = tuple[int, int, int]


@dataclass
class DropFolder:
    """A drop folder, and how its files looked the last time: one that still changes is not finished."""

    path: Path
    looks: dict[str, _Look] = field(default_factory=dict)


@dataclass(frozen=True)
class FileTaken:
    """What became of one file."""

    name: str
    results: tuple[RecordResult, ...] = ()
    faults: tuple[Fault, ...] = ()  #: why nothing of it could be read


def poll_folder(folder: DropFolder, *, parse: Parse, take: Take) -> list[FileTaken]:
    """
    Take in every finished order file of a drop folder, by name.

    A file is finished when it looks as it did at the poll before, or when its format shows that it is whole.

    Parameters
    ----------
    parse
        Reads the document of an order.
    take
        Keeps orders; when it raises, the file stays and is taken again at the next poll.
    """
    folder.path.mkdir(parents=True, exist_ok=True)
    before, folder.looks = folder.looks, _looks(folder.path)
    taken = []
    for name, look in folder.looks.items():
        steady = before.get(name) == look
        try:
            done = _take_file(folder.path / name, steady=steady, parse=parse, take=take)
        except OSError as error:
            # its orders may be kept already; one file that cannot be moved must not stop the others
            done = FileTaken(name, faults=(Fault(name, f"cannot be moved away: {error.strerror}", "file_stuck"),))
        if done is not None:
            taken.append(done)
    return taken


def _looks(folder: Path) -> dict[str, _Look]:
    found = {path.name: _look(path) for path in sorted(folder.iterdir())}
    return {name: look for name, look in found.items() if look is not None}


def _look(path: Path) -> _Look | None:
    """Return how an order file looks; none for what is no order file, or a folder, or gone."""
    name = path.name
    if name.startswith(".") or name.endswith(_UNFINISHED) or kind_of(name) is None:
        return None
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return None if path.is_dir() and not path.is_symlink() else (status.st_size, status.st_mtime_ns, status.st_ino)


def _take_file(path: Path, *, steady: bool, parse: Parse, take: Take) -> FileTaken | None:
    try:
        records = read_records(path.name, read_bytes(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        faults: tuple[Fault, ...] = (Fault(path.name, f"cannot be read: {error.strerror}", "file_unreadable"),)
    except OrderRejectedError as error:
        faults = error.faults
    else:
        if not steady and not _shows_its_end(path.name):
            return None
        results = take_records(records, parse=parse, take=take)
        _tell_bad(path, results)
        _move(path, path.parent / "done")
        return FileTaken(path.name, tuple(results))
    if not steady:
        return None
    bad = path.parent / "bad"
    moved = _move(path, bad)
    _write(bad / f"{moved}.reason.txt", "".join(f"{fault} [{fault.code}]\n" for fault in faults))
    return FileTaken(path.name, faults=faults)


def _shows_its_end(name: str) -> bool:
    """Tell whether a file of this kind that could be read must be whole: half of a JSON text or gzip file is none."""
    return name.endswith((".gz", ".json"))


def _tell_bad(path: Path, results: Iterable[RecordResult]) -> None:
    bad = [result for result in results if result.bad]
    if not bad:
        return
    folder = path.parent / "bad"
    folder.mkdir(exist_ok=True)
    name = path.name.removesuffix(".gz")
    raws = [result.record.raw for result in bad]
    content = _as_file(name, raws)
    told = _free_name(folder, name, content)
    _write(folder / told, content)
    _write(folder / f"{told}.reason.txt", "".join(f"{line}\n" for result in bad for line in _reasons(result)))


def _as_file(name: str, raws: list[str]) -> str:
    match kind_of(name):
        case ".json":
            return "[" + ",\n".join(raws) + "]\n"
        case ".csv":
            header = raws[0].partition("\n")[0]
            return "\n".join([header, *(raw.partition("\n")[2] for raw in raws)]) + "\n"
        case _:
            return "\n".join(raws) + "\n"


def _reasons(result: RecordResult) -> list[str]:
    where = f"{result.record.where}, order {result.order_id}" if result.order_id else result.record.where
    if result.faults:
        return [f"{where}: {fault} [{fault.code}]" for fault in result.faults]
    return [f"{where}: {result.message} [{result.outcome}]"]


def _move(path: Path, folder: Path) -> str:
    """Move a file into a folder under a name that is free there; return the name."""
    folder.mkdir(exist_ok=True)
    name = _free_name(folder, path.name, None)
    path.rename(folder / name)
    for place in (folder, path.parent):
        _sync(place)
    return name


def _free_name(folder: Path, name: str, content: str | None) -> str:
    """Return the name, numbered when it is taken; a file that already says `content` counts as free."""
    for number in count(1):
        candidate = name if number == 1 else f"{number}-{name}"
        path = folder / candidate
        if not os.path.lexists(path):
            return candidate
        if content is not None and path.is_file() and path.read_text(encoding="utf-8") == content:
            return candidate
    raise AssertionError("unreachable")


def _write(path: Path, content: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)  # another file each time: what a failed sync has forgotten is written anew
    with part.open("x", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
