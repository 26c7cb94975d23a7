"""Transactions; who needs which version of a dataset; tables that are made from one; runs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)
NEEDED = "FROM versions WHERE dataset_id IN (SELECT id FROM datasets)"


def upgrade() -> None:
    op.add_column("datasets", sa.Column("recipe", JSON, nullable=True))
    op.add_column("versions", sa.Column("columns", JSON, nullable=False, server_default="[]"))
    op.drop_table("dataset_uses")
    op.create_table(
        "dataset_uses",
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("user", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name="fk_dataset_uses_dataset_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("dataset_id", "version", "user", name="pk_dataset_uses"),
    )
    op.execute(
        f"INSERT INTO dataset_uses SELECT DISTINCT dataset_id, dataset_version, model_id {NEEDED}"
    )
    op.create_table(
        "derived_tables",
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name="fk_derived_tables_dataset_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("path", name="pk_derived_tables"),
    )
    op.create_index("ix_derived_tables_dataset_id", "derived_tables", ["dataset_id"])
    op.create_index("ix_derived_tables_owner", "derived_tables", ["owner"])
    op.create_table(
        "runs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("model_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.Column("dataset", sa.String(length=63), nullable=False),
        sa.Column("dataset_version", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("counts", JSON, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_runs_job_id"),
        sa.ForeignKeyConstraint(
            ["model_id", "version"],
            ["versions.model_id", "versions.number"],
            name="fk_runs_model_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.UniqueConstraint("job_id", name="uq_runs_job_id"),
    )
    op.create_index("ix_runs_version", "runs", ["model_id", "version"])
    op.create_index("ix_runs_dataset_id", "runs", ["dataset_id"])


def downgrade() -> None:
    op.drop_column("versions", "columns")
    op.drop_column("datasets", "recipe")
    op.drop_table("runs")
    op.drop_table("derived_tables")
    op.drop_table("dataset_uses")
    op.create_table(
        "dataset_uses",
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.Column("user", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name="fk_dataset_uses_dataset_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("dataset_id", "user", name="pk_dataset_uses"),
    )
    op.execute(f"INSERT INTO dataset_uses SELECT DISTINCT dataset_id, model_id {NEEDED}")
