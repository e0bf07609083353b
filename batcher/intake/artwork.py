"""
Artwork fetched from where an order says it is, and believed only as far as it can be checked.

Addresses come from orders, so from anybody: which of them may be asked is `net.addresses`' to say, for every step of
the way. Where the file is kept, and what becomes of the order, is `services.artwork`'s.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urljoin, urlsplit

from batcher.errors import FetchError
from batcher.net.exchange import Limits, Reply, exchange

_REDIRECTS = (301, 302, 303, 307, 308)
_MAX_REDIRECTS = 3
#: More than two square metres at 600 dots an inch: a small file may unfold to more than a machine's memory.
_MAX_PIXELS = 2**30
#: What a file begins with, by kind; whatever else is no artwork.
_BEGINNINGS = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpg",
    b"II*\x00": "tif",
    b"MM\x00*": "tif",
    b"%PDF-": "pdf",
}


@dataclass(frozen=True)
class Fetched:
    """One artwork as it came."""

    content: bytes
    sha256: str
    kind: str


def fetch_artwork(url: str, expected: str | None, limits: Limits, hosts: Collection[str] = ()) -> Fetched:
    """
    Return an artwork.

    Parameters
    ----------
    expected
        Its SHA-256, in hexadecimal digits; none: the order names none.
    hosts
        Patterns of hosts that may be asked; none: all that are public.

    Raises
    ------
    FetchError
        With `reason` as for `exchange`, or status, host, elsewhere, too_large, empty, kind, checksum or pixels.
    """
    reply = _follow(url, limits, hosts)
    if not reply.whole:
        raise FetchError(f"it has more than {limits.max_bytes // 2**20} MiB", reason="too_large")
    if not reply.body:
        raise FetchError("there is nothing in it", reason="empty")
    digest = hashlib.sha256(reply.body).hexdigest()
    if expected is not None and digest != expected:
        raise FetchError("its checksum is not the one that the order names", reason="checksum")
    kind = _kind(reply.body)
    if kind is None:
        raise FetchError("it is no PNG, JPEG, TIFF, WebP or PDF file", reason="kind")
    if kind == "png" and _pixels(reply.body) > _MAX_PIXELS:
        raise FetchError("it has more pixels than any station could print", reason="pixels")
    return Fetched(reply.body, digest, kind)


def _follow(url: str, limits: Limits, hosts: Collection[str]) -> Reply:
    """Ask, and follow redirects within the same place only."""
    first = urlsplit(url)
    if hosts and not any(fnmatchcase(first.hostname or "", pattern) for pattern in hosts):
        raise FetchError("its host is none that artwork may come from", reason="host")
    for _ in range(_MAX_REDIRECTS + 1):
        reply = exchange("GET", url, {"Accept": "image/*, application/pdf"}, limits)
        if reply.status not in _REDIRECTS:
            if not reply.ok:
                raise FetchError(f"answered {reply.status}", reason="status", retry_after_s=reply.retry_after_s)
            return reply
        url = urljoin(url, reply.headers.get("location", ""))
        if urlsplit(url)[:2] != first[:2]:
            raise FetchError("it leads to another place", reason="elsewhere")
    raise FetchError("it leads on and on", reason="elsewhere")


def _kind(content: bytes) -> str | None:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    return next((kind for beginning, kind in _BEGINNINGS.items() if content.startswith(beginning)), None)


def _pixels(png: bytes) -> int:
    """Return how many pixels a PNG says it has; its first chunk begins with width and height."""
    return int.from_bytes(png[16:20]) * int.from_bytes(png[20:24]) if png[12:16] == b"IHDR" else 0
