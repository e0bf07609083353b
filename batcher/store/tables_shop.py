"""
Tables between the floor and those who sell: who may ask, what was answered, what was told to whom.

They are reached through `tables`, like all others.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, Table, UniqueConstraint, text
from sqlmodel import Field

from batcher.domain.reservations import ReservationState
from batcher.store.base import Base, Serial
from batcher.store.columns import UtcDateTime, Word, one_of


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


class NewsItems(Base, table=True):
    """One piece of news, made of one event; `number` counts those of its order without a gap."""

    __tablename__ = "news"
    __table_args__ = (UniqueConstraint("id"), UniqueConstraint("order_key", "number"))

    seq: int = Field(primary_key=True, sa_type=Serial, sa_column_kwargs={"autoincrement": False})
    id: str
    order_key: str = Field(foreign_key="orders.key")
    number: int
    type: str
    at: datetime = Field(sa_type=UtcDateTime)
    source: str
    order_id: str
    data: dict[str, Any] = Field(sa_type=JSON)


class Watermarks(Base, table=True):
    """How far something has been read."""

    __tablename__ = "watermarks"

    name: str = Field(primary_key=True)
    seq: int = Field(sa_type=BigInteger)


class Outlooks(Base, table=True):
    """What was last told of how an open order stands; those on course are not there."""

    __tablename__ = "outlooks"

    order_key: str = Field(primary_key=True, foreign_key="orders.key")
    outlook: str


class Hooks(Base, table=True):
    """Where news is sent; `paused_until` while it does not answer, `failures` in a row since it last did."""

    __tablename__ = "hooks"
    __table_args__ = (UniqueConstraint("name"), CheckConstraint("failures >= 0", name="failures"))

    id: str = Field(primary_key=True)
    name: str
    url: str
    secret: str
    old_secret: str | None
    types: list[str] = Field(sa_type=JSON)
    source: str | None
    active: bool
    created_at: datetime = Field(sa_type=UtcDateTime)
    failures: int = 0
    paused_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Deliveries(Base, table=True):
    """One piece of news for one hook: still to be delivered, delivered, or given up."""

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'delivered', 'dead')", name="state"),
        Index(
            "ix_deliveries_waiting",
            "hook_id",
            "next_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_deliveries_news_seq", "news_seq"),
    )

    hook_id: str = Field(primary_key=True, foreign_key="hooks.id")
    news_seq: int = Field(primary_key=True, sa_type=BigInteger, foreign_key="news.seq")
    state: str
    attempts: int
    first_at: datetime = Field(sa_type=UtcDateTime)
    next_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_error: str | None = None


class Sources(Base, table=True):
    """A source that is polled: how far it was read, `cursor` and `newest` of a look that has not come to its end."""

    __tablename__ = "sources"
    __table_args__ = (CheckConstraint("failures >= 0", name="failures"),)

    id: str = Field(primary_key=True)
    watermark: str | None = None
    cursor: str | None = None
    newest: str | None = None
    looked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ok_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failures: int = 0
    last_error: str | None = None
    orders: int = Field(default=0, sa_type=BigInteger)


class SourceNotes(Base, table=True):
    """What is to be remembered of one of a source's orders: it must still be told, was told, or was refused."""

    __tablename__ = "source_notes"
    __table_args__ = (
        CheckConstraint("state IN ('owed', 'told', 'refused')", name="state"),
        Index("ix_source_notes_source_state", "source", "state"),
    )

    source: str = Field(primary_key=True)
    ident: str = Field(primary_key=True)
    order_id: str
    state: str
    digest: str
    why: str | None = None
    at: datetime = Field(sa_type=UtcDateTime)


class Reservations(Base, table=True):
    """Room that is kept for an order still to come; `content` is that order, without its texts."""

    __tablename__ = "reservations"
    __table_args__ = (
        one_of("state", ReservationState),
        CheckConstraint("(order_key IS NOT NULL) = (state = 'taken')", name="order_key"),
        CheckConstraint("(ended_at IS NOT NULL) = (state <> 'standing')", name="ended_at"),
        Index(
            "ix_reservations_standing",
            "expires_at",
            sqlite_where=text("state = 'standing'"),
            postgresql_where=text("state = 'standing'"),
        ),
        Index("ix_reservations_order_key", "order_key"),
    )

    id: str = Field(primary_key=True)
    source: str
    state: ReservationState = Field(sa_type=Word(ReservationState))
    content: dict[str, Any] = Field(sa_type=JSON)
    leave_by_at: datetime = Field(sa_type=UtcDateTime)
    made_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    order_key: str | None = Field(default=None, foreign_key="orders.key")
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Artworks(Base, table=True):
    """An artwork by its address and the checksum that is expected; with a `sha256` its file is in the house."""

    __tablename__ = "artworks"
    __table_args__ = (CheckConstraint("attempts >= 0", name="attempts"), Index("ix_artworks_sha256", "sha256"))

    id: str = Field(primary_key=True)
    url: str
    expected: str | None
    sha256: str | None = None
    kind: str | None = None
    size: int | None = Field(default=None, sa_type=BigInteger)
    attempts: int = 0
    next_at: datetime = Field(sa_type=UtcDateTime)
    code: str | None = None
    why: str | None = None


class OrderArtworks(Base, table=True):
    """Which line of which order needs which artwork."""

    __tablename__ = "order_artworks"
    __table_args__ = (Index("ix_order_artworks_artwork_id", "artwork_id"),)

    order_key: str = Field(primary_key=True, foreign_key="orders.key")
    line_id: str = Field(primary_key=True)
    artwork_id: str = Field(foreign_key="artworks.id")


class Secrets(Base, table=True):
    """A secret of this installation."""

    __tablename__ = "secrets"

    name: str = Field(primary_key=True)
    value: str


class BuyerAnswers(Base, table=True):
    """What the buyer of an order answered once it had left."""

    __tablename__ = "buyer_answers"

    order_key: str = Field(primary_key=True, foreign_key="orders.key")
    as_promised: bool
    as_expected: bool
    wrong: str | None = None
    remake_key: str | None = None
    at: datetime = Field(sa_type=UtcDateTime)


tokens: Table = Base.metadata.tables["tokens"]
kept_answers: Table = Base.metadata.tables["kept_answers"]
news: Table = Base.metadata.tables["news"]
watermarks: Table = Base.metadata.tables["watermarks"]
outlooks: Table = Base.metadata.tables["outlooks"]
hooks: Table = Base.metadata.tables["hooks"]
deliveries: Table = Base.metadata.tables["deliveries"]
sources: Table = Base.metadata.tables["sources"]
source_notes: Table = Base.metadata.tables["source_notes"]
reservations: Table = Base.metadata.tables["reservations"]
artworks: Table = Base.metadata.tables["artworks"]
order_artworks: Table = Base.metadata.tables["order_artworks"]
secrets: Table = Base.metadata.tables["secrets"]
buyer_answers: Table = Base.metadata.tables["buyer_answers"]
