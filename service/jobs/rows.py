"""Table of jobs."""

from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from service.stores.database import Base, JsonObject

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
UNFINISHED = ("queued", "running")
ERASE: Final = "erase"
COMPACT: Final = "compact"
FOLD: Final = "fold"
# Purges erase data: they run before other jobs, cannot be cancelled, and are retried until they
# succeed.
PURGES: Final = (ERASE, COMPACT)
NEWEST: Final = "newest"  # accepted instead of an id


class JobRow(Base):
    """A job; `request_id` and `traceparent` identify the request that created it."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_state", "state", "created_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(63), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10), default="queued")
    stage: Mapped[str | None] = mapped_column(String(40))
    progress: Mapped[float] = mapped_column(default=0.0)
    attempt: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(200))
    payload: Mapped[JsonObject]
    result: Mapped[JsonObject | None]
    problem: Mapped[JsonObject | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
    request_id: Mapped[str | None] = mapped_column(String(64))
    traceparent: Mapped[str | None] = mapped_column(String(55))
