"""Versions that are another cut of an earlier one's tree."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("versions", sa.Column("cut_of", sa.Integer(), nullable=True))
    op.add_column("versions", sa.Column("nesting", JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("versions", "nesting")
    op.drop_column("versions", "cut_of")
