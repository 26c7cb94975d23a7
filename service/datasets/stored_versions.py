"""Lookups of datasets and their stored versions, their pins, and the paths of their tables."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, NamedTuple, TypeVar

from service.datasets import repository
from service.datasets.rows import DatasetRow, DatasetUseRow, DatasetVersionRow
from service.errors import NotFound, TableBusy, TableGone
from service.stores import Stores
from service.stores.database import Session

ATTEMPTS: Final = 10

Result = TypeVar("Result")


class DatasetAt(NamedTuple):
    """A dataset and one of its stored versions."""

    dataset: DatasetRow
    version: DatasetVersionRow


def table_path(tenant: str, dataset_id: str) -> str:
    """Return the path of a dataset's table in the table store."""
    return f"{tenant}/{dataset_id}"


def ledger_path(tenant: str, dataset_id: str) -> str:
    """Return the path of the table that aggregates the transactions of a dataset."""
    return f"{tenant}/ledgers/{dataset_id}"


def newest(stores: Stores, tenant: str, name: str) -> DatasetAt:
    """Get a dataset and its newest version."""
    with stores.database.reading() as session:
        return find_at(session, tenant, name, None)


def find_at(session: Session, tenant: str, name: str, version: int | None) -> DatasetAt:
    """Get a dataset and one of its stored versions, the newest by default."""
    dataset = repository.get_dataset(session, tenant, name)
    if version is None:
        return DatasetAt(dataset, repository.get_newest_version(session, dataset))
    return DatasetAt(dataset, repository.get_version(session, dataset, version))


def get_version_by_id(session: Session, dataset_id: str, version: int) -> DatasetVersionRow:
    """Get a version of a dataset by the dataset's id."""
    row = repository.find_version(session, dataset_id, version)
    if row is None:
        raise version_gone(version)
    return row


def version_gone(version: int) -> NotFound:
    """Build the error for a version that was deleted."""
    return NotFound(
        f"Version {version} of the dataset is gone: it was deleted, or a customer was erased "
        "from it"
    )


def get_version_or_newest(session: Session, dataset_id: str, version: int) -> DatasetVersionRow:
    """Get a version of a dataset, or the newest one if an erasure has deleted that version."""
    dataset = repository.find_by_id(session, dataset_id)
    row = repository.find_version(session, dataset_id, version)
    if row is None and dataset is not None:
        row = repository.get_newest_version(session, dataset)
    return row or get_version_by_id(session, dataset_id, version)


def retry_while_erased(read: Callable[[], Result]) -> Result:
    """Call `read`, which gets its version anew, again if an erasure has removed the files of that.

    Raises TableGone after the last attempt.
    """
    for _ in range(ATTEMPTS - 1):
        with suppress(TableGone):
            return read()
    return read()


def is_available(session: Session, dataset_id: str, version: int) -> bool:
    """Return whether a version of a dataset can still be read."""
    return repository.find_version(session, dataset_id, version) is not None


def pin_version(session: Session, dataset_id: str, version: int, user: str) -> None:
    """Pin a version of a dataset for a user of it, such as a model, so that it is not deleted."""
    session.merge(DatasetUseRow(dataset_id=dataset_id, version=version, user=user))


def unpin_version(session: Session, dataset_id: str, version: int, user: str) -> None:
    """Remove the pin of a user on a version of a dataset."""
    row = session.get(DatasetUseRow, (dataset_id, version, user))
    if row is not None:
        session.delete(row)


@contextmanager
def busy_if_replaced(stores: Stores, at: DatasetAt) -> Iterator[None]:
    """Raise TableBusy if a block finds the table of a version gone that is no longer newest."""
    dataset, version = at
    try:
        yield
    except TableGone as gone:
        if newest(stores, dataset.tenant, dataset.name)[1].version != version.version:
            raise TableBusy from gone
        raise
