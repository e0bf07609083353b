"""
Tables between the floor and those who sell: who may ask, what was answered.

They are reached through `tables`, like all others.
"""

from datetime import datetime

from sqlalchemy import JSON, Table, UniqueConstraint
from sqlmodel import Field

from batcher.store.base import Base
from batcher.store.columns import UtcDateTime


class Tokens(Base, table=True):
    """One bearer token, by its digest; `scopes` are words of `domain.access.Scope`."""

    __tablename__ = "tokens"
    __table_args__ = (UniqueConstraint("digest"),)

    id: str = Field(primary_key=True)
    name: str
    digest: str
    scopes: list[str] = Field(sa_type=JSON)
    source: str | None
    station: str | None
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class KeptAnswers(Base, table=True):
    """What was answered to a request with an Idempotency-Key."""

    __tablename__ = "kept_answers"

    caller: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: str
    status: int
    headers: dict[str, str] = Field(sa_type=JSON)
    body: str
    at: datetime = Field(sa_type=UtcDateTime, index=True)


tokens: Table = Base.metadata.tables["tokens"]
kept_answers: Table = Base.metadata.tables["kept_answers"]
