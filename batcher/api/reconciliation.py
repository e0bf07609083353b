"""Routes of a database that comes from a backup: what stations were sent since, and having it reconciled."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from batcher.api.bodies import REASON_DOC, ReasonBody
from batcher.api.gate import ActorDep
from batcher.services.adopting import Verdict
from batcher.services.context import Floor
from batcher.services.reconciling import Reconciliation, differences, reconcile


class SentTicketAnswer(BaseModel):
    """A ticket that a station was sent, and that the database does not know to be sent."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    ticket_id: str
    station: str
    verdict: Annotated[
        Verdict,
        Field(
            description="withdrawn: it was never sent after all; in_doubt: it is a ticket again, until a report or a "
            "person ends the doubt; unaccounted: its pieces are not known, or stand elsewhere"
        ),
    ]
    orders: Annotated[tuple[tuple[str, str], ...], Field(description="source and order id of its pieces")]


class ReconciliationAnswer(BaseModel):
    """What the stations' folders know and the database does not, or what has become of it."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    reason: Annotated[str, Field(description="why the floor is in safe mode; empty when it is not")]
    tickets: tuple[SentTicketAnswer, ...]
    reports: Annotated[int, Field(description="were read before the restore, and count again")]
    held: Annotated[tuple[str, ...], Field(description="keys of orders that a person must look at")]
    unknown: Annotated[tuple[str, ...], Field(description="source/id of orders that are held when they come again")]


def reconciliation_routes(floor: Floor) -> APIRouter:
    """Return the routes under /v1/reconciliation."""
    router = APIRouter(prefix="/v1/reconciliation", tags=["floor"])

    @router.get("")
    def get_differences() -> ReconciliationAnswer:
        """Show what reconciling the database with the stations' folders would begin with."""
        return _answer(differences(floor))

    @router.post("", openapi_extra=REASON_DOC)
    def post_reconciliation(body: ReasonBody, actor: ActorDep) -> ReconciliationAnswer:
        """Bring the database to what the stations' folders know, and leave safe mode."""
        return _answer(reconcile(floor, reason=body.reason, who=body.who or actor.name))

    return router


def _answer(found: Reconciliation) -> ReconciliationAnswer:
    return ReconciliationAnswer.model_validate(found)
