"""
The tables, as SQLModel classes, and their core `Table` objects, which all other files here use.

What stands between the floor and those who sell is in `tables_shop`, what follows a backup that was restored in
`tables_restored`, what has left for the archive in `tables_archive`, what has run out in
`tables_blanks`; all of them are reached from here.
A row never leaves `store`. Table models validate nothing, so the database does: keys, checks and unique indexes.
What a state may become is checked in `steps`; how the schema changes between versions is in `migrations`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, Table, UniqueConstraint, text
from sqlmodel import Field

from batcher.domain.states import BatchState, ItemState, JobState, OrderState, StationState, TicketState
from batcher.store.base import Base, Serial
from batcher.store.columns import UtcDateTime, Word, one_of
from batcher.store.packed import Packed, PackedDocument
from batcher.store.tables_archive import archive_files as archive_files
from batcher.store.tables_archive import archived_orders as archived_orders
from batcher.store.tables_archive import archived_tickets as archived_tickets
from batcher.store.tables_blanks import blanks_out as blanks_out
from batcher.store.tables_restored import safe_mode as safe_mode
from batcher.store.tables_restored import unaccounted as unaccounted
from batcher.store.tables_shop import artworks as artworks
from batcher.store.tables_shop import buyer_answers as buyer_answers
from batcher.store.tables_shop import deliveries as deliveries
from batcher.store.tables_shop import hooks as hooks
from batcher.store.tables_shop import kept_answers as kept_answers
from batcher.store.tables_shop import news as news
from batcher.store.tables_shop import order_artworks as order_artworks
from batcher.store.tables_shop import outlooks as outlooks
from batcher.store.tables_shop import reservations as reservations
from batcher.store.tables_shop import secrets as secrets
from batcher.store.tables_shop import source_notes as source_notes
from batcher.store.tables_shop import sources as sources
from batcher.store.tables_shop import tokens as tokens
from batcher.store.tables_shop import watermarks as watermarks


class Orders(Base, table=True):
    """One accepted order; `content` is what the source sent, enough to judge it anew."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("source", "order_id"),
        one_of("state", OrderState),
        CheckConstraint("pieces >= 1", name="pieces"),
        CheckConstraint("late_cost_minor >= 0 AND late_cost_per_hour_minor >= 0", name="late_cost"),
        CheckConstraint("(held_code IS NOT NULL) = (state = 'held')", name="held_code"),
        CheckConstraint("(completed_at IS NOT NULL) = (state = 'complete')", name="completed_at"),
        Index("ix_orders_state_key", "state", "key"),
        Index("ix_orders_order_id", "order_id"),
        # the board counts what leaves with the next collections
        Index("ix_orders_leave_by", "leave_by_at", "state", "service"),
    )

    key: str = Field(primary_key=True)
    source: str
    order_id: str
    state: OrderState = Field(sa_type=Word(OrderState))
    placed_at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    service: str
    tier: str
    channel: str
    country: str
    carrier: str
    attributes: dict[str, str] = Field(sa_type=JSON)
    leave_by_at: datetime = Field(sa_type=UtcDateTime)
    late_cost_minor: int
    late_cost_per_hour_minor: int
    due_how: str
    possible: bool
    pieces: int
    content: dict[str, Any] = Field(sa_type=JSON)
    content_hash: str
    held_code: str | None = None
    held_reason: str | None = None
    completed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1


