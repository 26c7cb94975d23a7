"""Tables of models, versions, segments, profiles and aliases."""

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.stores.database import Base, JsonList, JsonObject


class ModelRow(Base):
    """Named series of versions."""

    __tablename__ = "models"
    __table_args__ = (UniqueConstraint("tenant", "name"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(63))
    name: Mapped[str] = mapped_column(String(63))
    last_version: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class VersionRow(Base):
    """Version of a model: the parameters of its fit and its result; `limits` for k "auto"."""

    __tablename__ = "versions"

    model_id: Mapped[str] = mapped_column(
        ForeignKey("models.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), unique=True)
    base: Mapped[int | None]
    cut_of: Mapped[int | None]
    dataset_id: Mapped[str] = mapped_column(String(36), index=True)
    dataset: Mapped[str] = mapped_column(String(63))
    dataset_version: Mapped[int]
    customer_id: Mapped[str]
    columns: Mapped[JsonList]
    algorithm: Mapped[JsonObject]
    k: Mapped[int | None]
    limits: Mapped[JsonObject | None]
    seed: Mapped[int]
    features: Mapped[JsonList]
    created_at: Mapped[datetime]

    ready: Mapped[bool] = mapped_column(default=False)
    recommendation: Mapped[JsonObject | None]
    attempt: Mapped[int | None]
    n_customers: Mapped[int | None]
    preparation: Mapped[JsonList | None]
    metrics: Mapped[JsonObject | None]
    warnings: Mapped[JsonList | None]
    artifact: Mapped[JsonObject | None]
    nesting: Mapped[JsonList | None]


class SegmentRow(Base):
    """Segment of a model; keeps its id, name and description across versions."""

    __tablename__ = "segments"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    model_id: Mapped[str] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"), index=True)
    name: Mapped[str | None] = mapped_column(String(100))
    description: Mapped[str | None] = mapped_column(String(2000))


class ProfileRow(Base):
    """Profile of a segment in one version."""

    __tablename__ = "profiles"
    __table_args__ = (
        ForeignKeyConstraint(
            ["model_id", "version"], ["versions.model_id", "versions.number"], ondelete="CASCADE"
        ),
        UniqueConstraint("model_id", "version", "segment_id"),
    )

    model_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    segment_id: Mapped[str] = mapped_column(
        ForeignKey("segments.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(100))
    profile: Mapped[JsonObject]


class AliasRow(Base):
    """Movable name of one of a model's versions."""

    __tablename__ = "aliases"
    __table_args__ = (
        ForeignKeyConstraint(
            ["model_id", "version"], ["versions.model_id", "versions.number"], ondelete="CASCADE"
        ),
    )

    model_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    version: Mapped[int]


class AliasMoveRow(Base):
    """Log entry of a moved alias."""

    __tablename__ = "alias_moves"

    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[str] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(63))
    from_version: Mapped[int | None]
    to_version: Mapped[int]
    moved_by: Mapped[str] = mapped_column(String(200))
    moved_at: Mapped[datetime]
