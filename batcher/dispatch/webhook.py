"""
News sent over HTTP, to where its receiver wants it and nowhere else.

Names are resolved once, every address they have is judged, and one of these is dialled: a name that answers otherwise
the second time leads nowhere. Redirects are not followed, answers not read beyond a few bytes, and the whole of it has
one time limit. What is sent when is `services.news`'s.
"""

import base64
import hashlib
import hmac
import http.client
import ipaddress
import secrets
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from batcher.errors import DispatchError, DocumentError, Fault

_SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with, not one
_MAX_URL = 2000
_READ = 1024
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Answer:
    """What a receiver said."""

    status: int
    retry_after_s: float = 0.0

    @property
    def taken(self) -> bool:
        """Tell whether it took what it was sent."""
        return 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Tell whether it wants nothing any more."""
        return self.status == 410


def new_hook_secret() -> str:
    """Return a fresh secret, as Standard Webhooks writes them."""
    return _SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, ident: str, timestamp: int, body: bytes) -> str:
    """Return what proves that a body comes from us: HMAC-SHA256 over id, time and body (Standard Webhooks, v1)."""
    key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX))
    signed = f"{ident}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def check_url(url: str, *, private: bool) -> SplitResult:
    """
    Return the parts of an address that news may be sent to.

    Parameters
    ----------
    private
        Addresses of private networks, and plain HTTP, are allowed.

    Raises
    ------
    DocumentError
        ``url_invalid``, ``url_scheme`` or ``url_forbidden_address``.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused("url_invalid", "is no address") from None
    if len(url) > _MAX_URL or not url.isascii() or not url.isprintable() or " " in url or not parts.hostname:
        raise _refused("url_invalid", "is no address")
    if parts.scheme not in (_PORTS if private else ("https",)):
        raise _refused("url_scheme", "must begin with https://")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _refused("url_invalid", "must hold no name, password or fragment")
    if not private and port not in (None, 443, 8443):
        raise _refused("url_invalid", "must use port 443 or 8443")
    literal = _literal(parts.hostname)
    if literal is not None and not (private or _is_public(literal)):
        raise _refused("url_forbidden_address", "is an address that is not public")
    return parts


def post(url: str, body: bytes, headers: Mapping[str, str], *, private: bool, timeout_s: float) -> Answer:
    """
    Send a body and return what the receiver said.

    Raises
    ------
    DispatchError
        It is not known whether it arrived, or it did not: ``address``, ``connect``, ``timeout`` or ``protocol``.
    """
    try:
        parts = check_url(url, private=private)
    except DocumentError as error:
        raise DispatchError(str(error), reason="address") from error
    assert parts.hostname is not None
    port = parts.port or _PORTS[parts.scheme]
    address = _resolved(parts.hostname, port, private=private)
    timed_out = threading.Event()
    try:
        with _dialled(parts, address, port, timeout_s) as dialled:
            timer = threading.Timer(timeout_s, _cut, (dialled, timed_out))
            timer.start()
            try:
                return _exchange(parts, dialled, body, headers)
            finally:
                timer.cancel()
    except TimeoutError as error:
        raise DispatchError("no answer in time", reason="timeout") from error
    except (OSError, http.client.HTTPException) as error:
        if timed_out.is_set():
            raise DispatchError("no answer in time", reason="timeout") from error
        reason = "connect" if isinstance(error, ConnectionRefusedError) else "protocol"
        raise DispatchError(type(error).__name__, reason=reason) from error


def _exchange(parts: SplitResult, dialled: socket.socket, body: bytes, headers: Mapping[str, str]) -> Answer:
    connection = http.client.HTTPConnection(parts.netloc)
    connection.sock = dialled
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("POST", path, body, {**headers, "User-Agent": "batcher", "Connection": "close"})
    answer = connection.getresponse()
    answer.read(_READ)
    after = answer.headers.get("Retry-After", "")
    return Answer(answer.status, float(after) if after.isdecimal() and len(after) < 6 else 0.0)


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


def _resolved(host: str, port: int, *, private: bool) -> str:
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise DispatchError("the name is not known", reason="address") from error
    addresses = [ipaddress.ip_address(address.partition("%")[0]) for address in found]
    if not private and not all(map(_is_public, addresses)):
        raise DispatchError("the name leads to an address that is not public", reason="address")
    return found[0]


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a host is, also in the spellings that resolvers take (0x7f.1, 2130706433)."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.ip_address(socket.inet_aton(host)) if host[0].isdigit() else None
    except OSError:
        return None


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    mapped = getattr(address, "ipv4_mapped", None)
    plain = address if mapped is None else mapped
    return plain.is_global and not plain.is_multicast


def _refused(code: str, message: str) -> DocumentError:
    return DocumentError((Fault("/url", message, code),))
