"""Table of recommendations."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from service.stores.database import Base, JsonObject


class RecommendationRow(Base):
    """Recommendation of a number of segments; hidden from clients until `answer` is set."""

    __tablename__ = "recommendations"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), unique=True)
    dataset_id: Mapped[str] = mapped_column(
        ForeignKey("datasets.id", ondelete="CASCADE"), index=True
    )
    dataset_version: Mapped[int]
    question: Mapped[JsonObject]
    answer: Mapped[JsonObject | None]
    created_at: Mapped[datetime]
