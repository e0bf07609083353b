"""Routes of tokens: made, listed, revoked."""

from datetime import datetime

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from batcher.api.bodies import REASON_DOC, ReasonBody, body_of, documented
from batcher.domain.access import Scope, Token
from batcher.services import access
from batcher.services.context import Floor
from batcher.store import tokens as stored


class TokenWanted(BaseModel):
    """A token to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str
    scopes: list[Scope]
    days: int = Field(365, description="until it expires")
    source: str | None = Field(None, description="binds it to the orders of one source")
    station: str | None = Field(None, description="binds it to one station")


class TokenAnswer(BaseModel):
    """A token; what it is itself was told once, when it was made."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    scopes: list[Scope]
    source: str | None
    station: str | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class TokenMade(TokenAnswer):
    """A token that was just made."""

    secret: str = Field(description="the token itself; it is told now and never again")


def token_routes(floor: Floor) -> APIRouter:
    """Return the routes under /v1/tokens."""
    router = APIRouter(prefix="/v1/tokens", tags=["tokens"])
    wanted = Depends(body_of(TokenWanted))

    @router.post("", status_code=201, openapi_extra=documented(TokenWanted))
    def create_token(body: TokenWanted = wanted) -> TokenMade:
        """Make a token; the answer is the only place where it is told."""
        made = access.create_token(
            floor, body.name, body.scopes, days=body.days, source=body.source, station=body.station
        )
        return TokenMade(**vars(_answer(made.token)), secret=made.secret)

    @router.get("")
    def list_tokens() -> list[TokenAnswer]:
        """List every token, the oldest first."""
        with floor.store.read() as session:
            return [_answer(token) for token in stored.tokens(session)]

    @router.post("/{ref}/revoke", openapi_extra=REASON_DOC)
    def revoke_token(ref: str, body: ReasonBody) -> TokenAnswer:  # noqa: ARG001 - actions all take a reason
        """Revoke a token, by id or name, from the next request on."""
        return _answer(access.revoke_token(floor, ref))

    return router


def _answer(token: Token) -> TokenAnswer:
    return TokenAnswer.model_validate(token)
