"""What came of a request, under the key that its sender gave it."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from service.stores.database import Base


class RequestRow(Base):
    """One request; `taken_at` says when its last try began, `answer` is compressed."""

    __tablename__ = "requests"

    tenant: Mapped[str] = mapped_column(String(63), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(index=True)
    taken_at: Mapped[datetime]
    done: Mapped[bool] = mapped_column(default=False)
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
