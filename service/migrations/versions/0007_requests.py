"""Requests with a key of their sender, so that one which is sent twice counts once."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "key", name="pk_requests"),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name="fk_requests_job_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_requests_created_at", "requests", ["created_at"], unique=False)
    op.create_index("ix_requests_job_id", "requests", ["job_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_requests_job_id", "requests")
    op.drop_index("ix_requests_created_at", "requests")
    op.drop_table("requests")
