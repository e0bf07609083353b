"""The routes that give and keep dates before anything is ordered; how they are found is `services.promise`'s."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from batcher.api.bodies import JsonBody, documented
from batcher.api.found import reservation_for
from batcher.api.gate import ActorDep
from batcher.api.once import Doer, Once
from batcher.api.problems import RequestError
from batcher.api.senders import Source, named_source
from batcher.domain.reservations import ReservationState
from batcher.intake.quotes import QuoteDocument, parse_quote
from batcher.services.context import Floor
from batcher.services.promise import Quote, give_up, quote


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class BindingAnswer(_Answer):
    """What keeps a date from being earlier."""

    code: str = Field(
        description="service, station_taken, station_closed, work, no_room, no_time, or what such an order is held with"
    )
    message: str
    station: str | None


class HurryAnswer(_Answer):
    """The wanted collection, when it can be made only if others give way."""

    leave_by_at: datetime
    ready_at: datetime
    cost_minor: float = Field(description="what others lose, and changeovers and batches cost more")


class OfferAnswer(_Answer):
    """What one service can promise."""

    service: str
    nominal_at: datetime | None = Field(description="the collection that the service names to an order placed now")
    leave_by_at: datetime | None = Field(description="the first collection that can be made; none: no date")
    ready_at: datetime | None = Field(description="when all would be packed")
    confidence: float | None = Field(ge=0, le=1, description="by how well times were kept of late")
    binding: BindingAnswer
    hurry: HurryAnswer | None


class ReservationAnswer(_Answer):
    """Room that is kept until an order names it or its time is over."""

    id: str = Field(description="goes into `reservation` of the order that takes it")
    source: str
    state: ReservationState
    leave_by_at: datetime
    made_at: datetime
    expires_at: datetime
    order_key: str | None = Field(description="of the order that has taken it")
    ended_at: datetime | None


class QuoteAnswer(_Answer):
    """What can be promised, by the plan of a moment; nothing is kept of it unless it was reserved."""

    at: datetime
    plan_id: str
    planned_at: datetime
    offers: list[OfferAnswer]
    reservation: ReservationAnswer | None = Field(description="none: not asked for, or no date can be given")


_RESERVED_DOC: dict[int | str, dict[str, Any]] = {201: {"model": QuoteAnswer, "description": "answered, and reserved"}}


def quote_routes(floor: Floor) -> APIRouter:
    """Return the routes under /v1/quotes and /v1/reservations."""
    router = APIRouter(prefix="/v1", tags=["quotes"])
    once = Once(floor)

    @router.post(
        "/quotes", response_model=QuoteAnswer, responses=_RESERVED_DOC, openapi_extra=documented(QuoteDocument)
    )
    def post_quote(
        document: JsonBody, actor: ActorDep, do: Annotated[Doer, Depends(once)], source: Source = None
    ) -> Response:
        """Tell for one service or all which collection an order placed now would make; reserve it if asked to."""
        zone = floor.rules.current.site.zone
        question = parse_quote(document, source=named_source(source, actor), zone=zone, now=floor.now())
        return do(lambda: _answer(quote(floor, question)))

    @router.get("/reservations/{ident}")
    def get_reservation(ident: str, actor: ActorDep) -> ReservationAnswer:
        """Show a reservation, also for two weeks after its end."""
        return ReservationAnswer.model_validate(reservation_for(floor, ident, actor))

    @router.post("/reservations/{ident}/give-up")
    def post_give_up(ident: str, actor: ActorDep) -> ReservationAnswer:
        """End a reservation before its time, so that others have the room."""
        return ReservationAnswer.model_validate(give_up(floor, reservation_for(floor, ident, actor).id, actor.name))

    return router


def _answer(found: Quote | None) -> Response:
    if found is None:
        raise RequestError(
            HTTPStatus.SERVICE_UNAVAILABLE, "no_plan", "there is no plan yet; ask again in a moment",
            headers={"Retry-After": "5"},
        )  # fmt: skip
    told = QuoteAnswer.model_validate(found).model_dump(mode="json")
    if found.reservation is None:
        return JSONResponse(told)
    return JSONResponse(told, HTTPStatus.CREATED, headers={"Location": f"/v1/reservations/{found.reservation.id}"})
