"""Erasure of customers: unreadable at once, removed from disk by a background job."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

import pyarrow as pa

from models.cells import integer_id
from service.datasets import repository
from service.datasets.change_log import ChangeAppender
from service.datasets.dataset_schema import CUSTOMER_ID
from service.datasets.fold import fold_dataset
from service.datasets.merge import without_customers
from service.datasets.rows import DatasetRow
from service.datasets.stored_customers import open_lookup
from service.datasets.stored_versions import DatasetAt, ledger_path, newest, table_path
from service.datasets.version_writer import LEDGER_VERSION
from service.errors import DatasetDeleted, NotFound, TableBusy, TableGone
from service.idempotency import operations as idempotency
from service.jobs import operations as jobs
from service.jobs.operations import JobResult, Progress
from service.jobs.rows import ERASE, JobRow
from service.stores import Stores
from service.stores.database import JsonObject, Session, now

# Paths of the tables that hold a dataset's customers, each with its live versions; None: the newest
# only.
TableVersions = Mapping[str, Sequence[int] | None]


def erase_customer(stores: Stores, tenant: str, name: str, customer_id: str) -> JobRow:
    """Delete a customer, unreadable from now on, and create the job that erases its data from disk.

    The deletion is a change of the dataset, and hides the customer in older versions and in derived
    tables, too. A customer in no version raises `NotFound`, but may still be in orphaned files of a
    failed write or of a failed purge; the job is created for those, too.
    """
    return stores.tables.retry(partial(_delete_customer, stores, tenant, name, customer_id))


def _delete_customer(stores: Stores, tenant: str, name: str, customer_id: str) -> JobRow:
    at = dataset, _ = newest(stores, tenant, name)
    ids = list(filter(None, (customer_id, integer_id(customer_id))))  # 17850.0 may be 17850
    stored = _find_stored(stores, at, ids)
    held = next((each for each in ids if each in stored or _is_held(stores, at, each)), None)
    if held is None:
        job = _plan_unused_files_purge(stores, dataset, customer_id)
        note = f"; the job {job.id} removes files of older writes" if job else ""
        raise NotFound(f"The dataset {name} has no such customer{note}")
    with stores.database.writing() as session:
        changes = ChangeAppender(session, at, [held], stored=stored & {held})
        changes.delete(held)
        changes.save()
        return _plan_purge(session, dataset)


def _find_stored(stores: Stores, at: DatasetAt, customer_ids: Sequence[str]) -> set[str]:
    """Return those of the customers that the stored version has and that are not deleted."""
    dataset, version = at
    rows = open_lookup(stores, at).find(customer_ids)
    with stores.database.reading() as session:
        deleted = repository.list_deleted(session, dataset.id, after=version.seq)
    stored = {each for each, row in zip(customer_ids, rows, strict=True) if row >= 0}
    return stored - deleted.keys()


def _is_held(stores: Stores, at: DatasetAt, customer_id: str) -> bool:
    """Return whether the changes or an older version of a dataset hold a customer.

    Raises `TableBusy` if an erasure has removed one of the versions meanwhile.
    """
    dataset, newest_version = at
    with stores.database.reading() as session:
        if repository.has_change(session, dataset.id, customer_id):
            return True
        deleted = repository.list_deleted(session, dataset.id, after=dataset.erased_seq)
        seq = deleted.get(customer_id, 0)
        versions = repository.list_versions(session, dataset.id)
    path = table_path(dataset.tenant, dataset.id)
    older = [v for v in versions if v.version != newest_version.version and v.seq >= seq]
    try:
        return any(
            stores.tables.find(path, v.table_version, v.customer_id, customer_id).num_rows
            for v in older
        )
    except TableGone as gone:
        with stores.database.reading() as session:
            if len(versions) > len(repository.list_versions(session, dataset.id)):
                raise TableBusy from gone
        raise


def _plan_unused_files_purge(
    stores: Stores, dataset: DatasetRow, customer_id: str
) -> JobRow | None:
    """Create a purge job if a file that no version needs holds a customer or cannot be read.

    Or if the customer was deleted but is not erased yet, as when an earlier job has failed.
    """
    with stores.database.reading() as session:
        tables = _table_versions(session, dataset.tenant, dataset.id)
        deleted = repository.list_deleted(session, dataset.id, after=dataset.erased_seq)
    results = (
        result
        for path, versions in tables.items()
        if stores.tables.exists(path)
        for result in stores.tables.search_unused_files(path, versions, customer_id)
    )
    if customer_id not in deleted and all(result == "absent" for result in results):
        return None
    with stores.database.writing() as session:
        return _plan_purge(session, repository.lock_dataset(session, dataset))


def _plan_purge(session: Session, locked: DatasetRow) -> JobRow:
    """Create the job of an erasure, or return a queued one, which does the same work."""
    return jobs.plan_unless_queued(
        session, locked.tenant, ERASE, {"tenant": locked.tenant, "dataset_id": locked.id}
    )


def run_erasure(stores: Stores, payload: JsonObject, attempt: int, progress: Progress) -> JobResult:
    """Run the erasure job: remove deleted customers from all tables and from stored responses."""
    progress("erasing", 0.0)
    _erase_deleted(stores, payload["tenant"], payload["dataset_id"])
    result = run_purge(stores, payload, attempt, progress)
    idempotency.forget_answers(stores.database, payload["tenant"])
    stores.database.forget_deleted()
    return result


def _erase_deleted(stores: Stores, tenant: str, dataset_id: str) -> None:
    """Write a version without the deleted customers, and remove them from derived tables.

    Older versions are deleted, and so are the cells that were written to them; runs which are still
    reading them cannot finish, so that afterwards no further table is derived from them.
    """
    with stores.database.reading() as session:
        dataset = repository.find_by_id(session, dataset_id)
        if dataset is None:
            return
        deleted = repository.list_deleted(session, dataset_id, after=dataset.erased_seq)
    if not deleted:
        return
    up_to = max(deleted.values())
    try:
        fold_dataset(stores, tenant, dataset.name)
        with stores.database.writing() as session:
            repository.lock_dataset(session, dataset)
            repository.delete_versions(session, dataset_id, before_seq=up_to)
            repository.clear_cells(session, dataset_id, up_to=up_to)
        _delete_from_derived(stores, dataset, deleted)
        with stores.database.writing() as session:
            repository.lock_dataset(session, dataset).erased_seq = up_to
        delete_expired_notices(stores)
    except (NotFound, DatasetDeleted):  # its tables are dropped
        return


def delete_expired_notices(stores: Stores) -> None:
    """Remove the ids of erased customers from the changes once their notice has expired."""
    with stores.database.writing() as session:
        repository.clear_deleted_ids(session, before=now() - stores.erasure_notice)


def run_purge(
    stores: Stores,
    payload: JsonObject,
    attempt: int,  # noqa: ARG001 - the signature of all jobs
    progress: Progress,
) -> JobResult:
    """Run the purge job: remove table files that no version of a dataset needs."""
    progress("purging", 0.0)
    purge(stores, payload["tenant"], payload["dataset_id"])
    return JobResult(finish=lambda _: {}, undo=lambda: None)


def purge(stores: Stores, tenant: str, dataset_id: str) -> None:
    """Remove the files that no version of a dataset or of its derived tables needs."""
    _purge_versioned(stores, tenant, dataset_id)
    with stores.database.reading() as session:
        derived = [row.path for row in repository.list_derived(session, dataset_id=dataset_id)]
    for path in filter(stores.tables.exists, derived):
        stores.tables.purge(path)


def list_unused_files(stores: Stores, tenant: str, dataset_id: str) -> list[str]:
    """List the files that `purge` would remove, by their paths in the table store."""
    with stores.database.reading() as session:
        tables = _table_versions(session, tenant, dataset_id)
    existing = [(path, versions) for path, versions in tables.items() if stores.tables.exists(path)]
    return [
        f"{path}/{name}"
        for path, versions in existing
        for name in stores.tables.unused_files(path, versions)
    ]


def _purge_versioned(stores: Stores, tenant: str, dataset_id: str) -> None:
    """Purge the tables whose versions are numbered.

    Their live versions are read under the dataset's row lock.
    """
    paths = (table_path(tenant, dataset_id), ledger_path(tenant, dataset_id))
    purges = {path: stores.tables.open_purge(path) for path in filter(stores.tables.exists, paths)}
    with stores.database.writing() as session:
        if repository.find_locked(session, dataset_id) is None:
            return
        tables = _table_versions(session, tenant, dataset_id)
        for path, purge in purges.items():
            purge.begin(tables[path])
    for purge in purges.values():
        purge.finish()


def _delete_from_derived(stores: Stores, dataset: DatasetRow, deleted: Mapping[str, int]) -> None:
    """Remove customers, deleted at some seq, from the tables derived from earlier versions."""
    with stores.database.reading() as session:
        derived = repository.list_derived(session, dataset_id=dataset.id)
    for row in derived:
        customers = {customer for customer, seq in deleted.items() if seq > row.seq}
        if customers and stores.tables.exists(row.path):
            stores.tables.modify(row.path, partial(_without, customers))


def _without(customers: Collection[str], table: pa.Table) -> pa.Table:
    return without_customers(table, CUSTOMER_ID, customers)


def _table_versions(session: Session, tenant: str, dataset_id: str) -> TableVersions:
    dataset = repository.find_by_id(session, dataset_id)
    recipe = (dataset and dataset.recipe) or {}
    return {
        table_path(tenant, dataset_id): repository.list_table_versions(session, dataset_id),
        ledger_path(tenant, dataset_id): [recipe[LEDGER_VERSION]] if recipe else [],
        **{row.path: None for row in repository.list_derived(session, dataset_id=dataset_id)},
    }
