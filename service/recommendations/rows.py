"""Recommendations: what was asked about a dataset, and what was found."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from service.stores.database import Base, JsonObject


class RecommendationRow(Base):
    """How many segments a dataset holds; nobody sees it before `answer` is there."""

    __tablename__ = "recommendations"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), unique=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"), index=True)
    dataset_version: Mapped[int]
    question: Mapped[JsonObject]
    answer: Mapped[JsonObject | None]
    created_at: Mapped[datetime]
