"""Tables of datasets, dataset versions, pins and derived tables."""

from datetime import datetime
from typing import Final, Literal

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from service.stores.database import Base, JsonList, JsonObject

ChangeKind = Literal["upserted", "deleted", "replaced"]
UPSERTED: Final = "upserted"
DELETED: Final = "deleted"
REPLACED: Final = "replaced"
_IS_DELETED: Final = text("kind = 'deleted'")


class DatasetRow(Base):
    """Named customer table; at version 0 it has no data yet.

    `version` counts all writes, and `seq` their changes: a write adds rows to `dataset_changes`,
    and a fold adds those since the newest stored version, `stored_version`, to the stored table.
    Changes up to `trimmed_seq` were removed. Customers deleted up to `erased_seq` are erased from
    all tables. `recipe` holds the transaction columns of a dataset that is built from transactions,
    and its ledger version.
    """

    __tablename__ = "datasets"
    __table_args__ = (UniqueConstraint("tenant", "name"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(63))
    name: Mapped[str] = mapped_column(String(63))
    version: Mapped[int] = mapped_column(default=0)
    stored_version: Mapped[int] = mapped_column(default=0)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    trimmed_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    erased_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    n_customers: Mapped[int] = mapped_column(BigInteger, default=0)
    recipe: Mapped[JsonObject | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]


class DatasetVersionRow(Base):
    """Stored version of a dataset, which contains its changes up to `seq`.

    `table_version` is its version number in the table store.
    """

    __tablename__ = "dataset_versions"

    dataset_id: Mapped[str] = mapped_column(
        ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    table_version: Mapped[int]
    customer_id: Mapped[str]
    generated_ids: Mapped[bool]
    n_customers: Mapped[int]
    columns: Mapped[JsonList]
    warnings: Mapped[JsonList]
    created_at: Mapped[datetime]


class ChangeRow(Base):
    """A change of a dataset: a customer upserted or deleted, or all customers replaced.

    `cells` are all cells written to the customer since the stored version or its last deletion;
    None if the stored version has them. An erased customer has no `customer_id`.
    """

    __tablename__ = "dataset_changes"
    __table_args__ = (
        Index("ix_dataset_changes_customer_id", "dataset_id", "customer_id", "seq"),
        Index(
            "ix_dataset_changes_deleted",
            "dataset_id",
            "seq",
            sqlite_where=_IS_DELETED,
            postgresql_where=_IS_DELETED,
        ),
    )

    dataset_id: Mapped[str] = mapped_column(
        ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    version: Mapped[int]
    kind: Mapped[ChangeKind] = mapped_column(String(8), default=UPSERTED)
    customer_id: Mapped[str | None]
    cells: Mapped[JsonObject | None]
    written_at: Mapped[datetime]


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

    It holds the customers as of the dataset's change `seq`. Deleted together with the dataset.
    """

    __tablename__ = "derived_tables"

    path: Mapped[str] = mapped_column(String(200), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(
        ForeignKey("datasets.id", ondelete="CASCADE"), index=True
    )
    owner: Mapped[str] = mapped_column(String(120), index=True)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
