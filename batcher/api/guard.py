"""Around every request: an id for log and answer, safe headers, its time, and the last word on what nobody caught."""

import time

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from batcher.api.problems import as_asked, problem_of
from batcher.domain.ids import new_id
from batcher.errors import BatcherError
from batcher.metrics import Metrics

log = structlog.get_logger()

#: Pages load only what this server sends; answers are true for a moment only.
_HEADERS = {
    b"cache-control": b"no-store",
    b"content-security-policy": (
        b"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        b"font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
}


#: Methods that have series of their own; whatever else is sent shares one.
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class RequestGuard:
    """ASGI middleware; see the module."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, began = new_id(), time.perf_counter()
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._measure(scope, message["status"], time.perf_counter() - began)
                own = message.get("headers", ())
                told = {name for name, _ in own}
                ours = [header for header in _HEADERS.items() if header[0] not in told]
                message["headers"] = [*own, (b"x-request-id", request_id.encode()), *ours]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_guarded)
            except Exception:
                log.exception("request_failed", method=scope["method"], path=scope["path"])
                if started:
                    raise
                answer = as_asked(Request(scope), problem_of(BatcherError()))
                await answer(scope, receive, send_guarded)

    def _measure(self, scope: Scope, status: int, seconds: float) -> None:
        """Note how long a request took until its answer began, by its route as declared: an address holds ids."""
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method=method, route=route, status=f"{status // 100}xx").observe(seconds)
