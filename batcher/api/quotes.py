"""The route that gives dates before anything is ordered; how they are found is `services.promise`'s."""

from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from batcher.api.bodies import JsonBody, documented
from batcher.api.gate import ActorDep
from batcher.api.problems import RequestError
from batcher.intake.quotes import QuoteDocument, parse_quote
from batcher.services.context import Floor
from batcher.services.promise import quote


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class BindingAnswer(_Answer):
    """What keeps a date from being earlier."""

    code: str = Field(
        description="service, station_taken, station_closed, work, no_room, or what such an order is held with"
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


class QuoteAnswer(_Answer):
    """What can be promised, by the plan of a moment; nothing is kept of it."""

    at: datetime
    plan_id: str
    planned_at: datetime
    offers: list[OfferAnswer]


def quote_routes(floor: Floor) -> APIRouter:
    """Return the routes under /v1/quotes."""
    router = APIRouter(prefix="/v1", tags=["quotes"])

    @router.post("/quotes", openapi_extra=documented(QuoteDocument))
    def post_quote(document: JsonBody, actor: ActorDep) -> QuoteAnswer:
        """Tell for one service or all which collection an order placed now would make; nothing is kept."""
        zone = floor.rules.current.site.zone
        asked, wanted_by = parse_quote(document, source=actor.source or "api", zone=zone, now=floor.now())
        found = quote(floor, asked, wanted_by)
        if found is None:
            raise RequestError(
                HTTPStatus.SERVICE_UNAVAILABLE, "no_plan", "there is no plan yet; ask again in a moment",
                headers={"Retry-After": "5"},
            )  # fmt: skip
        return QuoteAnswer.model_validate(found)

    return router
