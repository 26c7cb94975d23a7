"""Reads of stored versions, and of the tables derived from them, without deleted customers.

A deleted customer is in these tables until a job has erased it from them.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from service.datasets import repository
from service.datasets.changes import PlacedChanges, read_changes
from service.datasets.dataset_schema import CUSTOMER_ID
from service.datasets.merge import without_customers
from service.datasets.rows import DatasetVersionRow
from service.datasets.stored_versions import DatasetAt, busy_if_replaced, table_path
from service.errors import NotFound
from service.stores import Stores
from service.stores.database import Session

if TYPE_CHECKING:
    from service.stores.lookup import Lookup


def read_customers(
    stores: Stores, tenant: str, version: DatasetVersionRow, columns: Sequence[str] | None = None
) -> pa.Table:
    """Read a stored version; `columns` selects columns."""
    path, key = table_path(tenant, version.dataset_id), version.customer_id
    with stores.database.reading() as session:
        deleted = _find_deleted(session, version.dataset_id, after=version.seq)
    if not deleted or columns is None:
        return without_customers(
            stores.tables.read(path, version.table_version, columns), key, deleted
        )
    table = stores.tables.read(path, version.table_version, list(dict.fromkeys([key, *columns])))
    return without_customers(table, key, deleted).select(columns)


def read_customer_batches(
    stores: Stores,
    tenant: str,
    version: DatasetVersionRow,
    columns: Sequence[str],
    *,
    start: int = 0,
) -> Iterator[pa.RecordBatch]:
    """Read columns of a stored version in batches, from the stored row `start` on."""
    path, key = table_path(tenant, version.dataset_id), version.customer_id
    with stores.database.reading() as session:
        deleted = _find_deleted(session, version.dataset_id, after=version.seq)
    if not deleted:
        return stores.tables.batches(path, version.table_version, columns, start=start)
    read = list(dict.fromkeys([key, *columns]))
    batches = stores.tables.batches(path, version.table_version, read, start=start)
    return (batch.select(columns) for batch in _without(batches, key, deleted))


def read_derived_batches(
    stores: Stores, dataset_id: str, path: str, *, start: int = 0
) -> Iterator[pa.RecordBatch]:
    """Read a table derived from a dataset's customers in batches, from the row `start` on."""
    with stores.database.reading() as session:
        derived = repository.find_derived(session, path)
        deleted = _find_deleted(session, dataset_id, after=derived.seq if derived else 0)
    batches = stores.tables.batches(path, start=start)
    return _without(batches, CUSTOMER_ID, deleted) if deleted else batches


def customers_key(session: Session, version: DatasetVersionRow) -> tuple[str, int, int]:
    """Return what identifies the customers that a read of a stored version returns."""
    deleted = _find_deleted(session, version.dataset_id, after=version.seq)
    return version.dataset_id, version.version, max(deleted.values(), default=0)


def open_lookup(stores: Stores, at: DatasetAt) -> "Lookup":
    """Open the lookup file of the newest version; raises TableBusy if a newer one replaced it."""
    dataset, version = at
    with busy_if_replaced(stores, at):
        return stores.tables.lookup(table_path(dataset.tenant, dataset.id), version.table_version)


def list_customers(
    stores: Stores, at: DatasetAt, *, seq: int, start: int
) -> Iterator[pa.RecordBatch]:
    """Read a stored version with the changes up to a seq, in batches from the row `start` on.

    Raises NotFound if these changes are no longer kept, or a customer was deleted since.
    """
    dataset, version = at
    path = table_path(dataset.tenant, dataset.id)
    with stores.database.reading() as session:
        is_deleted_from = _find_deleted(session, dataset.id, after=seq)
    if is_deleted_from or (version.seq < seq and version.seq < dataset.trimmed_seq):
        raise NotFound("The page is no longer available; list the customers again")
    if seq <= version.seq:
        return stores.tables.batches(path, version.table_version, start=start)

    def read() -> PlacedChanges:
        changes = read_changes(stores.database, version, up_to=seq)
        lookup = stores.tables.lookup(path, version.table_version)
        return PlacedChanges.of(changes, lookup.find, n_stored=version.n_customers)

    placed: PlacedChanges = stores.changes.get((dataset.id, version.version, seq), read)
    return placed.merge_batches(
        lambda row: stores.tables.batches(path, version.table_version, start=row), start=start
    )


def _find_deleted(session: Session, dataset_id: str, *, after: int) -> dict[str, int]:
    """Return the customers of a dataset that were deleted after a seq and are not erased yet.

    Each with the seq of its deletion.
    """
    dataset = repository.find_by_id(session, dataset_id)
    if dataset is None:
        return {}
    return repository.list_deleted(session, dataset_id, after=max(after, dataset.erased_seq))


def _without(
    batches: Iterator[pa.RecordBatch], key: str, customer_ids: Collection[str]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        table = without_customers(pa.Table.from_batches([batch]), key, customer_ids)
        yield from table.to_batches()
