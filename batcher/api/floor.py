"""Routes of the floor: reports of stations, stations, batches, tickets, the plan, and the status of it all."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from batcher.api.answers import (
    BatchAnswer,
    PlanAnswer,
    PlannedBatchAnswer,
    ReportAnswer,
    StationChange,
    TicketAnswer,
)
from batcher.api.bodies import REASON_DOC, RawBody, ReasonBody, documented
from batcher.api.problems import problem
from batcher.dispatch.report import ReportDocument, parse_report
from batcher.domain.states import LIVE_TICKET, BatchState, StationState, TicketState
from batcher.errors import NotFoundError
from batcher.services import actions
from batcher.services.context import Floor
from batcher.services.plan_view import plan_view
from batcher.services.reports import ReportOutcome, apply_report
from batcher.services.status import FloorStatus, StationStatus, floor_status
from batcher.store import batches

_REPORT_DOC = documented(ReportDocument)
#: Refusals with a status of their own; every other contradiction is a conflict.
_REFUSED = {
    "not_your_ticket": HTTPStatus.FORBIDDEN,
    "items_unknown": HTTPStatus.UNPROCESSABLE_ENTITY,
}

Limit = Annotated[int, Query(ge=1, le=1000)]
AtStation = Annotated[str | None, Query(max_length=64, description="only this station's")]


def floor_routes(floor: Floor) -> APIRouter:
    """Return the routes of stations, what they were given and what they say."""
    router = APIRouter(prefix="/v1", tags=["floor"])

    @router.post("/reports", response_model=ReportAnswer, openapi_extra=_REPORT_DOC)
    def post_report(raw: RawBody) -> Response:
        """Take a station's report (`batcher-report/1`); the same report again gets the same answer."""
        return _answer_report(apply_report(floor, parse_report(raw)))

    @router.get("/stations")
    def get_stations() -> list[StationStatus]:
        """Show every station: whether it works, on what, and what comes next."""
        return list(floor_status(floor).stations)

    @router.post("/stations/{station}/down", openapi_extra=REASON_DOC)
    def station_down(station: str, body: ReasonBody) -> StationChange:
        """Give a station no more work; tickets that have not left the house are planned elsewhere."""
        recalled = actions.set_station(floor, station, up=False, reason=body.reason, who=body.who)
        return StationChange(station=station, state=StationState.DOWN, recalled=recalled)

    @router.post("/stations/{station}/up", openapi_extra=REASON_DOC)
    def station_up(station: str, body: ReasonBody) -> StationChange:
        """Give a station work again."""
        recalled = actions.set_station(floor, station, up=True, reason=body.reason, who=body.who)
        return StationChange(station=station, state=StationState.UP, recalled=recalled)

    @router.get("/batches")
    def get_batches(
        state: Annotated[list[BatchState] | None, Query()] = None, station: AtStation = None, limit: Limit = 100
    ) -> list[BatchAnswer]:
        """List released batches, the latest first."""
        with floor.store.read() as session:
            found = batches.batches(session, states=state, station=station, limit=limit)
        return [BatchAnswer.model_validate(batch) for batch in found]

    @router.get("/tickets")
    def get_tickets(
        state: Annotated[list[TicketState] | None, Query(description="none: every live state")] = None,
        station: AtStation = None,
        limit: Limit = 100,
    ) -> list[TicketAnswer]:
        """List job tickets by station, in the order of their release."""
        with floor.store.read() as session:
            found = batches.tickets(session, station=station, states=state or LIVE_TICKET, limit=limit)
        return [TicketAnswer.model_validate(ticket) for ticket in found]

    @router.get("/plan")
    def get_plan() -> PlanAnswer:
        """Show the plan in force; what it holds is tentative until it is released."""
        with floor.store.read() as session:
            stored = batches.latest_plan(session)
        if stored is None:
            raise NotFoundError("plan", "yet")
        view = plan_view(stored)
        return PlanAnswer(
            id=stored.id,
            created_at=stored.created_at,
            rules_hash=stored.rules_hash,
            status=stored.status,
            cost_minor=stored.cost,
            bound_minor=stored.bound,
            greedy_cost_minor=stored.greedy_cost,
            seconds=stored.seconds,
            jobs=stored.jobs,
            batches_kept=view.batches_kept,
            unplanned=sorted(view.unplanned),
            batches=[PlannedBatchAnswer.model_validate(batch) for batch in view.batches],
        )

    @router.get("/status")
    def get_status() -> FloorStatus:
        """Show the whole floor at a glance: what the board shows, as data."""
        return floor_status(floor)

    return router


def _answer_report(outcome: ReportOutcome) -> Response:
    headers = {"Idempotent-Replay": "true"} if outcome.repeat else {}
    if outcome.outcome == "orphan":
        return problem(HTTPStatus.NOT_FOUND, outcome.code, outcome.message, headers=headers)
    if outcome.outcome == "rejected":
        status = _REFUSED.get(outcome.code, HTTPStatus.CONFLICT)
        return problem(status, outcome.code, outcome.message, headers=headers)
    return JSONResponse(ReportAnswer.model_validate(outcome).model_dump(), headers=headers)
