"""Routes of blanks that have run out: listed, said to be out, said to be back."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from batcher.api.bodies import Reason, body_of, documented
from batcher.api.gate import ActorDep
from batcher.services.blanks import missed_blanks, say_back, say_out
from batcher.services.context import Floor


class BlankSaid(Reason):
    """What somebody says of a blank."""

    blank: str = Field(min_length=1, max_length=200, description="a product, a product/finish, or a SKU")


class BlankAnswer(BaseModel):
    """A blank that has run out."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    blank: str
    reason: str
    who: str
    since: datetime
    waiting: Annotated[int, Field(description="pieces of open orders that wait for it")]


class BlankChange(BaseModel):
    """What has come of saying so."""

    model_config = ConfigDict(frozen=True)

    blank: str
    waiting: Annotated[int, Field(description="pieces of open orders that wait for it now")]


_Said = Annotated[BlankSaid, Depends(body_of(BlankSaid))]
_SAID_DOC = documented(BlankSaid)


def blank_routes(floor: Floor) -> APIRouter:
    """Return the routes under /v1/blanks."""
    router = APIRouter(prefix="/v1/blanks", tags=["floor"])

    @router.get("")
    def get_blanks() -> list[BlankAnswer]:
        """List what has run out."""
        with floor.store.read() as session:
            return [BlankAnswer.model_validate(out) for out in missed_blanks(session)]

    @router.post("/out", openapi_extra=_SAID_DOC)
    def post_out(said: _Said, actor: ActorDep) -> BlankChange:
        """Begin no more pieces of a blank; all else goes on."""
        waiting = say_out(floor, said.blank, reason=said.reason, who=said.who or actor.name)
        return BlankChange(blank=said.blank, waiting=waiting)

    @router.post("/back", openapi_extra=_SAID_DOC)
    def post_back(said: _Said, actor: ActorDep) -> BlankChange:
        """Begin pieces of a blank again."""
        say_back(floor, said.blank, reason=said.reason, who=said.who or actor.name)
        return BlankChange(blank=said.blank, waiting=0)

    return router
