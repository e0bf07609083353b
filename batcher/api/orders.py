"""Routes of orders: take them in, look at them, ask why. What is done to them is in `order_actions`."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from batcher.api.answers import OrderAnswer, OrderPage, TakenAnswer, TakenList
from batcher.api.answers_pieces import ItemAnswer, OrderDetail, piece_answer
from batcher.api.bodies import JsonBody, documented
from batcher.api.cursors import Cursor, ulid_cursor
from batcher.api.found import item_for, order_for
from batcher.api.gate import ActorDep
from batcher.api.once import Doer, Once
from batcher.api.order_desk import OrderDesk
from batcher.api.problems import RequestError
from batcher.api.senders import Source, named_source
from batcher.domain.states import OrderState
from batcher.intake.documents import OrderDocument
from batcher.services.context import Floor
from batcher.services.pieces import piece_views
from batcher.store import orders
from batcher.store.orders import OrderFilter

_ORDERS_DOC = documented(OrderDocument, or_list=True)
_TAKEN_DOC: dict[int | str, dict[str, Any]] = {
    200: {"model": TakenAnswer, "description": "known already, with the same content; or only tried"},
    202: {"model": TakenAnswer, "description": "taken in, but held: a person must act first"},
    207: {"model": TakenList, "description": "the answer to a list"},
}

Word = Annotated[str | None, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=1000)]


def order_routes(floor: Floor, desk: OrderDesk) -> APIRouter:
    """Return the routes under /v1/orders that take in and show, and /v1/items."""
    router = APIRouter(prefix="/v1", tags=["orders"])
    once = Once(floor)

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
        return await desk.take(document, named, do, validate_only=validate_only, atomic=atomic)

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


def _aware(instant: datetime | None) -> datetime | None:
    if instant is not None and instant.tzinfo is None:
        raise RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, "datetime_needs_offset", "give the offset, such as +00:00")
    return instant
