"""Routes of orders: take them in, look at them, ask why. What is done to them is in `order_actions`."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from batcher.api.answers import OrderAnswer, OrderPage, TakenAnswer, TakenEntry, TakenList
from batcher.api.answers_pieces import ItemAnswer, OrderDetail, piece_answer
from batcher.api.backlog import Backlog
from batcher.api.bodies import JsonBody, documented
from batcher.api.cursors import Cursor, ulid_cursor
from batcher.api.found import item_for, order_for
from batcher.api.gate import ActorDep
from batcher.api.once import Doer, Once, at_once
from batcher.api.problems import ProblemFault, RequestError, problem
from batcher.api.senders import Source, named_source
from batcher.api.together import Together
from batcher.domain.states import OrderState
from batcher.errors import Fault
from batcher.intake.documents import OrderDocument
from batcher.services.context import Floor
from batcher.services.intake import Taken, take_each, take_orders, tell_taken, try_orders
from batcher.services.pieces import piece_views
from batcher.store import orders
from batcher.store.orders import OrderFilter

#: Orders in one list.
MAX_ORDERS = 1000
_ORDERS_DOC = documented(OrderDocument, or_list=True)
_TAKEN_DOC: dict[int | str, dict[str, Any]] = {
    200: {"model": TakenAnswer, "description": "known already, with the same content; or only tried"},
    202: {"model": TakenAnswer, "description": "taken in, but held: a person must act first"},
    207: {"model": TakenList, "description": "the answer to a list"},
}
_STATUS = {
    "created": HTTPStatus.CREATED,
    "replayed": HTTPStatus.OK,
    "valid": HTTPStatus.OK,
    "conflict": HTTPStatus.CONFLICT,
    "rejected": HTTPStatus.UNPROCESSABLE_ENTITY,
    "not_kept": HTTPStatus.FAILED_DEPENDENCY,
}

Word = Annotated[str | None, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=1000)]


def order_routes(floor: Floor, backlog: Backlog) -> APIRouter:
    """Return the routes under /v1/orders that take in and show, and /v1/items."""
    router = APIRouter(prefix="/v1", tags=["orders"])
    once = Once(floor)
    singles = Together(partial(_take_singles, floor, backlog))

    @router.post(
        "/orders", status_code=201, response_model=TakenAnswer, responses=_TAKEN_DOC, openapi_extra=_ORDERS_DOC
    )
    async def post_orders(
        document: JsonBody,
        actor: ActorDep,
        do: Annotated[Doer, Depends(once)],
        source: Source = None,
        validate_only: Annotated[bool, Query(description="tell what would become of it, and keep nothing")] = False,
        atomic: Annotated[bool, Query(description="of a list, keep all or none")] = False,
    ) -> Response:
        """Take in one order, or a list of at most 1000; a list is answered entry by entry."""
        named = named_source(source, actor)
        if do is at_once and not (validate_only or isinstance(document, list)):
            taken = await singles.ask((document, named))
            tell_taken(floor, [taken], named)
            return _answer_one(taken)
        return await run_in_threadpool(post_alone, document, named, do, validate_only=validate_only, atomic=atomic)

    def post_alone(document: object, named: str, do: Doer, *, validate_only: bool, atomic: bool) -> Response:
        documents = document if isinstance(document, list) else [document]
        if not 0 < len(documents) <= MAX_ORDERS:
            raise RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, "list_length", f"a list holds 1 to {MAX_ORDERS} orders")
        if validate_only:
            return _answer(document, try_orders(floor, documents, named))
        backlog.check()
        return do(lambda: _answer(document, take_orders(floor, documents, named, together=atomic), atomic=atomic))

    @router.get("/orders")
    def get_orders(
        actor: ActorDep,
        after: Annotated[Cursor, Depends(ulid_cursor)],
        state: Annotated[list[OrderState] | None, Query(description="only these states")] = None,
        source: Word = None,
        order_id: Word = None,
        service: Word = None,
        tier: Word = None,
        channel: Word = None,
        country: Word = None,
        held_code: Word = None,
        leaves_from: Annotated[datetime | None, Query(description="leave-by time from then on")] = None,
        leaves_before: Annotated[datetime | None, Query(description="leave-by time before that")] = None,
        limit: Limit = 100,
    ) -> OrderPage:
        """List orders, the oldest first."""
        wanted = OrderFilter(
            states=state,
            source=actor.source or source,
            order_id=order_id,
            service=service,
            tier=tier,
            channel=channel,
            country=country,
            held_code=held_code,
            leaves_from=_aware(leaves_from),
            leaves_before=_aware(leaves_before),
        )
        foreign = source is not None and not actor.may_see_source(source)
        with floor.store.read() as session:
            found = [] if foreign else orders.find_page(session, wanted, limit=limit, after=after)
        more = found[-1].key if len(found) == limit else None
        return OrderPage(orders=[OrderAnswer.model_validate(order) for order in found], next=more)

    @router.get("/orders/{ref}")
    def get_order(ref: str, actor: ActorDep, response: Response) -> OrderDetail:
        """Show one order, by its order id or our key, with its pieces and their steps."""
        order = order_for(floor, ref, actor)
        response.headers["ETag"] = f'"{order.version}"'
        pieces = [piece_answer(view) for view in piece_views(floor, order.key)]
        return OrderDetail(**OrderAnswer.model_validate(order).model_dump(), items=pieces)

    @router.get("/items/{item_id}")
    def get_item(item_id: str, actor: ActorDep) -> ItemAnswer:
        """Show one piece: its steps, each with batch, station and expected times."""
        item, order = item_for(floor, item_id, actor)
        view = next(view for view in piece_views(floor, order.key) if view.item.id == item.id)
        return ItemAnswer(**piece_answer(view).model_dump(), order_key=order.key, order_id=order.order_id)

    return router


def _take_singles(floor: Floor, backlog: Backlog, sent: Sequence[tuple[object, str]]) -> list[Taken]:
    backlog.check()
    return take_each(floor, sent)


def _aware(instant: datetime | None) -> datetime | None:
    if instant is not None and instant.tzinfo is None:
        raise RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, "datetime_needs_offset", "give the offset, such as +00:00")
    return instant


def _answer(document: object, taken: Sequence[Taken], *, atomic: bool = False) -> Response:
    if not isinstance(document, list):
        return _answer_one(taken[0])
    bad = [(k, entry) for k, entry in enumerate(taken) if entry.outcome in ("rejected", "conflict")]
    if atomic and bad:
        faults = [
            Fault(f"/{k}{fault.where}", fault.message, fault.code)
            for k, entry in bad
            for fault in entry.faults or (Fault("/order_id", entry.message, "order_conflict"),)
        ]
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "list_refused", "nothing of the list was kept", faults=faults)
    return _answer_list(taken)


def _status(taken: Taken) -> HTTPStatus:
    held = taken.outcome == "created" and taken.held_code
    return HTTPStatus.ACCEPTED if held else _STATUS[taken.outcome]


def _answer_one(taken: Taken) -> Response:
    status = _status(taken)
    if status == HTTPStatus.CONFLICT:
        return problem(status, "order_conflict", taken.message)
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        code = taken.faults[0].code if taken.faults else "order_invalid"
        return problem(status, code, taken.message, faults=taken.faults)
    headers = {} if taken.key is None else {"Location": f"/v1/orders/{taken.key}"}
    if taken.outcome == "replayed":
        headers["Idempotent-Replay"] = "true"
    return JSONResponse(TakenAnswer.model_validate(taken).model_dump(mode="json"), status, headers=headers)


def _answer_list(taken: Sequence[Taken]) -> Response:
    results = [
        TakenEntry(
            **TakenAnswer.model_validate(entry).model_dump(),
            status=_status(entry),
            errors=[ProblemFault(loc=f.where, code=f.code, message=f.message) for f in entry.faults[:20]],
        )
        for entry in taken
    ]
    return JSONResponse(TakenList(results=results).model_dump(mode="json"), HTTPStatus.MULTI_STATUS)
