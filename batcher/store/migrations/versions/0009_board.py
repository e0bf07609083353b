"""By when orders leave and when batches ended, indexed: the board asks for a few hours of them."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("ix_orders_leave_by", "orders", ["leave_by_at", "state", "service"])
    op.create_index("ix_batches_ended", "batches", ["ended_at"])
