"""Table of requests with idempotency keys and their results."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from service.stores.database import Base


class RequestRow(Base):
    """An idempotent request.

    `taken_at` is the start of its last attempt, `answer` the zlib-compressed response.
    """

    __tablename__ = "requests"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(index=True)
    taken_at: Mapped[datetime]
    done: Mapped[bool] = mapped_column(default=False)
    job_id: Mapped[str | None] = mapped_column(
        ForeignKey("jobs.id", ondelete="CASCADE"), index=True
    )
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