class Items(Base, table=True):
    """One physical piece. A piece has at most one remake, so that a report told twice makes nothing twice."""

    __tablename__ = "items"
    __table_args__ = (
        Index(
            "ux_items_remake_of",
            "remake_of",
            unique=True,
            sqlite_where=text("remake_of IS NOT NULL"),
            postgresql_where=text("remake_of IS NOT NULL"),
        ),
        one_of("state", ItemState),
        CheckConstraint("(packed_at IS NOT NULL) = (state = 'packed')", name="packed_at"),
        Index("ix_items_made", "made_at", sqlite_where=text("state = 'made'"), postgresql_where=text("state = 'made'")),
    )

    id: str = Field(primary_key=True)
    order_key: str = Field(foreign_key="orders.key", index=True)
    line_id: str
    sku: str
    product: str
    finish: str
    text: str
    artwork: str | None
    attributes: dict[str, str] = Field(sa_type=JSON)
    state: ItemState = Field(sa_type=Word(ItemState))
    remake_of: str | None = Field(default=None, foreign_key="items.id")
    remake_reason: str | None = None
    made_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    packed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Jobs(Base, table=True):
    """One step of one piece; `ready_at` is none while the step before is not done."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("item_id", "step"),
        one_of("state", JobState),
        CheckConstraint("step >= 1 AND step <= steps", name="step"),
        # open work is read every cycle, done work only grows
        Index(
            "ix_jobs_waiting",
            "id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: str = Field(primary_key=True)
    item_id: str = Field(foreign_key="items.id")
    order_key: str = Field(foreign_key="orders.key", index=True)
    step: int
    steps: int
    process: str
    state: JobState = Field(sa_type=Word(JobState))
    ready_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Batches(Base, table=True):
    """A released batch; `plan_id` outlives the plan, of which only the latest are kept."""

    __tablename__ = "batches"
    __table_args__ = (
        one_of("state", BatchState),
        CheckConstraint("jobs >= 1", name="jobs"),
        CheckConstraint("end_at >= start_at", name="end_at"),
        CheckConstraint("changeover_s >= 0", name="changeover_s"),
        CheckConstraint("fill >= 0", name="fill"),
        Index("ix_batches_state", "state"),
        Index("ix_batches_station", "station"),
        Index("ix_batches_ended", "ended_at"),
    )

    id: str = Field(primary_key=True)
    station: str = Field(foreign_key="stations.id")
    process: str
    fixture: str
    setup_state: str
    changeover_s: int
    rule: str
    family: str
    state: BatchState = Field(sa_type=Word(BatchState))
    start_at: datetime = Field(sa_type=UtcDateTime)
    end_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    fill: float
    jobs: int
    reason: str
    cost_minor: int
    plan_id: str
    rules_hash: str
    released_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    unattended_ok: bool = False


class Tickets(Base, table=True):
    """What one station is told of one batch, and how far that has come."""

    __tablename__ = "tickets"
    __table_args__ = (
        UniqueConstraint("batch_id"),
        UniqueConstraint("station", "sequence"),
        one_of("state", TicketState),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("sequence >= 1", name="sequence"),
        Index("ix_tickets_state", "state"),
    )

    id: str = Field(primary_key=True)
    batch_id: str = Field(foreign_key="batches.id")
    station: str = Field(foreign_key="stations.id")
    sequence: int
    state: TicketState = Field(sa_type=Word(TicketState))
    document: dict[str, Any] = Field(sa_type=JSON)
    rules_hash: str
    start_at: datetime = Field(sa_type=UtcDateTime)
    end_at: datetime = Field(sa_type=UtcDateTime)
    attempts: int = 0
    next_attempt_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_error: str | None = None
    released_at: datetime = Field(sa_type=UtcDateTime)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TicketItems(Base, table=True):
    """A job on a ticket and its place. While a ticket is live its jobs, and so its pieces, are on no other."""

    __tablename__ = "ticket_items"
    __table_args__ = (
        CheckConstraint("outcome IN ('done', 'failed')", name="outcome"),
        CheckConstraint("outcome IS NULL OR NOT live", name="live"),
        Index("ux_ticket_items_live", "job_id", unique=True, sqlite_where=text("live"), postgresql_where=text("live")),
        Index(
            "ux_ticket_items_live_item",
            "item_id",
            unique=True,
            sqlite_where=text("live"),
            postgresql_where=text("live"),
        ),
        Index("ix_ticket_items_job_id", "job_id"),
    )

    ticket_id: str = Field(primary_key=True, foreign_key="tickets.id")
    job_id: str = Field(primary_key=True, foreign_key="jobs.id")
    item_id: str = Field(foreign_key="items.id", index=True)
    slot: int
    x_mm: int | None
    y_mm: int | None
    rotated: bool
    check_code: str
    live: bool
    outcome: str | None = None


class Outbox(Base, table=True):
    """A ticket that has still to reach its station, written in the commit that released it."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("ticket_id"),
        CheckConstraint("kind IN ('publish')", name="kind"),
        Index("ix_outbox_open", "id", sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL")),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    ticket_id: str = Field(foreign_key="tickets.id")
    kind: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Plans(Base, table=True):
    """A tentative plan, kept for looking at; only released batches are facts."""

    __tablename__ = "plans"

    id: str = Field(primary_key=True)
    created_at: datetime = Field(sa_type=UtcDateTime, index=True)
    rules_hash: str
    status: str
    cost: float
    bound: float | None
    greedy_cost: float | None
    seconds: float
    jobs: int
    document: Packed = Field(sa_type=PackedDocument)
    problem_hash: str


class Stations(Base, table=True):
    """Whether a station takes work, and how it is set up as far as we know."""

    __tablename__ = "stations"
    __table_args__ = (one_of("state", StationState),)

    id: str = Field(primary_key=True)
    state: StationState = Field(sa_type=Word(StationState))
    reason: str
    since: datetime = Field(sa_type=UtcDateTime)
    setup_state: str | None = None
    last_report_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    folder_id: str | None = None
    quarantine: str | None = None


class Reports(Base, table=True):
    """A station's message as it came and what was made of it; also the ones that name no ticket of ours."""

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("station", "report_id"),
        CheckConstraint("outcome IN ('applied', 'replayed', 'out_of_order', 'rejected', 'orphan')", name="outcome"),
        Index("ix_reports_ticket_id", "ticket_id"),
    )

    seq: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    station: str
    report_id: str
    ticket_id: str
    kind: str
    body: dict[str, Any] = Field(sa_type=JSON)
    received_at: datetime = Field(sa_type=UtcDateTime)
    outcome: str
    code: str
    message: str
    replays: int = 0


class Events(Base, table=True):
    """One change of state, written in the commit that made it, in a leader's epoch; `seq` ascends as commits do."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_order_key", "order_key"),
        Index("ix_events_ident", "ident"),
    )

    seq: int | None = Field(default=None, primary_key=True, sa_type=Serial)
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str
    ident: str
    order_key: str | None = None
    before: str | None = None
    after: str
    data: dict[str, Any] = Field(sa_type=JSON)
    epoch: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


class Leadership(Base, table=True):
    """Who leads, and until when others wait for it: one row."""

    __tablename__ = "leadership"
    __table_args__ = (CheckConstraint("id = 1", name="only"),)

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    epoch: int = Field(sa_type=BigInteger)
    name: str
    address: str
    since: datetime = Field(sa_type=UtcDateTime)
    renewed_at: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)


metadata = Base.metadata
orders: Table = metadata.tables["orders"]
items: Table = metadata.tables["items"]
jobs: Table = metadata.tables["jobs"]
batches: Table = metadata.tables["batches"]
tickets: Table = metadata.tables["tickets"]
ticket_items: Table = metadata.tables["ticket_items"]
outbox: Table = metadata.tables["outbox"]
plans: Table = metadata.tables["plans"]
stations: Table = metadata.tables["stations"]
reports: Table = metadata.tables["reports"]
events: Table = metadata.tables["events"]
leadership: Table = metadata.tables["leadership"]
