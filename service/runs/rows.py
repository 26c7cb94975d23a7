"""Table of assignment runs: a dataset version, assigned by a model version."""

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from service.stores.database import Base, JsonObject


class RunRow(Base):
    """Assignment of a whole dataset, ready once `counts` holds the number of customers by segment.

    `findings` are missing from the runs of earlier releases.
    """

    __tablename__ = "runs"
    __table_args__ = (
        ForeignKeyConstraint(
            ["model_id", "version"], ["versions.model_id", "versions.number"], ondelete="CASCADE"
        ),
        Index("ix_runs_version", "model_id", "version"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(63))
    model_id: Mapped[str] = mapped_column(String(36))
    version: Mapped[int]
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), unique=True)
    dataset_id: Mapped[str] = mapped_column(String(36), index=True)
    dataset: Mapped[str] = mapped_column(String(63))
    dataset_version: Mapped[int]
    attempt: Mapped[int | None]
    counts: Mapped[JsonObject | None]
    findings: Mapped[JsonObject | None]
    created_at: Mapped[datetime]
