"""What a run has found: imputed features, unknown categories, outliers, and warnings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

JSON = sa.JSON().with_variant(JSONB(), "postgresql")

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("findings", JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("runs", "findings")
