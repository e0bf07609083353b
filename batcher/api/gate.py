"""
Who is asking, and whether they may: the first thing that happens to every request that has a route.

Once a token has been made, nobody is let in without one. Before that only this machine is served, and not through a
proxy, which would make the whole world look like this machine.
"""

import base64
import binascii
import ipaddress
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request

from batcher.api.access import ROUTES, Access, Bound
from batcher.api.problems import RequestError
from batcher.domain.access import Actor, Scope
from batcher.services.access import digest_of, everything
from batcher.services.context import Floor
from batcher.store import tokens

_TOKEN_NAMES = ("token", "access_token", "api_key", "key")
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
#: Browsers can only ask for name and password: for pages, a token is taken as the password.
_CHALLENGE = {"WWW-Authenticate": 'Bearer, Basic realm="batcher"'}
#: Callers whose rate is remembered; more than any floor has tokens.
_MAX_CALLERS = 10_000
#: Seconds' worth of requests that may come at once.
_BURST_S = 2.0


class Rate:
    """
    A token bucket for each caller.

    Parameters
    ----------
    per_s
        Requests a second that a caller may make on and on.
    monotonic
        Seconds of a clock that only goes forward.
    """

    def __init__(self, per_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._per_s, self._monotonic = per_s, monotonic
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, caller: str) -> float:
        """Count one request; return how many seconds it came too early, 0 when it may be served."""
        most = max(1.0, self._per_s * _BURST_S)
        with self._lock:
            now = self._monotonic()
            left, since = self._left.get(caller, (most, now))
            left = min(most, left + (now - since) * self._per_s)
            early = left < 1
            self._left[caller] = (left if early else left - 1, now)
            while len(self._left) > _MAX_CALLERS:
                del self._left[next(iter(self._left))]
        return (1 - left) / self._per_s if early else 0.0


@dataclass(frozen=True)
class Gate:
    """
    A dependency of the whole application.

    Parameters
    ----------
    operator
        Digest of the token that the daemon leaves for the command line on its own machine.
    """

    floor: Floor
    rate: Rate
    operator: str | None = None

    def __call__(self, request: Request) -> None:
        """Let a request in, and note who makes it, or refuse it."""
        route = (request.method, request.scope["route"].path)
        access = ROUTES.get(route)
        if access is None:
            raise RequestError(HTTPStatus.FORBIDDEN, "route_closed", "nothing says who may ask this")
        if any(name in request.query_params for name in _TOKEN_NAMES):
            raise RequestError(
                HTTPStatus.BAD_REQUEST, "token_in_url", "addresses are logged: send Authorization: Bearer instead"
            )
        if access.scope is None:
            return
        actor = self._actor(request)
        _check(actor, access, access.scope)
        early_s = self.rate.take(actor.name)
        if early_s:
            raise RequestError(
                HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", "too many requests; wait as long as Retry-After says",
                headers={"Retry-After": str(max(1, round(early_s)))},
            )  # fmt: skip
        request.state.actor = actor

    def _actor(self, request: Request) -> Actor:
        secret = _secret(request)
        if secret is None:
            return self._stranger(request)
        digest = digest_of(secret)
        if self.operator is not None and compare_digest(digest, self.operator):
            return everything("operator")
        with self.floor.store.read() as session:
            token = tokens.token_of(session, digest)
        if token is None:
            raise _unauthorized("token_unknown", "there is no such token")
        if token.revoked_at is not None:
            raise _unauthorized("token_revoked", "the token was revoked")
        if token.expires_at <= self.floor.now():
            raise _unauthorized("token_expired", "the token has expired")
        return token.actor()

    def _stranger(self, request: Request) -> Actor:
        with self.floor.store.read() as session:
            guarded = tokens.any_token(session)
        near = request.client is None or _is_loopback(request.client.host)
        if guarded or not near or any(name in request.headers for name in _FORWARDED):
            raise _unauthorized("token_missing", "send a token as Authorization: Bearer")
        return everything("api")


def _check(actor: Actor, access: Access, scope: Scope) -> None:
    if scope not in actor.scopes:
        raise RequestError(HTTPStatus.FORBIDDEN, "scope_missing", f"this needs a token with scope {scope}")
    bounds = {Bound.SOURCE: actor.source, Bound.STATION: actor.station}
    if any(value is not None and bound not in access.bound for bound, value in bounds.items()):
        raise RequestError(HTTPStatus.FORBIDDEN, "token_bound", "this is beyond what the token is bound to")


def _secret(request: Request) -> str | None:
    """Return the token that a request carries; pages may carry it as a password."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic" and request.method == "GET":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return "" if scheme else None


def _unauthorized(code: str, message: str) -> RequestError:
    return RequestError(HTTPStatus.UNAUTHORIZED, code, message, headers=_CHALLENGE)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _actor_of(request: Request) -> Actor:
    actor = request.state.actor
    assert isinstance(actor, Actor)
    return actor


ActorDep = Annotated[Actor, Depends(_actor_of)]
