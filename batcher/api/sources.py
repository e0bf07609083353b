"""Routes of sources: how each of them stands, what of it was refused, and reading one again."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from batcher.api.bodies import body_of, documented
from batcher.api.gate import ActorDep
from batcher.services import sources as service
from batcher.services.context import Floor
from batcher.store import sources as stored


class Rewind(BaseModel):
    """From where a source is to be read again."""

    model_config = ConfigDict(extra="forbid", strict=True)

    watermark: str | None = Field(None, max_length=64, description="none: from its beginning")
    who: str = Field("", max_length=64, description="none: the name of the token")


class SourceAnswer(BaseModel):
    """A source that is polled, and how it stands."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    watermark: str | None = Field(description="how far it was read")
    looked_at: datetime | None
    ok_at: datetime | None = Field(description="when it was last read to its end")
    next_at: datetime | None
    failures: int = Field(description="in a row")
    last_error: str | None
    orders: int = Field(description="that were created from it")


class SourceListed(SourceAnswer):
    """A source of the rules in force."""

    kind: str
    every_s: int
    refused: int = Field(description="orders of it that cannot be taken in")
    owed: int = Field(description="orders that are kept, and of which it was not told yet")


class RefusedAnswer(BaseModel):
    """An order of a source that cannot be taken in."""

    model_config = ConfigDict(from_attributes=True)

    ident: str = Field(description="what it is called there")
    order_id: str
    why: str | None
    at: datetime


def source_routes(floor: Floor) -> APIRouter:
    """Return the routes under /v1/sources."""
    router = APIRouter(prefix="/v1/sources", tags=["sources"])
    wanted = Depends(body_of(Rewind))

    @router.get("")
    def list_sources() -> list[SourceListed]:
        """List the sources of the rules in force, and how they stand."""
        return [
            SourceListed(**vars(found.state), kind=found.kind, every_s=found.every_s,
                         refused=found.refused, owed=found.owed)
            for found in service.statuses(floor)
        ]  # fmt: skip

    @router.get("/{name}/refused")
    def list_refused(name: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[RefusedAnswer]:
        """List orders of a source that cannot be taken in, and why."""
        with floor.store.read() as session:
            found = stored.notes_in(session, service.source_of(floor, name).id, "refused", limit)
        return [RefusedAnswer.model_validate(note, from_attributes=True) for note in found]

    @router.post("/{name}/rewind", openapi_extra=documented(Rewind))
    def rewind(name: str, actor: ActorDep, body: Rewind = wanted) -> SourceAnswer:
        """Read a source again from its beginning, or a watermark; what came in before is recognised."""
        state = service.rewind(floor, name, body.watermark, body.who or actor.name)
        return SourceAnswer.model_validate(state)

    return router
