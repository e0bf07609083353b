"""That a database comes from a backup, what it cannot account for, and which stations are in quarantine."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both tables, empty, and the word for a station; none is in quarantine."""
    op.create_table(
        "safe_mode",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_safe_mode_only")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safe_mode")),
    )
    op.create_table(
        "unaccounted",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("tickets", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("source", "order_id", name=op.f("pk_unaccounted")),
    )
    op.add_column("stations", sa.Column("quarantine", sa.String(), nullable=True))
