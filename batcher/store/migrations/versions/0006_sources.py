"""How far the sources that are polled were read, and what is still to be said of their orders."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the two tables; without a row, a source is read from its beginning."""
    op.create_table(
        "sources",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("watermark", sa.String(), nullable=True),
        sa.Column("cursor", sa.String(), nullable=True),
        sa.Column("newest", sa.String(), nullable=True),
        sa.Column("looked_at", _INSTANT, nullable=True),
        sa.Column("ok_at", _INSTANT, nullable=True),
        sa.Column("next_at", _INSTANT, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_sources_failures")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
    )
    op.create_table(
        "source_notes",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("ident", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("at", _INSTANT, nullable=False),
        sa.CheckConstraint("state IN ('owed', 'told', 'refused')", name=op.f("ck_source_notes_state")),
        sa.PrimaryKeyConstraint("source", "ident", name=op.f("pk_source_notes")),
    )
    op.create_index("ix_source_notes_source_state", "source_notes", ["source", "state"], unique=False)
