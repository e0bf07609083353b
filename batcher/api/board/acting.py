"""The page that asks once more, and does what was confirmed: who did it and why is kept with what happened."""

from collections.abc import Callable
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from batcher.api.board.deeds import DEEDS, Deed
from batcher.api.board.forms import MAX_TEXT, FormBody
from batcher.api.board.views import Board, sentence
from batcher.api.found import item_for, order_for, station_for, ticket_for
from batcher.api.gate import ActorDep
from batcher.domain.access import Actor
from batcher.errors import ConflictError, DispatchError, NotFoundError, TransitionError
from batcher.services.context import Floor

#: Who acts is kept as a name, not as a story.
_MAX_NAME = 64
_REFUSALS = (ConflictError, TransitionError, DispatchError)


def add_acting(app: FastAPI, floor: Floor, board: Board) -> None:
    """Add a page for each kind of thing to which something can be done."""
    for kind in {kind for kind, _ in DEEDS}:
        _add_kind(app, floor, board, kind)


def _add_kind(app: FastAPI, floor: Floor, board: Board, kind: str) -> None:
    named, back = _NAMES[kind], _BACK[kind]

    def page(
        request: Request, actor: Actor, deed: Deed, ref: str, *, told: str = "", status: int = 200, **fields: str
    ) -> HTMLResponse:
        title = deed.title.format(named(floor, ref, actor))
        return board.respond(
            request, actor, "act.html", title, deed=deed, told=told, back=back(floor, ref, actor), status=status,
            fields={"who": actor.name, "why": ""} | fields,
        )  # fmt: skip

    def ask(request: Request, actor: ActorDep, ref: str, verb: str) -> HTMLResponse:
        return page(request, actor, _deed(kind, verb), ref)

    def do(request: Request, actor: ActorDep, ref: str, verb: str, form: FormBody) -> Response:
        deed = _deed(kind, verb)
        onward = back(floor, ref, actor)
        fields = {"why": form.get("why", "").strip(), "who": form.get("who", "").strip() or actor.name}
        if not fields["why"] or len(fields["why"]) > MAX_TEXT or len(fields["who"]) > _MAX_NAME:
            told = f"Say why in at most {MAX_TEXT} characters."
            return page(request, actor, deed, ref, told=told, status=HTTPStatus.UNPROCESSABLE_ENTITY, **fields)
        try:
            deed.do(floor, ref, fields["why"], fields["who"])
        except _REFUSALS as error:
            return page(request, actor, deed, ref, told=sentence(str(error)), status=HTTPStatus.CONFLICT, **fields)
        board.look_again()
        return RedirectResponse(onward, HTTPStatus.SEE_OTHER)

    path = f"/act/{kind}/{{ref}}/{{verb}}"
    app.add_api_route(path, ask, response_class=HTMLResponse, include_in_schema=False)
    app.add_api_route(path, do, methods=["POST"], response_class=HTMLResponse, include_in_schema=False)


def _deed(kind: str, verb: str) -> Deed:
    deed = DEEDS.get((kind, verb))
    if deed is None:
        raise NotFoundError("deed", verb)
    return deed


#: What something is called on the page, found within the bounds of who asks.
_NAMES: dict[str, Callable[[Floor, str, Actor], str]] = {
    "orders": lambda floor, ref, actor: order_for(floor, ref, actor).order_id,
    "items": lambda floor, ref, actor: item_for(floor, ref, actor)[0].sku,
    "stations": station_for,
    "tickets": lambda floor, ref, actor: ticket_for(floor, ref, actor).station,
}
#: Where one comes from, and goes back to.
_BACK: dict[str, Callable[[Floor, str, Actor], str]] = {
    "orders": lambda _floor, ref, _actor: f"/order/{ref}",
    "items": lambda floor, ref, actor: f"/order/{item_for(floor, ref, actor)[1].key}",
    "stations": lambda _floor, _ref, _actor: "/trouble",
    "tickets": lambda _floor, _ref, _actor: "/trouble",
}
