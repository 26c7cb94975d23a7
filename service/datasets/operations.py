"""What happens to datasets."""

from dataclasses import asdict

import pyarrow as pa

from models.exploration import describe_columns, typed_table
from service.datasets import repository
from service.datasets.rows import DatasetRow, DatasetUseRow, DatasetVersionRow
from service.errors import Conflict, NotFound
from service.stores import Stores
from service.stores.database import Session, now


def replace_dataset(
    stores: Stores, tenant: str, name: str, raw: pa.Table, *, customer_id: str | None
) -> tuple[DatasetRow, DatasetVersionRow]:
    """Write a whole table as the next version of a dataset.

    The name is reserved first, the table written next, and the version counted last: whatever breaks off between leaves
    the dataset as it was.
    """
    described = describe_columns(raw, customer_id=customer_id)
    table = typed_table(raw, described)
    with stores.database.writing() as session:
        dataset = repository.reserve_dataset(session, tenant, name)
    table_version = stores.tables.replace(table_path(tenant, dataset.id), table)
    with stores.database.writing() as session:
        dataset = repository.lock_dataset(session, dataset)
        dataset.version += 1
        version = DatasetVersionRow(
            dataset_id=dataset.id,
            version=dataset.version,
            table_version=table_version,
            customer_id=table.column_names[0],
            generated_ids=described.customer_id is None,
            n_customers=table.num_rows,
            columns=[asdict(column) for column in described.columns],
            warnings=list(described.warnings),
            created_at=now(),
        )
        session.add(version)
    return dataset, version


def delete_dataset(stores: Stores, tenant: str, name: str, *, force: bool) -> None:
    """Delete a dataset, then its table; refused while a model learned from it, unless forced."""
    with stores.database.writing() as session:
        dataset = repository.get_dataset(session, tenant, name)
        users = repository.list_users(session, dataset.id)
        if users and not force:
            raise Conflict(f"{len(users)} models learned from {name}; delete them first, or repeat with force=true")
        session.delete(dataset)
    stores.tables.drop(table_path(tenant, dataset.id))


def table_path(tenant: str, dataset_id: str) -> str:
    """Name the table of a dataset in the table store."""
    return f"{tenant}/{dataset_id}"


def get_table_version(session: Session, dataset_id: str, version: int) -> int:
    """Tell what the table store calls a version of a dataset."""
    row = repository.find_version(session, dataset_id, version)
    if row is None:
        raise NotFound(f"Version {version} of the dataset is gone: the dataset was deleted")
    return row.table_version


def is_available(session: Session, dataset_id: str, version: int) -> bool:
    """Tell whether a version of a dataset can still be read."""
    return repository.find_version(session, dataset_id, version) is not None


def use(session: Session, dataset_id: str, user: str) -> None:
    """Note that somebody needs a dataset."""
    session.merge(DatasetUseRow(dataset_id=dataset_id, user=user))


def release(session: Session, dataset_id: str, user: str) -> None:
    """Note that somebody does not need a dataset any more."""
    row = session.get(DatasetUseRow, (dataset_id, user))
    if row is not None:
        session.delete(row)
