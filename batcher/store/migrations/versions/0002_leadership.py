"""Who leads, and in which leader's epoch each event was written."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the row of the leader, and the epoch of events: 0 for those written before there were any."""
    op.create_table(
        "leadership",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("renewed_at", _INSTANT, nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_leadership_only")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leadership")),
    )
    op.add_column("events", sa.Column("epoch", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
