"""
One HTTP exchange within limits: the judged address dialled, no redirect followed, so many bytes read in so much time.

Who is asked for what, and what an answer means, is the caller's.
"""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult

from batcher.errors import DocumentError, FetchError
from batcher.net.addresses import PORTS, check_url, resolved


@dataclass(frozen=True)
class Limits:
    """What one exchange may take."""

    timeout_s: float  #: for the whole of it, from dialling to the last byte
    max_bytes: int  #: of the answer's body; of a longer one the beginning is returned, not `whole`
    private: bool = False  #: private addresses and plain HTTP are allowed


@dataclass(frozen=True)
class Reply:
    """What a server said."""

    status: int
    headers: Mapping[str, str]  #: by name in small letters
    body: bytes
    whole: bool  #: the body is all there was

    @property
    def ok(self) -> bool:
        """Tell whether it is a success."""
        return 200 <= self.status < 300

    @property
    def retry_after_s(self) -> float:
        """Return the seconds it wants to be left alone; 0 when it says none."""
        after = self.headers.get("retry-after", "")
        return float(after) if after.isdecimal() and len(after) < 6 else 0.0


def exchange(method: str, url: str, headers: Mapping[str, str], limits: Limits, body: bytes | None = None) -> Reply:
    """
    Ask once.

    Raises
    ------
    FetchError
        It is not known what became of it: ``address``, ``connect``, ``timeout`` or ``protocol``.
    """
    try:
        parts = check_url(url, private=limits.private)
    except DocumentError as error:
        raise FetchError(str(error), reason="address") from error
    assert parts.hostname is not None
    port = parts.port or PORTS[parts.scheme]
    address = resolved(parts.hostname, port, private=limits.private)
    timed_out = threading.Event()
    try:
        with _dialled(parts, address, port, limits.timeout_s) as dialled:
            timer = threading.Timer(limits.timeout_s, _cut, (dialled, timed_out))
            timer.start()
            try:
                reply = _ask(method, parts, dialled, headers, body, limits.max_bytes)
            finally:
                timer.cancel()
    except TimeoutError as error:
        raise FetchError("no answer in time", reason="timeout") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        if timed_out.is_set():
            raise FetchError("no answer in time", reason="timeout") from error
        reason = "connect" if isinstance(error, ConnectionRefusedError) else "protocol"
        raise FetchError(type(error).__name__, reason=reason) from error
    if timed_out.is_set():  # a body without a length ends where we cut it
        raise FetchError("no answer in time", reason="timeout")
    return reply


def _ask(
    method: str, parts: SplitResult, dialled: socket.socket, headers: Mapping[str, str], body: bytes | None, most: int
) -> Reply:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    ours = {"User-Agent": "batcher", "Accept-Encoding": "identity", "Connection": "close"}
    with contextlib.closing(http.client.HTTPConnection(parts.netloc)) as connection:
        connection.sock = dialled
        connection.request(method, path, body, {**headers, **ours})
        with connection.getresponse() as answer:
            content = answer.read(most + 1)
            if len(content) <= most and answer.length:
                raise http.client.IncompleteRead(content, answer.length)
            said = {name.lower(): value for name, value in answer.headers.items()}
            return Reply(answer.status, said, content[:most], whole=len(content) <= most)


def _dialled(parts: SplitResult, address: str, port: int, timeout_s: float) -> socket.socket:
    dialled = socket.create_connection((address, port), timeout=timeout_s)
    if parts.scheme == "http":
        return dialled
    try:
        return ssl.create_default_context().wrap_socket(dialled, server_hostname=parts.hostname)
    except BaseException:
        dialled.close()
        raise


def _cut(dialled: socket.socket, timed_out: threading.Event) -> None:
    timed_out.set()
    try:
        dialled.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
