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
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from batcher.api.access import ROUTES, Access, Bound
from batcher.api.problems import RequestError
from batcher.domain.access import Actor, Scope, Token
from batcher.services.access import digest_of, everything, find_token
from batcher.services.context import Floor
from batcher.store import tokens

#: The cookie of a sign-in: it holds the token.
SESSION = "batcher_session"
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

    async def __call__(self, request: Request) -> None:
        """Let a request in, and note who makes it, or refuse it."""
        route = (request.method, request.scope["route"].path)
        access = ROUTES.get(route)
        if access is None:
            raise RequestError(HTTPStatus.FORBIDDEN, "route_closed", "nothing says who may ask this")
        if request.scope["query_string"] and any(name in request.query_params for name in _TOKEN_NAMES):
            raise RequestError(
                HTTPStatus.BAD_REQUEST, "token_in_url", "addresses are logged: send Authorization: Bearer instead"
            )
        if access.page and request.method == "POST" and not _is_told(request):
            _check_origin(request)
        if access.scope is None:
            self._slow_down(request, access)
            return
        actor = await self._actor(request, access)
        _check(actor, access, access.scope)
        self._count(actor.name)
        request.state.actor = actor

    def _slow_down(self, request: Request, access: Access) -> None:
        """Count what nobody needs a token for and yet tries tokens: signing in."""
        if access.page and request.method == "POST":
            self._count(f"sign-in from {request.client.host if request.client else 'nowhere'}")

    def _count(self, caller: str) -> None:
        early_s = self.rate.take(caller)
        if early_s:
            raise RequestError(
                HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", "too many requests; wait as long as Retry-After says",
                headers={"Retry-After": str(max(1, round(early_s)))},
            )  # fmt: skip

    async def _actor(self, request: Request, access: Access) -> Actor:
        secret = _secret(request)
        if secret is None and access.page:
            secret = request.cookies.get(SESSION)
        if secret is None:
            return await run_in_threadpool(self._stranger, request)
        token = self.floor.tokens.get(digest_of(secret))
        return await run_in_threadpool(self.actor_of, secret) if token is None else self._stands_for(token)

    def actor_of(self, secret: str) -> Actor:
        """
        Return whom a token stands for, as the database has it.

        Raises
        ------
        RequestError
            When it is unknown, revoked or expired.
        """
        digest = digest_of(secret)
        if self.operator is not None and compare_digest(digest, self.operator):
            return everything("operator")
        token = find_token(self.floor, digest)
        if token is None:
            raise _unauthorized("token_unknown", "there is no such token")
        return self._stands_for(token)

    def _stands_for(self, token: Token) -> Actor:
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


def _is_told(request: Request) -> bool:
    """Tell whether a request says itself who asks, which no other site can make a browser do."""
    return "authorization" in request.headers


def _check_origin(request: Request) -> None:
    """Refuse what another site has a browser send: it comes with our cookie, or from this machine, but not from us."""
    if urlsplit(request.headers.get("origin", "")).netloc != request.headers.get("host", ""):
        raise RequestError(HTTPStatus.FORBIDDEN, "origin_foreign", "this was not sent by a page of this board")


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


def actor_of(request: Request) -> Actor:
    """Return who makes a request that has been let in."""
    actor = request.state.actor
    assert isinstance(actor, Actor)
    return actor


async def _actor_of(request: Request) -> Actor:
    return actor_of(request)


ActorDep = Annotated[Actor, Depends(_actor_of)]
