"""
News sent over HTTP, to where its receiver wants it and nowhere else; which addresses may be asked is `net`'s.

Redirects are not followed, and answers not read beyond a few bytes. What is sent when is `services.news`'s.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from batcher.errors import DispatchError, FetchError
from batcher.net.exchange import Limits, exchange

_SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with, not one
_READ = 1024


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


def post(url: str, body: bytes, headers: Mapping[str, str], *, private: bool, timeout_s: float) -> Answer:
    """
    Send a body and return what the receiver said.

    Raises
    ------
    DispatchError
        It is not known whether it arrived, or it did not: ``address``, ``connect``, ``timeout`` or ``protocol``.
    """
    try:
        reply = exchange("POST", url, headers, Limits(timeout_s, _READ, private=private), body)
    except FetchError as error:
        raise DispatchError(str(error), reason=error.reason) from error
    return Answer(reply.status, reply.retry_after_s)
