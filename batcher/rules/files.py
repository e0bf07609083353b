"""
Read the files of a rules directory: each once, safely, with every refusal told.

What is hashed is what was read, and what was read is what is parsed. YAML is `yaml_source`'s work.
"""

import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from batcher.errors import Fault

#: A rules file is written by hand; one that is larger is something else.
YAML_LIMIT_BYTES = 250_000
CATALOGUE_LIMIT_BYTES = 50_000_000

#: Code of the fault of a file that changed while it was read; reading it again a moment later may do.
CHANGED = "changed"


@dataclass(frozen=True)
class Source:
    """One file as it was read: its bytes for the hash, its text for the parser."""

    path: Path
    label: str  #: the name it has in the hash; does not change when the directory moves
    content: bytes
    text: str


class UnreadableError(Exception):
    """Carries why a file cannot be used; never leaves this package."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(str(fault))


def place(path: Path, line: int = 1, column: int = 1) -> str:
    """Return ``file:line:col``."""
    return f"{path}:{line}:{column}"


def yaml_files(directory: Path) -> tuple[list[Path], list[Fault], list[Fault]]:
    """Return the rules files of a directory by name, faults of the directory itself, and warnings."""
    if not directory.is_dir():
        return (
            [],
            [Fault(place(directory), "no such directory; name the one that holds the *.yaml files", "missing")],
            [],
        )
    faults = []
    if directory.stat().st_mode & stat.S_IWOTH:
        faults.append(_unsafe(directory, directory.stat().st_mode))
    visible = sorted(path for path in directory.iterdir() if not path.name.startswith("."))
    found = [path for path in visible if path.suffix == ".yaml"]
    if not found:
        faults.append(Fault(place(directory), "has no *.yaml file; nothing to read", "missing"))
    warnings = [
        Fault(place(path), "is not read; rename it to end in .yaml, or remove it", "not_read")
        for path in visible
        if path.suffix == ".yml"
    ]
    return found, faults, warnings


def read_source(path: Path, label: str, *, within: Path | None, limit: int = YAML_LIMIT_BYTES) -> Source:
    """
    Read one UTF-8 text file.

    Parameters
    ----------
    within
        Directory that the file, symbolic links followed, must lie in; none: anywhere.

    Raises
    ------
    UnreadableError
        When it is outside, not a regular file, writable by anyone, too large, or not UTF-8 text.
    """
    content = _read_bytes(path, within, limit)
    return Source(path=path, label=label, content=content, text=_decode(path, content))


def hash_sources(sources: Iterable[Source]) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 over names and bytes, in name order."""
    digest = hashlib.sha256()
    for source in sorted(sources, key=lambda source: source.label):
        digest.update(f"{source.label}\0{len(source.content)}\0".encode())
        digest.update(source.content)
    return digest.hexdigest()[:16]


def _read_bytes(path: Path, within: Path | None, limit: int) -> bytes:
    # Kubernetes mounts files as links inside the mount; a link that leads out of it is refused.
    real = path.resolve()
    if within is not None and not real.is_relative_to(within.resolve()):
        raise UnreadableError(Fault(place(path), f"outside the rules directory: a link to {real}", "outside"))
    try:
        # Not blocking, so that a pipe with this name cannot hold us up before it is refused below.
        handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        reason = error.strerror or "error"
        raise UnreadableError(Fault(place(path), f"cannot be read: {reason.lower()}", "unreadable")) from error
    with os.fdopen(handle, "rb") as stream:
        before = os.fstat(stream.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise UnreadableError(Fault(place(path), "is not a regular file", "unreadable"))
        if before.st_mode & stat.S_IWOTH:
            raise UnreadableError(_unsafe(path, before.st_mode))
        content = stream.read(limit + 1)
        after = os.fstat(stream.fileno())
    if len(content) > limit:
        message = f"file too large: {max(after.st_size, len(content)):,} bytes, the limit is {limit:,}"
        raise UnreadableError(Fault(place(path), message, "too_large"))
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise UnreadableError(Fault(place(path), "changed while it was being read; try again", CHANGED))
    return content


def _unsafe(path: Path, mode: int) -> Fault:
    message = f"unsafe permissions {stat.S_IMODE(mode):04o}: anyone may write to it; run chmod o-w"
    return Fault(place(path), message, "unsafe_permissions")


def _decode(path: Path, content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError(Fault(place(path), "encoding: this is UTF-16; save the file as UTF-8", "encoding"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = _place_of(path, content[: error.start].decode("utf-8", "replace"))
        message = f"encoding: byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise UnreadableError(Fault(where, message, "encoding")) from error
    strange = next((at for at, letter in enumerate(text) if letter < " " and letter not in "\t\n\r"), None)
    if strange is not None:
        message = f"encoding: control character 0x{ord(text[strange]):02x}; this is not a text file"
        raise UnreadableError(Fault(_place_of(path, text[:strange]), message, "encoding"))
    return text


def _place_of(path: Path, text_before: str) -> str:
    return place(path, text_before.count("\n") + 1, len(text_before) - (text_before.rfind("\n") + 1) + 1)
