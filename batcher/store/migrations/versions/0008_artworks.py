"""Artwork that orders refer to by an address, and which lines of which orders do."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the two tables; orders that came in before keep their references as they are."""
    op.create_table(
        "artworks",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("expected", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", _INSTANT, nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_artworks_attempts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artworks")),
    )
    op.create_index("ix_artworks_sha256", "artworks", ["sha256"], unique=False)
    op.create_table(
        "order_artworks",
        sa.Column("order_key", sa.String(), nullable=False),
        sa.Column("line_id", sa.String(), nullable=False),
        sa.Column("artwork_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["order_key"], ["orders.key"], name=op.f("fk_order_artworks_order_key")),
        sa.ForeignKeyConstraint(["artwork_id"], ["artworks.id"], name=op.f("fk_order_artworks_artwork_id")),
        sa.PrimaryKeyConstraint("order_key", "line_id", name=op.f("pk_order_artworks")),
    )
    op.create_index("ix_order_artworks_artwork_id", "order_artworks", ["artwork_id"], unique=False)
