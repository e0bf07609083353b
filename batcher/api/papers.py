"""Routes of what is printed: the sheet of a batch and the labels of its pieces."""

from fastapi import APIRouter, Response

from batcher.api.found import batch_for
from batcher.api.gate import ActorDep
from batcher.domain.access import Actor, Scope
from batcher.services.context import Floor
from batcher.services.printing import print_batch

_PDF = "application/pdf"


class PdfResponse(Response):
    """A PDF, shown by browsers rather than saved."""

    media_type = _PDF


def paper_routes(floor: Floor) -> APIRouter:
    """Return the routes of paper."""
    router = APIRouter(prefix="/v1/batches", tags=["floor"], default_response_class=PdfResponse)

    @router.get("/{batch_id}/sheet.pdf", responses={200: {"content": {_PDF: {}}}})
    def get_sheet(batch_id: str, actor: ActorDep) -> PdfResponse:
        """Show the sheet of a batch: what to set up, where each piece lies, and a line for each to tick off."""
        return _pdf(floor, batch_id, "sheet", actor)

    @router.get("/{batch_id}/labels.pdf", responses={200: {"content": {_PDF: {}}}})
    def get_labels(batch_id: str, actor: ActorDep) -> PdfResponse:
        """Show a label for each piece of a batch, one a page."""
        return _pdf(floor, batch_id, "labels", actor)

    return router


def _pdf(floor: Floor, batch_id: str, paper: str, actor: Actor) -> PdfResponse:
    """Return a paper; a text is for the batch's own station, and for those who may see orders."""
    batch = batch_for(floor, batch_id, actor)
    texts = actor.station is not None or Scope.ORDERS_READ in actor.scopes
    name = f'inline; filename="{batch.id}-{paper}.pdf"'
    return PdfResponse(print_batch(floor, batch.id, paper, texts=texts), headers={"Content-Disposition": name})
