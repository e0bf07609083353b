"""Routes of stations: what they report, how they stand, taken down and up."""

from functools import partial
from http import HTTPStatus

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from batcher.api.answers import ReportAnswer, StationChange
from batcher.api.bodies import REASON_DOC, RawBody, ReasonBody, documented
from batcher.api.found import station_for
from batcher.api.gate import ActorDep
from batcher.api.problems import RequestError, problem
from batcher.api.together import Together
from batcher.dispatch.report import ReportDocument, parse_report
from batcher.domain.states import StationState
from batcher.services import actions
from batcher.services.context import Floor
from batcher.services.reports import ReportOutcome, apply_reports
from batcher.services.status import StationStatus, floor_status

_REPORT_DOC = documented(ReportDocument)
#: Refusals with a status of their own; every other contradiction is a conflict.
_REFUSED = {
    "not_your_ticket": HTTPStatus.FORBIDDEN,
    "items_unknown": HTTPStatus.UNPROCESSABLE_ENTITY,
}


def station_routes(floor: Floor) -> APIRouter:
    """Return the routes of stations."""
    router = APIRouter(prefix="/v1", tags=["floor"])
    together = Together(partial(apply_reports, floor))

    @router.post("/reports", response_model=ReportAnswer, openapi_extra=_REPORT_DOC)
    async def post_report(raw: RawBody, actor: ActorDep) -> Response:
        """Take a station's report (`batcher-report/1`); the same report again gets the same answer."""
        report = parse_report(raw)
        if not actor.may_see_station(report.station):
            raise RequestError(HTTPStatus.FORBIDDEN, "token_bound", f"the token speaks for {actor.station} only")
        return _answer_report(await together.ask(report))

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


def _answer_report(outcome: ReportOutcome) -> Response:
    headers = {"Idempotent-Replay": "true"} if outcome.repeat else {}
    if outcome.outcome == "orphan":
        return problem(HTTPStatus.NOT_FOUND, outcome.code, outcome.message, headers=headers)
    if outcome.outcome == "rejected":
        status = _REFUSED.get(outcome.code, HTTPStatus.CONFLICT)
        return problem(status, outcome.code, outcome.message, headers=headers)
    return JSONResponse(ReportAnswer.model_validate(outcome).model_dump(), headers=headers)
