"""Routes of stations: what they report, how they stand, taken down and up."""

from fastapi import APIRouter, Response

from batcher.api.answers import ReportAnswer, StationChange
from batcher.api.bodies import REASON_DOC, RawBody, ReasonBody, documented
from batcher.api.found import station_for
from batcher.api.gate import ActorDep
from batcher.api.report_desk import ReportDesk
from batcher.dispatch.report import ReportDocument
from batcher.domain.states import StationState
from batcher.services import actions
from batcher.services.context import Floor
from batcher.services.status import StationStatus, floor_status

_REPORT_DOC = documented(ReportDocument)


def station_routes(floor: Floor, desk: ReportDesk) -> APIRouter:
    """Return the routes of stations."""
    router = APIRouter(prefix="/v1", tags=["floor"])

    @router.post("/reports", response_model=ReportAnswer, openapi_extra=_REPORT_DOC)
    async def post_report(raw: RawBody, actor: ActorDep) -> Response:
        """Take a station's report (`batcher-report/1`); the same report again gets the same answer."""
        return await desk.take(raw, actor)

    @router.get("/stations")
    def get_stations(actor: ActorDep) -> list[StationStatus]:
        """Show every station: whether it works, on what, and what comes next."""
        return [station for station in floor_status(floor).stations if actor.may_see_station(station.id)]

    @router.get("/stations/{station}")
    def get_station(station: str, actor: ActorDep) -> StationStatus:
        """Show one station: whether it works, on what, its queue, and what comes next."""
        named = station_for(floor, station, actor)
        return next(found for found in floor_status(floor).stations if found.id == named)

    @router.post("/stations/{station}/down", openapi_extra=REASON_DOC)
    def station_down(station: str, body: ReasonBody, actor: ActorDep) -> StationChange:
        """Give a station no more work; tickets that have not left the house are planned elsewhere."""
        named, who = station_for(floor, station, actor), body.who or actor.name
        recalled = actions.set_station(floor, named, up=False, reason=body.reason, who=who)
        return StationChange(station=station, state=StationState.DOWN, recalled=recalled)

    @router.post("/stations/{station}/up", openapi_extra=REASON_DOC)
    def station_up(station: str, body: ReasonBody, actor: ActorDep) -> StationChange:
        """Give a station work again."""
        named, who = station_for(floor, station, actor), body.who or actor.name
        recalled = actions.set_station(floor, named, up=True, reason=body.reason, who=who)
        return StationChange(station=station, state=StationState.UP, recalled=recalled)

    return router
