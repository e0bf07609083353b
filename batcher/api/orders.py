"""Routes of orders: take them in, look at them, ask why. What a person does to them is in `order_actions`."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from batcher.api.answers import (
    OrderAnswer,
    OrderDetail,
    OrderPage,
    PieceAnswer,
    PieceWhy,
    StepAnswer,
    TakenAnswer,
    TakenEntry,
    TakenList,
    WhyAnswer,
)
from batcher.api.bodies import JsonBody, documented
from batcher.api.problems import ProblemFault, RequestError, problem
from batcher.domain.orders import Item, Job, Order
from batcher.domain.states import OrderState
from batcher.intake.documents import OrderDocument
from batcher.services import actions, explain
from batcher.services.context import Floor
from batcher.services.intake import SOURCE_PATTERN, Taken, take_orders
from batcher.store import orders

#: Orders in one list.
MAX_ORDERS = 1000
_ORDERS_DOC = documented(OrderDocument, or_list=True)
_TAKEN_DOC: dict[int | str, dict[str, Any]] = {
    200: {"model": TakenAnswer, "description": "known already, with the same content"},
    202: {"model": TakenAnswer, "description": "taken in, but held: a person must act first"},
    207: {"model": TakenList, "description": "the answer to a list"},
}

Source = Annotated[str, Query(pattern=SOURCE_PATTERN, description="who sends; order ids are unique for each source")]
Limit = Annotated[int, Query(ge=1, le=1000)]


def order_routes(floor: Floor) -> APIRouter:
    """Return the routes under /v1/orders."""
    router = APIRouter(prefix="/v1/orders", tags=["orders"])

    @router.post("", status_code=201, response_model=TakenAnswer, responses=_TAKEN_DOC, openapi_extra=_ORDERS_DOC)
    def post_orders(document: JsonBody, source: Source = "api") -> Response:
        """Take in one order, or a list of at most 1000; a list is answered entry by entry."""
        if not isinstance(document, list):
            return _answer_one(take_orders(floor, [document], source)[0])
        if not 0 < len(document) <= MAX_ORDERS:
            raise RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, "list_length", f"a list holds 1 to {MAX_ORDERS} orders")
        return _answer_list(take_orders(floor, document, source))

    @router.get("")
    def get_orders(
        state: Annotated[list[OrderState] | None, Query(description="only these states")] = None,
        limit: Limit = 100,
        after: Annotated[str | None, Query(max_length=64, description="`next` of the page before")] = None,
    ) -> OrderPage:
        """List orders, the oldest first."""
        with floor.store.read() as session:
            found = orders.list_orders(session, states=state, limit=limit, after=after)
        more = found[-1].key if len(found) == limit else None
        return OrderPage(orders=[OrderAnswer.model_validate(order) for order in found], next=more)

    @router.get("/{ref}")
    def get_order(ref: str) -> OrderDetail:
        """Show one order, by its order id or our key, with its pieces and their steps."""
        order = actions.find_order(floor, ref)
        with floor.store.read() as session:
            items, jobs = orders.items_of(session, order.key), orders.jobs_of(session, order.key)
        return _detail(order, items, jobs)

    @router.get("/{ref}/why")
    def get_why(ref: str) -> WhyAnswer:
        """Tell why an order is where it is: what each piece waits for, and until when."""
        told = explain.why(floor, actions.find_order(floor, ref))
        return WhyAnswer(
            key=told.order.key,
            order_id=told.order.order_id,
            headline=told.headline,
            items=[PieceWhy.model_validate(item) for item in told.items],
        )

    return router


def _status(taken: Taken) -> HTTPStatus:
    if taken.outcome == "created":
        return HTTPStatus.ACCEPTED if taken.held_code else HTTPStatus.CREATED
    return {
        "replayed": HTTPStatus.OK,
        "conflict": HTTPStatus.CONFLICT,
        "rejected": HTTPStatus.UNPROCESSABLE_ENTITY,
    }[taken.outcome]


def _answer_one(taken: Taken) -> Response:
    status = _status(taken)
    if status == HTTPStatus.CONFLICT:
        return problem(status, "order_conflict", taken.message)
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        code = taken.faults[0].code if taken.faults else "order_invalid"
        return problem(status, code, taken.message, faults=taken.faults)
    headers = {"Location": f"/v1/orders/{taken.key}"}
    if status == HTTPStatus.OK:
        headers["Idempotent-Replay"] = "true"
    return JSONResponse(TakenAnswer.model_validate(taken).model_dump(), status, headers=headers)


def _answer_list(taken: Sequence[Taken]) -> Response:
    results = [
        TakenEntry(
            **TakenAnswer.model_validate(entry).model_dump(),
            status=_status(entry),
            errors=[ProblemFault(loc=f.where, code=f.code, message=f.message) for f in entry.faults[:20]],
        )
        for entry in taken
    ]
    return JSONResponse(TakenList(results=results).model_dump(), HTTPStatus.MULTI_STATUS)


def _detail(order: Order, items: Sequence[Item], jobs: Sequence[Job]) -> OrderDetail:
    pieces = [
        PieceAnswer(
            **{name: getattr(item, name) for name in PieceAnswer.model_fields if name != "steps"},
            steps=[StepAnswer.model_validate(job) for job in jobs if job.item_id == item.id],
        )
        for item in items
    ]
    return OrderDetail(**OrderAnswer.model_validate(order).model_dump(), items=pieces)
