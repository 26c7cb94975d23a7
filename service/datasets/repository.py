"""Verbs on the tables of datasets."""

from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.datasets.rows import DatasetRow, DatasetUseRow, DatasetVersionRow
from service.errors import Conflict, NotFound
from service.stores.database import now


def find_dataset(session: Session, tenant: str, name: str) -> DatasetRow | None:
    """Find a tenant's dataset, even one that nothing has been written to yet."""
    return session.scalar(select(DatasetRow).where(DatasetRow.tenant == tenant, DatasetRow.name == name))


def get_dataset(session: Session, tenant: str, name: str) -> DatasetRow:
    """Get a tenant's dataset."""
    row = find_dataset(session, tenant, name)
    if row is None or row.version == 0:
        raise NotFound(f"There is no dataset called {name}")
    return row


def list_datasets(session: Session, tenant: str, *, after: str | None, limit: int) -> list[DatasetRow]:
    """List a tenant's datasets by name, from those after a given name."""
    query = select(DatasetRow).where(DatasetRow.tenant == tenant, DatasetRow.version > 0)
    query = query.where(DatasetRow.name > (after or ""))
    return list(session.scalars(query.order_by(DatasetRow.name).limit(limit)))


def reserve_dataset(session: Session, tenant: str, name: str) -> DatasetRow:
    """Get a dataset, or add one that nothing has been written to yet."""
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


def lock_dataset(session: Session, dataset: DatasetRow) -> DatasetRow:
    """Get a dataset again, so that nobody else counts its version until this transaction ends."""
    row = session.get(DatasetRow, dataset.id, with_for_update=True)
    if row is None:
        raise Conflict(f"The dataset {dataset.name} was deleted while it was being written")
    return row


def find_version(session: Session, dataset_id: str, version: int) -> DatasetVersionRow | None:
    """Find one version of a dataset."""
    return session.get(DatasetVersionRow, (dataset_id, version))


def get_version(session: Session, dataset: DatasetRow, version: int) -> DatasetVersionRow:
    """Get one version of a dataset."""
    row = find_version(session, dataset.id, version)
    if row is None:
        raise NotFound(f"The dataset {dataset.name} has no version {version}")
    return row


def list_users(session: Session, dataset_id: str) -> list[str]:
    """List who still needs a dataset."""
    return list(session.scalars(select(DatasetUseRow.user).where(DatasetUseRow.dataset_id == dataset_id)))
