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
    DELETED,
    UPSERTED,
    ChangeKind,
    ChangeRow,
    DatasetRow,
    DatasetUseRow,
    DatasetVersionRow,
    DerivedTableRow,
)
from service.errors import DatasetDeleted, NotFound, VersionGone
from service.stores.database import JsonObject, now


class ReadChange(NamedTuple):
    """What a read of a dataset needs of a change."""

    version: int
    kind: ChangeKind
    customer_id: str | None
    cells: JsonObject | None


class Counters(NamedTuple):
    """The counters of a dataset that each write advances, as in `DatasetRow`."""

    version: int
    seq: int
    n_customers: int
    stored_version: int


# Statements of each single write, built once: building one costs as much as executing it.
_LOCK_COUNTERS: Final = (
    select(DatasetRow.version, DatasetRow.seq, DatasetRow.n_customers, DatasetRow.stored_version)
    .where(DatasetRow.id == bindparam("dataset"))
    .with_for_update()
)
_SAVE_COUNTERS: Final = (
    update(DatasetRow)
    .where(DatasetRow.id == bindparam("dataset"))
    .values({name: bindparam(name) for name in (*Counters._fields, "updated_at")})
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
    """Get a stored version; raises NotFound, or VersionGone if it is not stored any more."""
    row = find_version(session, dataset.id, version)
    if row is not None:
        return row
    if not 0 < version <= dataset.version:
        raise NotFound(f"The dataset {dataset.name} has no version {version}")
    numbers = (row.version for row in list_versions(session, dataset.id))
    nearest = min(numbers, key=lambda number: abs(number - version))
    raise VersionGone(
        f"Version {version} of the dataset {dataset.name} is not kept; the nearest one is {nearest}"
    )


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
    """Add the row of a stored version, the newest one."""
    columns = [asdict(column) for column in values["columns"]]
    plain = {**values, "columns": columns, "warnings": list(values["warnings"])}
    row = DatasetVersionRow(dataset_id=dataset.id, created_at=now(), **plain)
    session.add(row)
    dataset.stored_version = row.version
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


def find_changes(
    session: Session, dataset_id: str, customer_ids: Collection[str], *, after: int
) -> dict[str, JsonObject | None]:
    """Return the newest cells, written after a seq, of those of the customers that have any.

    None for customers that were deleted.
    """
    found = session.connection().execute(
        _FIND_CHANGES, {"dataset": dataset_id, "customers": list(customer_ids), "after": after}
    )
    return {row.customer_id: row.cells for row in found}


def has_change(session: Session, dataset_id: str, customer_id: str) -> bool:
    """Return whether any cells of a customer are kept among the changes."""
    query = select(ChangeRow.seq).filter_by(
        dataset_id=dataset_id, customer_id=customer_id, kind=UPSERTED
    )
    return session.scalar(query.limit(1)) is not None


def list_deleted(session: Session, dataset_id: str, *, after: int) -> dict[str, int]:
    """Return the customers deleted after a seq, each with the seq of its last deletion."""
    query = select(ChangeRow.customer_id, ChangeRow.seq).where(
        ChangeRow.dataset_id == dataset_id,
        ChangeRow.kind == DELETED,
        ChangeRow.seq > after,
    )
    rows = session.execute(query.order_by(ChangeRow.seq))
    return {row.customer_id: row.seq for row in rows if row.customer_id is not None}


def clear_changes(session: Session, dataset_id: str, customer_id: str) -> None:
    """Remove the id and the cells of a customer from all changes; they count as deletions."""
    session.execute(
        update(ChangeRow)
        .where(ChangeRow.dataset_id == dataset_id, ChangeRow.customer_id == customer_id)
        .values(kind=DELETED, customer_id=None, cells=None)
        .execution_options(synchronize_session=False)
    )


def clear_cells(session: Session, dataset_id: str, *, up_to: int) -> None:
    """Remove the cells of the changes up to a seq, which the stored version has."""
    session.execute(
        update(ChangeRow)
        .where(
            ChangeRow.dataset_id == dataset_id,
            ChangeRow.seq <= up_to,
            ChangeRow.cells.is_not(None),
        )
        .values(cells=None)
        .execution_options(synchronize_session=False)
    )


def clear_deleted_ids(session: Session, *, before: datetime) -> None:
    """Remove the ids of customers that were deleted before a time and are erased by now."""
    erased = (
        select(DatasetRow.erased_seq).where(DatasetRow.id == ChangeRow.dataset_id).scalar_subquery()
    )
    session.execute(
        update(ChangeRow)
        .where(
            ChangeRow.kind == DELETED,
            ChangeRow.customer_id.is_not(None),
            ChangeRow.written_at <= before,
            ChangeRow.seq <= erased,
        )
        .values(customer_id=None)
        .execution_options(synchronize_session=False)
    )


def list_changes(
    session: Session, dataset_id: str, *, after: int, up_to: int, limit: int | None = None
) -> list[ChangeRow]:
    """List the changes of a dataset in the order of their seq."""
    query = select(ChangeRow).where(
        ChangeRow.dataset_id == dataset_id, ChangeRow.seq > after, ChangeRow.seq <= up_to
    )
    return list(session.scalars(query.order_by(ChangeRow.seq).limit(limit)))


def read_changes(session: Session, dataset_id: str, *, after: int, up_to: int) -> list[ReadChange]:
    """Read the changes of a dataset in the order of their seq, without rows of their own."""
    query = select(*(getattr(ChangeRow, name) for name in ReadChange._fields)).where(
        ChangeRow.dataset_id == dataset_id, ChangeRow.seq > after, ChangeRow.seq <= up_to
    )
    return [ReadChange(*row) for row in session.execute(query.order_by(ChangeRow.seq))]


def list_unfolded(session: Session, *, before: datetime) -> list[tuple[str, str]]:
    """List the tenant and the name of each dataset with a change that waits since before a time."""
    first_change = (ChangeRow.dataset_id == DatasetRow.id) & (
        ChangeRow.seq == DatasetVersionRow.seq + 1
    )
    newest = (DatasetVersionRow.dataset_id == DatasetRow.id) & (
        DatasetVersionRow.version == DatasetRow.stored_version
    )
    query = select(DatasetRow.tenant, DatasetRow.name).join(DatasetVersionRow, newest)
    rows = session.execute(query.join(ChangeRow, first_change).where(ChangeRow.written_at < before))
    return [(row.tenant, row.name) for row in rows]


def last_seq(session: Session, dataset_id: str, *, up_to_version: int) -> int | None:
    """Return the seq of the last change up to a version number; None if none is kept."""
    query = select(func.max(ChangeRow.seq)).where(
        ChangeRow.dataset_id == dataset_id, ChangeRow.version <= up_to_version
    )
    return session.scalar(query)


def add_changes(session: Session, changes: Sequence[JsonObject]) -> None:
    """Add changes, each with the columns of `ChangeRow`."""
    session.connection().execute(_ADD_CHANGES, changes)


def delete_old_changes(
    session: Session, dataset: DatasetRow, *, before: datetime, limit: int
) -> bool:
    """Delete the oldest changes, written before a time, of those that the stored version has.

    Deletions of customers that are not erased yet are kept. Returns True if there may be more.
    """
    stored = session.get_one(DatasetVersionRow, (dataset.id, dataset.stored_version))
    is_pending = (ChangeRow.kind == DELETED) & (ChangeRow.seq > dataset.erased_seq)
    found = (ChangeRow.dataset_id == dataset.id) & (ChangeRow.seq <= stored.seq) & ~is_pending
    query = select(ChangeRow.seq, ChangeRow.written_at).where(found).order_by(ChangeRow.seq)
    old = [row.seq for row in session.execute(query.limit(limit)) if row.written_at < before]
    if not old:
        return False
    session.execute(
        delete(ChangeRow)
        .where(found, ChangeRow.seq <= old[-1])
        .execution_options(synchronize_session=False)
    )
    dataset.trimmed_seq = max(dataset.trimmed_seq, old[-1])
    return len(old) == limit


def delete_versions(session: Session, dataset_id: str, *, before_seq: int) -> None:
    """Delete the versions that lack the change at a seq, including pinned ones."""
    _delete_versions(session, dataset_id, DatasetVersionRow.seq < before_seq)


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


def find_derived(session: Session, path: str) -> DerivedTableRow | None:
    """Find a derived table by its path."""
    return session.get(DerivedTableRow, path)


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
