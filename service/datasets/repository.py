"""Queries on the tables of datasets, dataset versions, pins and derived tables."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import uuid4

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.datasets.rows import (
    ChangeRow,
    DatasetRow,
    DatasetUseRow,
    DatasetVersionRow,
    DerivedTableRow,
)
from service.errors import DatasetDeleted, NotFound
from service.stores.database import JsonObject, now


class Counters(NamedTuple):
    """The counters of a dataset that each write advances, as in `DatasetRow`."""

    version: int
    seq: int
    n_customers: int


# Statements of each single write, built once: building one costs as much as executing it.
_LOCK_COUNTERS: Final = (
    select(DatasetRow.version, DatasetRow.seq, DatasetRow.n_customers)
    .where(DatasetRow.id == bindparam("dataset"))
    .with_for_update()
)
_SAVE_COUNTERS: Final = (
    update(DatasetRow)
    .where(DatasetRow.id == bindparam("dataset"))
    .values({name: bindparam(name) for name in (*Counters._fields, "updated_at")})
)
_NEWEST_NUMBER: Final = select(func.max(DatasetVersionRow.version)).where(
    DatasetVersionRow.dataset_id == bindparam("dataset")
)
_FIND_CHANGES: Final = (
    select(ChangeRow.customer_id, ChangeRow.cells)
    .where(
        ChangeRow.dataset_id == bindparam("dataset"),
        ChangeRow.customer_id.in_(bindparam("customers", expanding=True)),
        ChangeRow.seq > bindparam("after"),
    )
    .order_by(ChangeRow.seq)
)
_ADD_CHANGES: Final = insert(ChangeRow)


def find_dataset(session: Session, tenant: str, name: str) -> DatasetRow | None:
    """Find a tenant's dataset by name, including one without any version yet."""
    return session.scalar(
        select(DatasetRow).where(DatasetRow.tenant == tenant, DatasetRow.name == name)
    )


def find_by_id(session: Session, dataset_id: str) -> DatasetRow | None:
    return session.get(DatasetRow, dataset_id)


def get_dataset(session: Session, tenant: str, name: str) -> DatasetRow:
    """Get a tenant's dataset by name; raises NotFound if it has no version yet."""
    row = find_dataset(session, tenant, name)
    if row is None or row.version == 0:
        raise NotFound(f"There is no dataset called {name}")
    return row


def list_datasets(
    session: Session, tenant: str, *, after: str | None, limit: int
) -> list[DatasetRow]:
    """List a tenant's datasets by name, starting after a given name."""
    query = select(DatasetRow).where(DatasetRow.tenant == tenant, DatasetRow.version > 0)
    query = query.where(DatasetRow.name > (after or ""))
    return list(session.scalars(query.order_by(DatasetRow.name).limit(limit)))


def list_all(session: Session) -> list[DatasetRow]:
    """List the datasets of all tenants, including those without any version yet."""
    return list(session.scalars(select(DatasetRow)))


def reserve_dataset(session: Session, tenant: str, name: str) -> DatasetRow:
    """Get a dataset, or add one without any version."""
    row = find_dataset(session, tenant, name)
    if row is not None:
        return row
    row = DatasetRow(id=str(uuid4()), tenant=tenant, name=name, version=0, created_at=now())
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # another process reserved it meanwhile
        return session.scalars(select(DatasetRow).filter_by(tenant=tenant, name=name)).one()
    return row


def find_locked(session: Session, dataset_id: str) -> DatasetRow | None:
    """Find a dataset and lock its row until the transaction ends (SELECT FOR UPDATE)."""
    return session.get(DatasetRow, dataset_id, with_for_update=True, populate_existing=True)


def lock_dataset(session: Session, dataset: DatasetRow) -> DatasetRow:
    """Reload a dataset and lock its row; raises DatasetDeleted if it is gone."""
    row = find_locked(session, dataset.id)
    if row is None:
        raise _deleted(dataset)
    return row


def find_version(session: Session, dataset_id: str, version: int) -> DatasetVersionRow | None:
    return session.get(DatasetVersionRow, (dataset_id, version))


def get_version(session: Session, dataset: DatasetRow, version: int) -> DatasetVersionRow:
    row = find_version(session, dataset.id, version)
    if row is None:
        raise NotFound(f"The dataset {dataset.name} has no version {version}")
    return row


def get_newest_version(session: Session, dataset: DatasetRow) -> DatasetVersionRow:
    """Get the newest stored version of a dataset, on which its later changes lie."""
    query = select(DatasetVersionRow).filter_by(dataset_id=dataset.id)
    row = session.scalar(query.order_by(DatasetVersionRow.version.desc()).limit(1))
    if row is None:
        raise NotFound(f"The dataset {dataset.name} has no stored version")
    return row


def add_version(
    session: Session, dataset: DatasetRow, values: Mapping[str, Any]
) -> DatasetVersionRow:
    """Add the row of a stored version."""
    columns = [asdict(column) for column in values["columns"]]
    plain = {**values, "columns": columns, "warnings": list(values["warnings"])}
    row = DatasetVersionRow(dataset_id=dataset.id, created_at=now(), **plain)
    session.add(row)
    return row


def list_versions(session: Session, dataset_id: str) -> list[DatasetVersionRow]:
    """List the versions of a dataset that can still be read, newest first."""
    query = (
        select(DatasetVersionRow)
        .filter_by(dataset_id=dataset_id)
        .order_by(DatasetVersionRow.version.desc())
    )
    return list(session.scalars(query))


