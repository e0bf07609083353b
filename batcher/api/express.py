"""
An express lane for what comes by the hundred every second: single orders, lists of them, reports.

A request in it is let in by the same gate as every other, its body is read within the same limits, and a failure is
told in the same form. It passes by the search for its route and the solving of its dependencies, which take several
times as long as what is asked for. What a request wants to be done is its route's to say; one that says more than its
body, by its address or by a header of its own, goes the way of all others.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from batcher.api.gate import Gate
from batcher.api.problems import refusal
from batcher.errors import BatcherError

#: Answers a request that the gate has let in.
Serve = Callable[[Request], Awaitable[Response]]

#: Headers that a lane does not know what to do with.
_UNKNOWN_HERE = (b"idempotency-key",)


@dataclass(frozen=True)
class Lane:
    """One route of the lane; `path` holds no parameters."""

    path: str
    serve: Serve
    method: str = "POST"


class Express:
    """ASGI middleware; see the module."""

    def __init__(self, app: ASGIApp, gate: Gate, lanes: Sequence[Lane]) -> None:
        self._app, self._gate = app, gate
        self._lanes = {lane.path: lane for lane in lanes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        lane = self._lane_of(scope)
        if lane is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = lane  # by which the gate knows what it needs, and the guard counts it
        answer = await self._answer(lane, Request(scope, receive))
        await answer(scope, receive, send)

    def _lane_of(self, scope: Scope) -> Lane | None:
        if scope["type"] != "http" or scope["query_string"]:
            return None
        lane = self._lanes.get(scope["path"])
        if lane is None or scope["method"] != lane.method:
            return None
        return None if any(name in _UNKNOWN_HERE for name, _ in scope["headers"]) else lane

    async def _answer(self, lane: Lane, request: Request) -> Response:
        try:
            await self._gate(request)
            return await lane.serve(request)
        except BatcherError as error:
            return refusal(error)
