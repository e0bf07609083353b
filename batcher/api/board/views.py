"""One view: where it is, what paints it, and what it is made of."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment
from starlette.responses import StreamingResponse

from batcher.api.board.parts import Painter, Part, Shown
from batcher.api.board.stream import Streams
from batcher.api.board.watched import Views, Watched
from batcher.api.gate import ActorDep
from batcher.api.health import Health
from batcher.api.problems import Problem
from batcher.domain.access import Actor, Scope
from batcher.services.context import Floor

#: What of a board may be done, by the word that pages know it by.
_MAY = {"orders": Scope.ORDERS_WRITE, "floor": Scope.FLOOR_WRITE, "see-orders": Scope.ORDERS_READ}


@dataclass(frozen=True)
class View:
    """
    A page that keeps itself fresh.

    Parameters
    ----------
    path
        Of the page; its stream is at `/live` below it.
    asked
        Returns what of the view is wanted, from a request.
    read
        Returns the parts of what was asked for.
    """

    path: str
    template: str
    title: str
    asked: Callable[[Request], Hashable]
    read: Callable[[Any], Sequence[Part]]

    @property
    def live(self) -> str:
        """Return where its stream is."""
        return self.path.rstrip("/") + "/live"


def nothing_asked(_request: Request) -> Hashable:
    """Return what is asked of a view that shows the same to everybody."""
    return None


class Board:
    """Serves views, each painted once for everybody who looks."""

    def __init__(self, floor: Floor, health: Health, pages: Environment) -> None:
        self._floor, self._pages = floor, pages
        self._streams = Streams(health)
        self._views = Views()

    def add(self, app: FastAPI, view: View) -> None:
        """Serve a view and its stream."""

        async def page(request: Request, actor: ActorDep) -> HTMLResponse:
            asked = view.asked(request)
            shown = await self._watched(view, asked).now()
            live = _live_url(request)
            return self.respond(request, actor, view.template, view.title, shown=shown, live=live, asked=asked)

        async def live(request: Request, last_event_id: int = 0, look: int = 0) -> StreamingResponse:
            watched = self._watched(view, view.asked(request))
            return self._streams.of(watched, max(look, last_event_id))

        app.add_api_route(view.path, page, response_class=HTMLResponse, include_in_schema=False)
        app.add_api_route(view.live, live, response_class=StreamingResponse, include_in_schema=False)

    def look_again(self) -> None:
        """Make every view anew: who has just done something wants to see it."""
        self._views.look_again()

    def respond(
        self,
        request: Request,
        actor: Actor | None,
        template: str,
        title: str,
        *,
        shown: Shown | None = None,
        live: str = "",
        status: int = 200,
        **more: object,
    ) -> HTMLResponse:
        """Return a page; one that is not `shown` from parts stands still."""
        html = self._pages.get_template(template).render(
            title=title,
            path=request.url.path,
            site=self._floor.rules.current.site.name,
            parts={} if shown is None else shown.html(),
            shown=shown,
            live=live,
            actor=actor,
            status=status,
            may=[word for word, scope in _MAY.items() if actor is not None and scope in actor.scopes],
            **more,
        )
        # a form that says nothing of where it comes from could not be told from another site's
        return HTMLResponse(html, status, headers={"Referrer-Policy": "same-origin"})

    def problem(self, request: Request, told: Problem) -> HTMLResponse:
        """Return the page that tells of a failure, for a browser that asked for a page."""
        template = "sign_in.html" if told.status == HTTPStatus.UNAUTHORIZED else "problem.html"
        return self.respond(
            request, None, template, told.title, status=told.status, detail=sentence(told.detail), code=told.code,
            request_id=told.request_id, onward=request.url.path, told="",
        )  # fmt: skip

    def _watched(self, view: View, asked: Hashable) -> Watched:
        def painter() -> Painter:
            return Painter(self._pages, self._floor, lambda: view.read(asked))

        return self._views.get((view.path, asked), painter)


def sentence(text: str) -> str:
    """Return what failed as a sentence for people."""
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."


def _live_url(request: Request) -> str:
    """Return the stream of the page that was asked for, with the same questions."""
    query = f"?{request.url.query}" if request.url.query else ""
    return request.url.path.rstrip("/") + "/live" + query