def list_table_versions(session: Session, dataset_id: str) -> list[int]:
    """List the table store's version numbers of the dataset versions that can still be read."""
    return list(
        session.scalars(select(DatasetVersionRow.table_version).filter_by(dataset_id=dataset_id))
    )


def delete_unused_versions(session: Session, dataset_id: str, *, keep: int) -> None:
    """Delete the versions that are neither pinned nor among the newest `keep`."""
    used = select(DatasetUseRow.version).where(DatasetUseRow.dataset_id == dataset_id)
    numbers = select(DatasetVersionRow.version).filter_by(dataset_id=dataset_id)
    newest = list(session.scalars(numbers.order_by(DatasetVersionRow.version.desc()).limit(keep)))
    _delete_versions(
        session,
        dataset_id,
        DatasetVersionRow.version.not_in(newest) & DatasetVersionRow.version.not_in(used),
    )


def lock_counters(session: Session, dataset: DatasetRow) -> Counters:
    """Read the counters of a dataset, and lock its row until the transaction ends.

    Raises DatasetDeleted if it is gone.
    """
    row = session.connection().execute(_LOCK_COUNTERS, {"dataset": dataset.id}).one_or_none()
    if row is None:
        raise _deleted(dataset)
    return Counters(*row)


def save_counters(session: Session, dataset: DatasetRow, counters: Counters) -> None:
    """Store the counters of a dataset after a write."""
    values = {"dataset": dataset.id, "updated_at": now(), **counters._asdict()}
    session.connection().execute(_SAVE_COUNTERS, values)


def find_newest_number(session: Session, dataset: DatasetRow) -> int | None:
    """Return the number of the newest stored version of a dataset."""
    return session.connection().execute(_NEWEST_NUMBER, {"dataset": dataset.id}).scalar()


def find_changes(
    session: Session, dataset_id: str, customer_ids: Collection[str], *, after: int
) -> dict[str, JsonObject]:
    """Return the newest cells, written after a seq, of those of the customers that have any."""
    found = session.connection().execute(
        _FIND_CHANGES, {"dataset": dataset_id, "customers": list(customer_ids), "after": after}
    )
    return {row.customer_id: row.cells for row in found}


def has_change(session: Session, dataset_id: str, customer_id: str) -> bool:
    """Return whether any change of a customer is kept."""
    query = select(ChangeRow.seq).filter_by(dataset_id=dataset_id, customer_id=customer_id)
    return session.scalar(query.limit(1)) is not None


def list_changes(session: Session, dataset_id: str, *, after: int, up_to: int) -> list[ChangeRow]:
    """List the changes of a dataset in the order of their seq."""
    query = select(ChangeRow).where(
        ChangeRow.dataset_id == dataset_id, ChangeRow.seq > after, ChangeRow.seq <= up_to
    )
    return list(session.scalars(query.order_by(ChangeRow.seq)))


def last_seq(session: Session, dataset_id: str, *, up_to_version: int) -> int | None:
    """Return the seq of the last change up to a version number; None if none is kept."""
    query = select(func.max(ChangeRow.seq)).where(
        ChangeRow.dataset_id == dataset_id, ChangeRow.version <= up_to_version
    )
    return session.scalar(query)


def add_changes(session: Session, changes: Sequence[JsonObject]) -> None:
    """Add changes, each with the columns of `ChangeRow`."""
    session.connection().execute(_ADD_CHANGES, changes)


def delete_changes(session: Session, dataset: DatasetRow) -> None:
    """Delete all changes of a dataset, which its newest version contains."""
    session.execute(delete(ChangeRow).filter_by(dataset_id=dataset.id))
    dataset.trimmed_seq = dataset.seq


def trim_changes(session: Session, dataset: DatasetRow, *, up_to: int, before: datetime) -> None:
    """Delete the changes up to a seq that were written before a time."""
    old = select(func.max(ChangeRow.seq)).where(
        ChangeRow.dataset_id == dataset.id, ChangeRow.seq <= up_to, ChangeRow.written_at < before
    )
    if (last := session.scalar(old)) is None:
        return
    session.execute(
        delete(ChangeRow).where(ChangeRow.dataset_id == dataset.id, ChangeRow.seq <= last)
    )
    dataset.trimmed_seq = last


def delete_versions(session: Session, dataset_id: str, *, before: int) -> None:
    """Delete the versions before a given one, including pinned ones."""
    _delete_versions(session, dataset_id, DatasetVersionRow.version < before)


def list_derived(
    session: Session, *, dataset_id: str | None = None, owner: str | None = None
) -> list[DerivedTableRow]:
    """List the derived tables of a dataset or of an owner."""
    filters = {
        name: value
        for name, value in (("dataset_id", dataset_id), ("owner", owner))
        if value is not None
    }
    return list(session.scalars(select(DerivedTableRow).filter_by(**filters)))


def list_users(session: Session, dataset_id: str) -> list[str]:
    """List the users that pin a version of a dataset."""
    return list(
        session.scalars(select(DatasetUseRow.user).filter_by(dataset_id=dataset_id).distinct())
    )


def _delete_versions(session: Session, dataset_id: str, condition: ColumnElement[bool]) -> None:
    statement = delete(DatasetVersionRow).where(
        (DatasetVersionRow.dataset_id == dataset_id) & condition
    )
    session.execute(statement.execution_options(synchronize_session=False))


def _deleted(dataset: DatasetRow) -> DatasetDeleted:
    return DatasetDeleted(f"The dataset {dataset.name} was deleted while it was being written to")
