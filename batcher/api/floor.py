"""Routes of the floor: batches, tickets, the plan, and the status of it all. Stations are in `stations`."""

from typing import Annotated

from fastapi import APIRouter, Query

from batcher.api.answers import (
    BatchAnswer,
    PlanAnswer,
    PlannedBatchAnswer,
    TicketAnswer,
)
from batcher.api.answers_pieces import BatchDetail, ListedJob, TicketDetail
from batcher.api.found import batch_for, station_asked, ticket_for
from batcher.api.gate import ActorDep
from batcher.domain.states import LIVE_TICKET, BatchState, TicketState
from batcher.errors import NotFoundError
from batcher.services.context import Floor
from batcher.services.load_list import LoadList, load_lists
from batcher.services.plan_view import latest_view
from batcher.services.status import FloorStatus, floor_status
from batcher.store import batches

Limit = Annotated[int, Query(ge=1, le=1000)]
AtStation = Annotated[str | None, Query(max_length=64, description="only this station's")]


def floor_routes(floor: Floor) -> APIRouter:
    """Return the routes of what stations were given, and will be."""
    router = APIRouter(prefix="/v1", tags=["floor"])

    @router.get("/batches")
    def get_batches(
        actor: ActorDep,
        state: Annotated[list[BatchState] | None, Query()] = None,
        station: AtStation = None,
        limit: Limit = 100,
    ) -> list[BatchAnswer]:
        """List released batches, the latest first."""
        asked = station_asked(station, actor)
        with floor.store.read() as session:
            found = batches.batches(session, states=state, station=asked, limit=limit)
        return [BatchAnswer.model_validate(batch) for batch in found]

    @router.get("/batches/{batch_id}")
    def get_batch(batch_id: str, actor: ActorDep) -> BatchDetail:
        """Show one released batch and the jobs in it."""
        batch = batch_for(floor, batch_id, actor)
        with floor.store.read() as session:
            ticket = batches.ticket_of_batch(session, batch.id)
        shown = BatchAnswer.model_validate(batch).model_dump()
        return BatchDetail(**shown, ticket_id=ticket.id, listed=_listed(floor, ticket.id))

    @router.get("/tickets")
    def get_tickets(
        actor: ActorDep,
        state: Annotated[list[TicketState] | None, Query(description="none: every live state")] = None,
        station: AtStation = None,
        limit: Limit = 100,
    ) -> list[TicketAnswer]:
        """List job tickets by station, in the order of their release."""
        asked = station_asked(station, actor)
        with floor.store.read() as session:
            found = batches.tickets(session, station=asked, states=state or LIVE_TICKET, limit=limit)
        return [TicketAnswer.model_validate(ticket) for ticket in found]

    @router.get("/tickets/{ticket_id}")
    def get_ticket(ticket_id: str, actor: ActorDep) -> TicketDetail:
        """Show one job ticket and what is on it."""
        ticket = ticket_for(floor, ticket_id, actor)
        return TicketDetail(**TicketAnswer.model_validate(ticket).model_dump(), listed=_listed(floor, ticket.id))

    @router.get("/plan")
    def get_plan() -> PlanAnswer:
        """Show the plan in force; what it holds is tentative until it is released."""
        with floor.store.read() as session:
            view = latest_view(session)
        if view is None:
            raise NotFoundError("plan", "yet")
        stored = view.plan
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

    @router.get("/load-lists")
    def get_load_lists(actor: ActorDep, station: AtStation = None) -> list[LoadList]:
        """Show what to lay ready at each station for the night under way, or the next."""
        return load_lists(floor, only=station_asked(station, actor))

    @router.get("/status")
    def get_status() -> FloorStatus:
        """Show the whole floor at a glance: what the board shows, as data."""
        return floor_status(floor)

    return router


def _listed(floor: Floor, ticket_id: str) -> list[ListedJob]:
    with floor.store.read() as session:
        found = batches.ticket_items(session, ticket_id)
    return [
        ListedJob(job_id=entry.job_id, item_id=entry.item_id, slot=entry.place.slot, outcome=entry.outcome)
        for entry in found
    ]
