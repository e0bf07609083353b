"""The first schema: orders, pieces and jobs, batches and tickets, and what is told about them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create every table."""
    _create_events()
    _create_orders()
    _create_plans()
    _create_reports()
    _create_stations()
    _create_batches()
    _create_items()
    _create_jobs()
    _create_tickets()
    _create_outbox()
    _create_ticket_items()


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ident", sa.String(), nullable=False),
        sa.Column("order_key", sa.String(), nullable=True),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_events")),
    )
    op.create_index("ix_events_ident", "events", ["ident"], unique=False)
    op.create_index("ix_events_order_key", "events", ["order_key"], unique=False)


def _create_orders() -> None:
    op.create_table(
        "orders",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("placed_at", _INSTANT, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("leave_by_at", _INSTANT, nullable=False),
        sa.Column("late_cost_minor", sa.Integer(), nullable=False),
        sa.Column("late_cost_per_hour_minor", sa.Integer(), nullable=False),
        sa.Column("due_how", sa.String(), nullable=False),
        sa.Column("possible", sa.Boolean(), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("held_code", sa.String(), nullable=True),
        sa.Column("held_reason", sa.String(), nullable=True),
        sa.Column("completed_at", _INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(completed_at IS NOT NULL) = (state = 'complete')", name=op.f("ck_orders_completed_at")),
        sa.CheckConstraint("(held_code IS NOT NULL) = (state = 'held')", name=op.f("ck_orders_held_code")),
        sa.CheckConstraint(
            "state IN ('held', 'waiting', 'in_production', 'complete', 'cancelled')", name=op.f("ck_orders_state")
        ),
        sa.CheckConstraint("late_cost_minor >= 0 AND late_cost_per_hour_minor >= 0", name=op.f("ck_orders_late_cost")),
        sa.CheckConstraint("pieces >= 1", name=op.f("ck_orders_pieces")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_orders")),
        sa.UniqueConstraint("source", "order_id", name=op.f("uq_orders_source_order_id")),
    )
    op.create_index("ix_orders_order_id", "orders", ["order_id"], unique=False)
    op.create_index("ix_orders_state_key", "orders", ["state", "key"], unique=False)


def _create_plans() -> None:
    op.create_table(
        "plans",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("rules_hash", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.Column("bound", sa.Float(), nullable=True),
        sa.Column("greedy_cost", sa.Float(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("jobs", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("problem_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
    )
    op.create_index(op.f("ix_plans_created_at"), "plans", ["created_at"], unique=False)


def _create_reports() -> None:
    op.create_table(
        "reports",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("station", sa.String(), nullable=False),
        sa.Column("report_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("replays", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('applied', 'replayed', 'out_of_order', 'rejected', 'orphan')", name=op.f("ck_reports_outcome")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_reports")),
        sa.UniqueConstraint("station", "report_id", name=op.f("uq_reports_station_report_id")),
    )
    op.create_index("ix_reports_ticket_id", "reports", ["ticket_id"], unique=False)


def _create_stations() -> None:
    op.create_table(
        "stations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("setup_state", sa.String(), nullable=True),
        sa.Column("last_report_at", _INSTANT, nullable=True),
        sa.CheckConstraint("state IN ('up', 'down')", name=op.f("ck_stations_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stations")),
    )


def _create_batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("station", sa.String(), nullable=False),
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("fixture", sa.String(), nullable=False),
        sa.Column("setup_state", sa.String(), nullable=False),
        sa.Column("changeover_s", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("start_at", _INSTANT, nullable=False),
        sa.Column("end_at", _INSTANT, nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("fill", sa.Float(), nullable=False),
        sa.Column("jobs", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("cost_minor", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("rules_hash", sa.String(), nullable=False),
        sa.Column("released_at", _INSTANT, nullable=False),
        sa.Column("started_at", _INSTANT, nullable=True),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.Column("unattended_ok", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "state IN ('released', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_batches_state")
        ),
        sa.CheckConstraint("changeover_s >= 0", name=op.f("ck_batches_changeover_s")),
        sa.CheckConstraint("end_at >= start_at", name=op.f("ck_batches_end_at")),
        sa.CheckConstraint("fill >= 0", name=op.f("ck_batches_fill")),
        sa.CheckConstraint("jobs >= 1", name=op.f("ck_batches_jobs")),
        sa.ForeignKeyConstraint(["station"], ["stations.id"], name=op.f("fk_batches_station")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )
    op.create_index("ix_batches_state", "batches", ["state"], unique=False)
    op.create_index("ix_batches_station", "batches", ["station"], unique=False)


def _create_items() -> None:
    op.create_table(
        "items",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("order_key", sa.String(), nullable=False),
        sa.Column("line_id", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("finish", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("artwork", sa.String(), nullable=True),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("remake_of", sa.String(), nullable=True),
        sa.Column("remake_reason", sa.String(), nullable=True),
        sa.Column("made_at", _INSTANT, nullable=True),
        sa.Column("packed_at", _INSTANT, nullable=True),
        sa.CheckConstraint("(packed_at IS NOT NULL) = (state = 'packed')", name=op.f("ck_items_packed_at")),
        sa.CheckConstraint(
            "state IN ('waiting', 'in_production', 'made', 'packed', 'scrapped', 'cancelled')",
            name=op.f("ck_items_state"),
        ),
        sa.ForeignKeyConstraint(["order_key"], ["orders.key"], name=op.f("fk_items_order_key")),
        sa.ForeignKeyConstraint(["remake_of"], ["items.id"], name=op.f("fk_items_remake_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
    )
    op.create_index(
        "ux_items_remake_of",
        "items",
        ["remake_of"],
        unique=True,
        sqlite_where=sa.text("remake_of IS NOT NULL"),
        postgresql_where=sa.text("remake_of IS NOT NULL"),
    )
    op.create_index(
        "ix_items_made",
        "items",
        ["made_at"],
        unique=False,
        sqlite_where=sa.text("state = 'made'"),
        postgresql_where=sa.text("state = 'made'"),
    )
    op.create_index(op.f("ix_items_order_key"), "items", ["order_key"], unique=False)


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("order_key", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ready_at", _INSTANT, nullable=True),
        sa.Column("done_at", _INSTANT, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'released', 'done', 'failed', 'cancelled')", name=op.f("ck_jobs_state")
        ),
        sa.CheckConstraint("step >= 1 AND step <= steps", name=op.f("ck_jobs_step")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_jobs_item_id")),
        sa.ForeignKeyConstraint(["order_key"], ["orders.key"], name=op.f("fk_jobs_order_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("item_id", "step", name=op.f("uq_jobs_item_id_step")),
    )
    op.create_index(op.f("ix_jobs_order_key"), "jobs", ["order_key"], unique=False)
    op.create_index(
        "ix_jobs_waiting",
        "jobs",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )


def _create_tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("station", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("rules_hash", sa.String(), nullable=False),
        sa.Column("start_at", _INSTANT, nullable=False),
        sa.Column("end_at", _INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", _INSTANT, nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("released_at", _INSTANT, nullable=False),
        sa.Column("delivered_at", _INSTANT, nullable=True),
        sa.Column("accepted_at", _INSTANT, nullable=True),
        sa.Column("started_at", _INSTANT, nullable=True),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.CheckConstraint(
            "state IN ('released', 'sending', 'delivered', 'accepted', 'running',"
            " 'done', 'failed', 'cancelled', 'in_doubt')",
            name=op.f("ck_tickets_state"),
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_tickets_attempts")),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_tickets_sequence")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_tickets_batch_id")),
        sa.ForeignKeyConstraint(["station"], ["stations.id"], name=op.f("fk_tickets_station")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
        sa.UniqueConstraint("batch_id", name=op.f("uq_tickets_batch_id")),
        sa.UniqueConstraint("station", "sequence", name=op.f("uq_tickets_station_sequence")),
    )
    op.create_index("ix_tickets_state", "tickets", ["state"], unique=False)


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("done_at", _INSTANT, nullable=True),
        sa.CheckConstraint("kind IN ('publish')", name=op.f("ck_outbox_kind")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_outbox_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("ticket_id", name=op.f("uq_outbox_ticket_id")),
    )
    op.create_index(
        "ix_outbox_open",
        "outbox",
        ["id"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )


def _create_ticket_items() -> None:
    op.create_table(
        "ticket_items",
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("x_mm", sa.Integer(), nullable=True),
        sa.Column("y_mm", sa.Integer(), nullable=True),
        sa.Column("rotated", sa.Boolean(), nullable=False),
        sa.Column("check_code", sa.String(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.CheckConstraint("outcome IN ('done', 'failed')", name=op.f("ck_ticket_items_outcome")),
        sa.CheckConstraint("outcome IS NULL OR NOT live", name=op.f("ck_ticket_items_live")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_ticket_items_item_id")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_ticket_items_job_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_items_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "job_id", name=op.f("pk_ticket_items")),
    )
    op.create_index(op.f("ix_ticket_items_item_id"), "ticket_items", ["item_id"], unique=False)
    op.create_index("ix_ticket_items_job_id", "ticket_items", ["job_id"], unique=False)
    op.create_index(
        "ux_ticket_items_live",
        "ticket_items",
        ["job_id"],
        unique=True,
        sqlite_where=sa.text("live"),
        postgresql_where=sa.text("live"),
    )
    op.create_index(
        "ux_ticket_items_live_item",
        "ticket_items",
        ["item_id"],
        unique=True,
        sqlite_where=sa.text("live"),
        postgresql_where=sa.text("live"),
    )
