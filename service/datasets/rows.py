"""Tables of datasets, dataset versions, pins and derived tables."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.stores.database import Base, JsonList, JsonObject


class DatasetRow(Base):
    """Named customer table; at version 0 it has no data yet.

    `recipe` holds the transaction columns of a dataset that is built from transactions, and its
    ledger version.
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
    """Version of a dataset; `table_version` is its version number in the table store."""

    __tablename__ = "dataset_versions"

    dataset_id: Mapped[str] = mapped_column(
        ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    table_version: Mapped[int]
    customer_id: Mapped[str]
    generated_ids: Mapped[bool]
    n_customers: Mapped[int]
    columns: Mapped[JsonList]
    warnings: Mapped[JsonList]
    created_at: Mapped[datetime]


class DatasetUseRow(Base):
    """Pin of a user, such as a model, on a dataset version, which prevents its deletion."""

    __tablename__ = "dataset_uses"

    dataset_id: Mapped[str] = mapped_column(
        ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    user: Mapped[str] = mapped_column(String(120), primary_key=True)


class DerivedTableRow(Base):
    """Table derived from a dataset's customers, with a column `customer_id`.

    Deleted together with the dataset.
    """

    __tablename__ = "derived_tables"

    path: Mapped[str] = mapped_column(String(200), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(
        ForeignKey("datasets.id", ondelete="CASCADE"), index=True
    )
    owner: Mapped[str] = mapped_column(String(120), index=True)
