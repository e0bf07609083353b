"""What buyers answered of their orders, and the secret that their links are made with."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the two tables; the secret is made when the first link is asked for."""
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
    )
    op.create_table(
        "buyer_answers",
        sa.Column("order_key", sa.String(), nullable=False),
        sa.Column("as_promised", sa.Boolean(), nullable=False),
        sa.Column("as_expected", sa.Boolean(), nullable=False),
        sa.Column("wrong", sa.String(), nullable=True),
        sa.Column("remake_key", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_key"], ["orders.key"], name=op.f("fk_buyer_answers_order_key")),
        sa.PrimaryKeyConstraint("order_key", name=op.f("pk_buyer_answers")),
    )
