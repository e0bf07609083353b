"""By which id a station's folder is known again."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the id; the folder that is found first is taken as it is."""
    op.add_column("stations", sa.Column("folder_id", sa.String(), nullable=True))
