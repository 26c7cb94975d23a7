"""Changes of a dataset since its stored version: one row per customer written."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

JSON = sa.JSON().with_variant(JSONB(), "postgresql")

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table, names in (
        ("datasets", ("seq", "trimmed_seq", "n_customers")),
        ("dataset_versions", ("seq",)),
    ):
        for name in names:
            op.add_column(
                table, sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
            )
    op.add_column("datasets", sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE datasets SET n_customers = COALESCE((SELECT n_customers FROM dataset_versions "
        "WHERE dataset_id = datasets.id AND version = datasets.version), 0)"
    )
    op.create_table(
        "dataset_changes",
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=False),
        sa.Column("cells", JSON, nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"],
            ["datasets.id"],
            ondelete="CASCADE",
            name="fk_dataset_changes_dataset_id_datasets",
        ),
        sa.PrimaryKeyConstraint("dataset_id", "seq", name="pk_dataset_changes"),
    )
    op.create_index(
        "ix_dataset_changes_customer_id", "dataset_changes", ["dataset_id", "customer_id", "seq"]
    )


def downgrade() -> None:
    op.drop_table("dataset_changes")
    op.drop_column("dataset_versions", "seq")
    for name in ("updated_at", "n_customers", "trimmed_seq", "seq"):
        op.drop_column("datasets", name)
