"""Recommendations, and which versions had their number of segments chosen."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "recommendations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.Column("dataset_version", sa.Integer(), nullable=False),
        sa.Column("question", JSON, nullable=False),
        sa.Column("answer", JSON, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"],
            ["datasets.id"],
            name="fk_recommendations_dataset_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_recommendations_job_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recommendations"),
        sa.UniqueConstraint("job_id", name="uq_recommendations_job_id"),
    )
    op.create_index("ix_recommendations_dataset_id", "recommendations", ["dataset_id"])
    op.add_column("versions", sa.Column("limits", JSON, nullable=True))
    op.add_column("versions", sa.Column("recommendation", JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("versions", "recommendation")
    op.drop_column("versions", "limits")
    op.drop_table("recommendations")
