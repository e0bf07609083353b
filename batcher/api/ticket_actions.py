"""Routes of what a person, or a system of theirs, does to a ticket: end the doubt about it."""

from fastapi import APIRouter

from batcher.api.answers import TicketAnswer
from batcher.api.bodies import RESOLUTION_DOC, ResolutionBody
from batcher.api.gate import ActorDep
from batcher.services.context import Floor
from batcher.services.doubt import resolve_ticket


def ticket_action_routes(floor: Floor) -> APIRouter:
    """Return the actions under /v1/tickets."""
    router = APIRouter(prefix="/v1/tickets", tags=["floor"])

    @router.post("/{ticket_id}/resolve", openapi_extra=RESOLUTION_DOC)
    def resolve(ticket_id: str, body: ResolutionBody, actor: ActorDep) -> TicketAnswer:
        """End the doubt about a ticket: its pieces were made, or none was and they are planned anew."""
        found = resolve_ticket(floor, ticket_id, made=body.made, reason=body.reason, who=body.who or actor.name)
        return TicketAnswer.model_validate(found)

    return router
