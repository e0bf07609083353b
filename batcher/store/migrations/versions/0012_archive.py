"""What has left the database for the archive, and where it lies there."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the three tables, empty, and the index without which deleting an order looks at every reservation."""
    op.create_table(
        "archived_orders",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_archived_orders")),
        sa.UniqueConstraint("source", "order_id", name=op.f("uq_archived_orders_source_order_id")),
    )
    op.create_index("ix_archived_orders_order_id", "archived_orders", ["order_id"])
    op.create_table(
        "archived_tickets",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archived_tickets")),
    )
    op.create_table(
        "archive_files",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("bytes > 0", name=op.f("ck_archive_files_bytes")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_archive_files")),
    )
    op.create_index("ix_reservations_order_key", "reservations", ["order_key"])
