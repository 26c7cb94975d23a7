"""Customers erased: unreadable at once, and gone from the disk by a job."""

import pyarrow as pa
import pyarrow.compute as pc

from service.datasets import repository
from service.datasets.contents import Content, content_of, recounted, settled
from service.datasets.operations import (
    CUSTOMER_ID,
    LEDGER_VERSION,
    ledger_path,
    newest,
    record_write,
    recording,
    table_path,
)
from service.datasets.rows import DatasetRow
from service.errors import NotFound
from service.idempotency import repository as idempotency
from service.jobs import operations as jobs
from service.jobs.operations import Outcome, Progress
from service.jobs.rows import JobRow
from service.stores import Stores
from service.stores.database import JsonObject

ERASE = "erase"


def erase_customer(stores: Stores, tenant: str, name: str, customer_id: str) -> JobRow:
    """Make a customer unreadable at once, and write down the job that removes what is left on the disk.

    Older versions of the dataset go with it, as they hold the customer, too. So do the customer's rows in the tables
    that were made from the dataset.
    """
    dataset, _ = newest(stores, tenant, name)
    path = table_path(tenant, dataset.id)
    if not _holds(stores, dataset, customer_id):
        raise NotFound(f"The dataset {name} has no such customer")
    _forget_in_derived(stores, dataset, customer_id)  # before: whatever breaks off here can be asked for again
    kept: list[Content] = []

    def drop(table: pa.Table) -> pa.Table:
        _, version = newest(stores, tenant, name)
        read, content = settled(table, content_of(version))
        left = _without(read, content.customer_id, customer_id)
        kept[:] = [recounted(content, left)]
        return left

    table_version = stores.tables.modify(path, drop)
    with recording(stores, dataset) as session:
        locked, _ = record_write(session, stores, dataset, table_version, kept[0])
        if locked.recipe is not None:
            ledger_version = _forget(stores, ledger_path(tenant, dataset.id), customer_id)
            locked.recipe = {**locked.recipe, LEDGER_VERSION: ledger_version}
        repository.delete_versions(session, dataset.id, before=locked.version)
        idempotency.forget_answers(session, tenant)
        job = jobs.plan_job(session, tenant, ERASE, {"tenant": tenant, "dataset_id": dataset.id})
    _forget_in_derived(stores, dataset, customer_id)  # and after: a run may have finished in between
    return job


def purge_table(stores: Stores, payload: JsonObject, attempt: int, progress: Progress) -> Outcome:  # noqa: ARG001 - the interface of what a worker does
    """Remove from the disk what no version of a dataset needs any more, as a job."""
    progress("purging", 0.0)
    for path, versions in _tables_of(stores, payload["tenant"], payload["dataset_id"]).items():
        if stores.tables.exists(path):
            stores.tables.purge(path, keep=versions)
    return Outcome(finish=lambda _: {}, undo=lambda: None)


def _forget(stores: Stores, path: str, customer_id: str) -> int:
    return stores.tables.modify(path, lambda table: _without(table, CUSTOMER_ID, customer_id))


def _without(table: pa.Table, column: str, customer_id: str) -> pa.Table:
    return table.filter(pc.not_equal(table[column], customer_id))


def _holds(stores: Stores, dataset: DatasetRow, customer_id: str) -> bool:
    """Tell whether any version of a dataset that can be read holds a customer, the newest first."""
    with stores.database.reading() as session:
        versions = repository.list_versions(session, dataset.id)
    path = table_path(dataset.tenant, dataset.id)
    return any(
        stores.tables.find(path, version.table_version, version.customer_id, customer_id).num_rows
        for version in versions
    )


def _forget_in_derived(stores: Stores, dataset: DatasetRow, customer_id: str) -> None:
    with stores.database.reading() as session:
        derived = [row.path for row in repository.list_derived(session, dataset_id=dataset.id)]
    for path in filter(stores.tables.exists, derived):
        _forget(stores, path, customer_id)


def _tables_of(stores: Stores, tenant: str, dataset_id: str) -> dict[str, list[int]]:
    """Name the tables that hold a dataset's customers, each with the versions that are still needed."""
    with stores.database.reading() as session:
        dataset = repository.find_by_id(session, dataset_id)
        recipe = (dataset and dataset.recipe) or {}
        return {
            table_path(tenant, dataset_id): repository.list_table_versions(session, dataset_id),
            ledger_path(tenant, dataset_id): [recipe[LEDGER_VERSION]] if recipe else [],
            **{row.path: [] for row in repository.list_derived(session, dataset_id=dataset_id)},
        }
