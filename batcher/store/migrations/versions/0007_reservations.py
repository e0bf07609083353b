"""Room that is kept for orders still to come."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_STANDING = sa.text("state = 'standing'")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "reservations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("leave_by_at", _INSTANT, nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("order_key", sa.String(), nullable=True),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.CheckConstraint("state IN ('standing', 'taken', 'expired', 'given_up')", name=op.f("ck_reservations_state")),
        sa.CheckConstraint("(order_key IS NOT NULL) = (state = 'taken')", name=op.f("ck_reservations_order_key")),
        sa.CheckConstraint("(ended_at IS NOT NULL) = (state <> 'standing')", name=op.f("ck_reservations_ended_at")),
        sa.ForeignKeyConstraint(["order_key"], ["orders.key"], name=op.f("fk_reservations_order_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservations")),
    )
    op.create_index(
        "ix_reservations_standing",
        "reservations",
        ["expires_at"],
        sqlite_where=_STANDING,
        postgresql_where=_STANDING,
    )
