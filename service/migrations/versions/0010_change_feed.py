"""Deletions and replacements among the changes of a dataset, and pending erasures."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

JSON = sa.JSON().with_variant(JSONB(), "postgresql")

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("dataset_changes") as changes:
        changes.add_column(
            sa.Column("kind", sa.String(length=8), nullable=False, server_default="upserted")
        )
        changes.alter_column("customer_id", existing_type=sa.String(), nullable=True)
        changes.alter_column("cells", existing_type=JSON, nullable=True)
    op.create_index(
        "ix_dataset_changes_deleted",
        "dataset_changes",
        ["dataset_id", "seq"],
        sqlite_where=sa.text("kind = 'deleted'"),
        postgresql_where=sa.text("kind = 'deleted'"),
    )
    op.add_column(
        "datasets", sa.Column("stored_version", sa.Integer(), nullable=False, server_default="0")
    )
    op.execute(
        "UPDATE datasets SET stored_version = COALESCE((SELECT MAX(version) FROM dataset_versions "
        "WHERE dataset_id = datasets.id), 0)"
    )
    for table, name in (("datasets", "erased_seq"), ("derived_tables", "seq")):
        op.add_column(table, sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("derived_tables", "seq")
    op.drop_column("datasets", "erased_seq")
    op.drop_column("datasets", "stored_version")
    op.drop_index("ix_dataset_changes_deleted", "dataset_changes")
    op.execute("DELETE FROM dataset_changes WHERE customer_id IS NULL OR cells IS NULL")
    with op.batch_alter_table("dataset_changes") as changes:
        changes.alter_column("cells", existing_type=JSON, nullable=False)
        changes.alter_column("customer_id", existing_type=sa.String(), nullable=False)
        changes.drop_column("kind")
