"""
The page of one order for its buyer, under a link that nobody can guess: where the gift is, and how it came.

No token, no floor words, nothing loaded from elsewhere. What is shown and kept is `services.buyers`' to say.
"""

from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel

from batcher.api.board.looks import templates
from batcher.api.found import order_for
from batcher.api.gate import ActorDep
from batcher.errors import ConflictError, NotFoundError
from batcher.services import buyers
from batcher.services.buyers import Gift, Stage, Wrong
from batcher.services.context import Floor

_MAX_FORM_BYTES = 2000
#: This page alone sends a form, to itself; it is for its buyer and not for search engines.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Robots-Tag": "noindex, nofollow",
}
_STEPS = (Stage.RECEIVED, Stage.MAKING, Stage.PACKED, Stage.LEFT)
_WRONGS = {
    Wrong.DAMAGED: "It was damaged",
    Wrong.TEXT: "The words on it are not what I ordered",
    Wrong.ITEM: "It is not what I ordered, or something is missing",
    Wrong.QUALITY: "It is not well made",
    Wrong.OTHER: "Something else",
}


class LinkAnswer(BaseModel):
    """Where the buyer of an order sees how it stands."""

    path: str


async def _form(request: Request) -> dict[str, str]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            return {}
    found = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10)
    return {name: values[0] for name, values in found.items()}


def gift_routes(floor: Floor) -> APIRouter:
    """Return the buyer's page, and the route that tells a shop where it is."""
    router = APIRouter()
    pages = templates()

    def page(gift: Gift | None, told: str = "", status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
        zone = floor.rules.current.site.zone
        shown = pages.get_template("gift.html").render(
            gift=gift,
            told=told,
            steps=_STEPS,
            wrongs=_WRONGS,
            day=lambda at: _day(at.astimezone(zone), floor.now().astimezone(zone)),
        )
        return HTMLResponse(shown, status, _HEADERS)

    @router.get("/v1/orders/{ref}/link", tags=["orders"])
    def get_link(ref: str, actor: ActorDep) -> LinkAnswer:
        """Tell where the buyer of an order sees how it stands; whoever has the link needs no token."""
        return LinkAnswer(path=f"/s/{buyers.link_code(floor, order_for(floor, ref, actor).key)}")

    @router.get("/s/{code}", include_in_schema=False)
    def get_page(code: str) -> HTMLResponse:
        try:
            return page(buyers.gift_of(floor, code))
        except NotFoundError:
            return page(None, status=HTTPStatus.NOT_FOUND)

    @router.post("/s/{code}", include_in_schema=False)
    def post_answer(code: str, form: Annotated[dict[str, str], Depends(_form)]) -> Response:
        came, good, wrong = (form.get(name) for name in ("came", "good", "wrong"))
        try:
            if came not in ("yes", "no") or good not in ("yes", "no") or wrong not in (None, *Wrong):
                told = "Please answer both questions."
                return page(buyers.gift_of(floor, code), told, HTTPStatus.UNPROCESSABLE_ENTITY)
            kind = None if wrong is None else Wrong(wrong)
            with suppress(ConflictError):  # answered before, or not yet to be asked: the page shows which
                buyers.answer(floor, code, as_promised=came == "yes", as_expected=good == "yes", wrong=kind)
        except NotFoundError:
            return page(None, status=HTTPStatus.NOT_FOUND)
        return RedirectResponse(f"/s/{code}", HTTPStatus.SEE_OTHER, _HEADERS)

    return router


def _day(at: datetime, now: datetime) -> str:
    """Return a day as people say it."""
    days = (at.date() - now.date()).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
    return near.get(days, f"on {at:%A} {at.day} {at:%B}")
