"""
Signing in: a browser is given its token as a cookie that no script reads and no other site makes it send.

The cookie is the token itself, so that a restart signs nobody out and a token that is revoked ends it at once.
"""

from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from batcher.api.board.forms import FormBody, place_within
from batcher.api.board.views import Board, sentence
from batcher.api.gate import SESSION, Gate
from batcher.api.problems import RequestError
from batcher.domain.access import Actor


def add_sign_in(app: FastAPI, board: Board, gate: Gate) -> None:
    """Add the pages to sign in and out."""

    def page(request: Request, onward: str, *, told: str = "", status: int = 200) -> HTMLResponse:
        actor = _signed_in(gate, request)
        return board.respond(
            request, actor, "sign_in.html", "Sign in", onward=place_within(onward), told=told, status=status
        )

    @app.get("/sign-in", response_class=HTMLResponse, include_in_schema=False)
    def form(request: Request, onward: Annotated[str, Query(alias="next", max_length=500)] = "/") -> HTMLResponse:
        return page(request, onward)

    @app.post("/sign-in", response_class=HTMLResponse, include_in_schema=False)
    def sign_in(request: Request, form: FormBody) -> Response:
        secret, onward = form.get("token", "").strip(), form.get("next", "/")
        try:
            gate.actor_of(secret)
        except RequestError as error:
            return page(request, onward, told=sentence(str(error)), status=error.status)
        answer = RedirectResponse(place_within(onward), 303)
        answer.set_cookie(SESSION, secret, httponly=True, samesite="strict", secure=_is_encrypted(request))
        return answer

    @app.post("/sign-out", response_class=HTMLResponse, include_in_schema=False)
    def sign_out() -> Response:
        answer = RedirectResponse("/sign-in", 303)
        answer.delete_cookie(SESSION, httponly=True, samesite="strict")
        return answer


def _signed_in(gate: Gate, request: Request) -> Actor | None:
    try:
        return gate.actor_of(request.cookies[SESSION])
    except (KeyError, RequestError):
        return None


def _is_encrypted(request: Request) -> bool:
    """Tell whether the browser speaks TLS with us, or with the proxy before us."""
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto", ""))
