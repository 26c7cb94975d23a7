"""Datasets, their versions, and who still needs them."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.stores.database import Base, JsonList, JsonObject


class DatasetRow(Base):
    """A named table of customers; at version 0 nothing has been written to it yet.

    `recipe` tells how it is made of transactions, and which version of its ledger they are summed up in.
    """

    __tablename__ = "datasets"
    __table_args__ = (UniqueConstraint("tenant", "name"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(63))
    name: Mapped[str] = mapped_column(String(63))
    version: Mapped[int] = mapped_column(default=0)
    recipe: Mapped[JsonObject | None]
    created_at: Mapped[datetime]


class DatasetVersionRow(Base):
    """The table as one accepted write left it; `table_version` is what the table store calls it."""

    __tablename__ = "dataset_versions"

    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    table_version: Mapped[int]
    customer_id: Mapped[str]
    generated_ids: Mapped[bool]
    n_customers: Mapped[int]
    columns: Mapped[JsonList]
    warnings: Mapped[JsonList]
    created_at: Mapped[datetime]


class DatasetUseRow(Base):
    """Somebody who needs a version of a dataset: neither is let go of unasked while one is there."""

    __tablename__ = "dataset_uses"

    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    user: Mapped[str] = mapped_column(String(120), primary_key=True)


class DerivedTableRow(Base):
    """A table that was made from a dataset's customers, with a column `customer_id`; it goes when the dataset goes."""

    __tablename__ = "derived_tables"

    path: Mapped[str] = mapped_column(String(200), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"), index=True)
    owner: Mapped[str] = mapped_column(String(120), index=True)
