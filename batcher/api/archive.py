"""Routes of the archive: what has left the database is read, and what may leave it is sent there."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from batcher.api.gate import ActorDep
from batcher.services.archiving import archive_finished, find_archived, read_archived
from batcher.services.context import Floor


class ArchivedAnswer(BaseModel):
    """What one turn has archived."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    counts: Annotated[dict[str, int], Field(description="what has left the database, by kind")]
    more: Annotated[bool, Field(description="ask again: there may be more that can leave at once")]
    kept_back: Annotated[int, Field(description="orders that are old enough and may not leave yet")]


class ArchivedOrderAnswer(BaseModel):
    """An order that has left the database."""

    model_config = ConfigDict(frozen=True)

    key: str
    source: str
    order_id: str
    state: str
    record: Annotated[dict[str, Any], Field(description="every row it had, by table, as when it left; without texts")]


def archive_routes(floor: Floor) -> APIRouter:
    """Return the routes under /v1/archive."""
    router = APIRouter(prefix="/v1/archive", tags=["orders"])

    @router.post("")
    def archive_now() -> ArchivedAnswer:
        """Archive some of what has been finished for long enough; `more` says whether to ask again."""
        return ArchivedAnswer.model_validate(archive_finished(floor))

    @router.get("/{ref}")
    def get_archived(ref: str, actor: ActorDep) -> ArchivedOrderAnswer:
        """Return an order that has left the database for the archive."""
        found = find_archived(floor, ref, source=actor.source)
        return ArchivedOrderAnswer(
            key=found.key, source=found.source, order_id=found.order_id, state=found.state,
            record=read_archived(floor, found),
        )  # fmt: skip

    return router
