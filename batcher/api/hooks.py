"""Routes of hooks: where news is sent, how far it has come, and what was given up."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from batcher.api.bodies import REASON_DOC, ReasonBody, body_of, documented
from batcher.api.gate import ActorDep
from batcher.domain.news import News
from batcher.services import hooks as service
from batcher.services.context import Floor
from batcher.store import hooks as stored


class HookWanted(BaseModel):
    """A hook to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str
    url: str
    types: list[News] = Field([], description="none: all")
    source: str | None = Field(None, description="news of this source alone; a token that is bound says its own")


class HookAnswer(BaseModel):
    """A hook; its secret was told once."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    url: str
    types: list[str]
    source: str | None
    active: bool
    created_at: datetime
    failures: int = Field(description="in a row, since it last took something")
    paused_until: datetime | None


class HookMade(HookAnswer):
    """A hook with the secret that signs what it is sent, told now and never again."""

    secret: str


class DeliveryAnswer(BaseModel):
    """One piece of news and how far it has come to a hook."""

    event_id: str
    type: str
    order_key: str
    seq: int
    state: str
    attempts: int
    next_at: datetime
    ended_at: datetime | None
    last_error: str | None


class Replayed(BaseModel):
    """How many pieces are sent again."""

    count: int


def hook_routes(floor: Floor) -> APIRouter:
    """Return the routes under /v1/hooks."""
    router = APIRouter(prefix="/v1/hooks", tags=["news"])
    wanted = Depends(body_of(HookWanted))

    @router.post("", status_code=201, openapi_extra=documented(HookWanted))
    def create_hook(actor: ActorDep, body: HookWanted = wanted) -> HookMade:
        """Have news sent to an address from now on; the secret in the answer signs it (Standard Webhooks)."""
        source = actor.source or body.source
        return _made(service.create_hook(floor, body.name, body.url, body.types, source))

    @router.get("")
    def list_hooks(actor: ActorDep) -> list[HookAnswer]:
        """List the hooks, the oldest first."""
        with floor.store.read() as session:
            return [HookAnswer.model_validate(hook) for hook in stored.hooks(session, source=actor.source)]

    @router.get("/{ref}/deliveries")
    def list_deliveries(
        ref: str,
        actor: ActorDep,
        state: Literal["waiting", "delivered", "dead"] | None = None,
        after: Annotated[int, Query(ge=0, description="`seq` of the last one of the page before")] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[DeliveryAnswer]:
        """List what was sent to a hook, what waits, and what was given up (`state=dead`)."""
        with floor.store.read() as session:
            hook = stored.get_hook(session, ref, source=actor.source)
            found = stored.deliveries(session, hook.id, state=state, after=after, limit=limit)
        return [
            DeliveryAnswer(
                event_id=item.id, type=item.type, order_key=item.order_key, seq=item.seq, state=delivery.state,
                attempts=delivery.attempts, next_at=delivery.next_at, ended_at=delivery.ended_at,
                last_error=delivery.last_error,
            )
            for delivery, item in found
        ]  # fmt: skip

    @router.post("/{ref}/replay", openapi_extra=REASON_DOC)
    def replay(ref: str, actor: ActorDep, body: ReasonBody) -> Replayed:
        """Send again what was given up."""
        return Replayed(count=service.replay(floor, ref, actor.source, body.who or actor.name))

    @router.post("/{ref}/rotate", openapi_extra=REASON_DOC)
    def rotate(ref: str, actor: ActorDep, body: ReasonBody) -> HookMade:
        """Sign with a new secret; the one before signs beside it until the next time."""
        return _made(service.rotate(floor, ref, actor.source, body.who or actor.name))

    @router.post("/{ref}/{switch}", openapi_extra=REASON_DOC)
    def set_active(ref: str, switch: Literal["on", "off"], actor: ActorDep, body: ReasonBody) -> HookAnswer:
        """Turn a hook off, or on again; what happens while it is off is not sent to it."""
        who = body.who or actor.name
        return HookAnswer.model_validate(service.set_active(floor, ref, actor.source, who, active=switch == "on"))

    return router


def _made(hook: stored.Hook) -> HookMade:
    return HookMade.model_validate(hook)
