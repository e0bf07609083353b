"""
Where this house may send anything, or ask for anything, over HTTP.

A name is resolved once, every address it has is judged, and one of these is dialled: a name that answers otherwise the
second time leads nowhere.
"""

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from batcher.errors import DocumentError, Fault, FetchError

PORTS = {"https": 443, "http": 80}
_MAX_URL = 2000


def check_url(url: str, *, private: bool, where: str = "/url") -> SplitResult:
    """
    Return the parts of an address that may be asked.

    Parameters
    ----------
    private
        Addresses of private networks, and plain HTTP, are allowed.
    where
        What the fault names as the place of the address.

    Raises
    ------
    DocumentError
        ``url_invalid``, ``url_scheme`` or ``url_forbidden_address``.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused(where, "url_invalid", "is no address") from None
    if parts.scheme not in PORTS:
        raise _refused(where, "url_scheme", "must begin with https://")
    if len(url) > _MAX_URL or not url.isascii() or not url.isprintable() or " " in url or not parts.hostname:
        raise _refused(where, "url_invalid", "is no address")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _refused(where, "url_invalid", "must hold no name, password or fragment")
    if private:
        return parts
    literal = _literal(parts.hostname)
    if literal is not None and not _is_public(literal):
        raise _refused(where, "url_forbidden_address", "is an address that is not public")
    if parts.scheme != "https":
        raise _refused(where, "url_scheme", "must begin with https://")
    if port not in (None, 443, 8443):
        raise _refused(where, "url_invalid", "must use port 443 or 8443")
    return parts


def resolved(host: str, port: int, *, private: bool) -> str:
    """
    Return the address to dial for a name, all addresses of which may be dialled.

    Raises
    ------
    FetchError
        ``address``.
    """
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise FetchError("the name is not known", reason="address") from error
    addresses = [ipaddress.ip_address(address.partition("%")[0]) for address in found]
    if not private and not all(map(_is_public, addresses)):
        raise FetchError("the name leads to an address that is not public", reason="address")
    return found[0]


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a host is, also in the spellings that resolvers take (0x7f.1, 2130706433, localhost)."""
    if host.rstrip(".").lower().rpartition(".")[2] == "localhost":
        return ipaddress.ip_address("127.0.0.1")
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


def _refused(where: str, code: str, message: str) -> DocumentError:
    return DocumentError((Fault(where, message, code),))
