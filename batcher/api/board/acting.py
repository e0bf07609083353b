"""The page that asks once more, and does what was confirmed: who did it and why is kept with what happened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from batcher.services.blanks import check_known
from batcher.services.context import Floor
from batcher.store.blanks import blanks_out

#: Who acts is kept as a name, not as a story.
_MAX_NAME = 64
_REFUSALS = (ConflictError, TransitionError, DispatchError, NotFoundError)


@dataclass(frozen=True)
class Named:
    """Something to act on: what it is known by, what it is called on the page, and where one goes back to."""

    ident: str
    name: str
    back: str


def add_acting(app: FastAPI, floor: Floor, board: Board) -> None:
    """Add a page for each kind of thing to which something can be done."""
    for kind in {kind for kind, _ in DEEDS}:
        _add_kind(app, floor, board, kind)


def _add_kind(app: FastAPI, floor: Floor, board: Board, kind: str) -> None:
    find = _FOUND[kind]

    def page(
        request: Request, actor: Actor, deed: Deed, named: Named, *, told: str = "", status: int = 200, **fields: str
    ) -> HTMLResponse:
        return board.respond(
            request, actor, "act.html", deed.title.format(named.name), deed=deed, told=told, back=named.back,
            status=status, fields={"who": actor.name, "why": ""} | fields,
        )  # fmt: skip

    def ask(request: Request, actor: ActorDep, ref: str, verb: str) -> HTMLResponse:
        return page(request, actor, _deed(kind, verb), find(floor, ref, actor))

    def do(request: Request, actor: ActorDep, ref: str, verb: str, form: FormBody) -> Response:
        deed, named = _deed(kind, verb), find(floor, ref, actor)
        fields = {"why": form.get("why", "").strip(), "who": form.get("who", "").strip() or actor.name}
        if not fields["why"] or len(fields["why"]) > MAX_TEXT or len(fields["who"]) > _MAX_NAME:
            told = f"Say why in at most {MAX_TEXT} characters."
            return page(request, actor, deed, named, told=told, status=HTTPStatus.UNPROCESSABLE_ENTITY, **fields)
        try:
            deed.do(floor, named.ident, fields["why"], fields["who"])
        except _REFUSALS as error:
            return page(request, actor, deed, named, told=sentence(str(error)), status=HTTPStatus.CONFLICT, **fields)
        board.look_again()
        return RedirectResponse(named.back, HTTPStatus.SEE_OTHER)

    path = f"/act/{kind}/{_REFS.get(kind, '{ref}')}/{{verb}}"
    app.add_api_route(path, ask, response_class=HTMLResponse, include_in_schema=False)
    app.add_api_route(path, do, methods=["POST"], response_class=HTMLResponse, include_in_schema=False)


def _deed(kind: str, verb: str) -> Deed:
    deed = DEEDS.get((kind, verb))
    if deed is None:
        raise NotFoundError("deed", verb)
    return deed


def _order(floor: Floor, ref: str, actor: Actor) -> Named:
    order = order_for(floor, ref, actor)
    return Named(order.key, order.order_id, f"/order/{order.key}")


def _item(floor: Floor, ref: str, actor: Actor) -> Named:
    item, order = item_for(floor, ref, actor)
    return Named(item.id, item.sku, f"/order/{order.key}")


def _station(floor: Floor, ref: str, actor: Actor) -> Named:
    return Named(ref, station_for(floor, ref, actor), "/trouble")


def _ticket(floor: Floor, ref: str, actor: Actor) -> Named:
    ticket = ticket_for(floor, ref, actor)
    return Named(ticket.id, ticket.station, "/trouble")


def _blank(floor: Floor, ref: str, _actor: Actor) -> Named:
    with floor.store.read() as session:
        known = ref in blanks_out(session)  # also when the rules name it no more
    if not known:
        check_known(floor.rules.current, ref)
    return Named(ref, ref, "/trouble")


#: How a path names what has a slash in its name: a product with its finish.
_REFS = {"blanks": "{ref:path}"}
#: Finds what is named, within the bounds of who asks.
_FOUND: Mapping[str, Callable[[Floor, str, Actor], Named]] = {
    "orders": _order,
    "items": _item,
    "stations": _station,
    "tickets": _ticket,
    "blanks": _blank,
}
