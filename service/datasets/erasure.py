"""Erasure of customers: unreadable at once, removed from disk by a background job."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from models.cells import integer_id
from service.datasets import repository
from service.datasets.dataset_schema import CUSTOMER_ID, content_of, rebase_dates, recount
from service.datasets.rows import DatasetRow
from service.datasets.stored_versions import DatasetAt, ledger_path, newest, table_path
from service.datasets.version_writer import (
    LEDGER_VERSION,
    NextVersion,
    build_next_version,
    change_next,
    read_base,
    read_ledger,
)
from service.errors import NotFound, TableBusy, TableGone
from service.idempotency import repository as idempotency
from service.jobs import operations as jobs
from service.jobs.operations import JobResult, Progress
from service.jobs.rows import ERASE, JobRow
from service.stores import Stores
from service.stores.database import JsonObject, Session

# Paths of the tables that hold a dataset's customers, each with its live versions; None: the newest
# only.
TableVersions = Mapping[str, Sequence[int] | None]


def erase_customer(stores: Stores, tenant: str, name: str, customer_id: str) -> JobRow:
    """Make a customer unreadable at once, and create the job that removes its data from disk.

    Older versions of the dataset are deleted as well, since they hold the customer too, and so are
    the customer's rows in derived tables. A customer in no version raises `NotFound`, but may still
    be in orphaned files of a failed write or of a failed purge; the job is created for those, too.
    """
    dataset, _ = newest(stores, tenant, name)
    held = _find_held(stores, dataset, customer_id)
    if held is None:
        job = _plan_unused_files_purge(stores, dataset, customer_id)
        note = f"; the job {job.id} removes files of older writes" if job else ""
        raise NotFound(f"The dataset {name} has no such customer{note}")
    _delete_from_derived(stores, dataset, held)  # first, so that a failure here can be retried
    planned: list[JobRow] = []

    change_next(stores, tenant, name, lambda at: _without_customer(stores, at, held, planned))
    _delete_from_derived(stores, dataset, held)  # again, since a run may have finished in between
    return planned[0]


def _find_held(stores: Stores, dataset: DatasetRow, customer_id: str) -> str | None:
    """Find the id under which a dataset holds a customer: one who is named 17850.0 may be 17850."""
    ids = filter(None, (customer_id, integer_id(customer_id)))
    return next(
        (
            each
            for each in ids
            if stores.tables.retry(partial(_contains_customer, stores, dataset, each))
        ),
        None,
    )


def _without_customer(
    stores: Stores, at: DatasetAt, customer_id: str, planned: list[JobRow]
) -> NextVersion:
    """Build the next version without a customer.

    Its callback deletes older versions and sets `planned` to the job.
    """
    dataset, version = at
    remaining = _without(read_base(stores, at), version.customer_id, customer_id)
    remaining, content = rebase_dates(remaining, content_of(version))

    def delete_older(session: Session, counted: DatasetAt) -> None:
        repository.delete_versions(session, dataset.id, before=counted[0].version)
        repository.delete_changes(session, counted[0])
        idempotency.forget_answers(session, dataset.tenant)
        planned[:] = [_plan_purge(session, dataset)]

    successor = build_next_version(at, remaining, recount(content, remaining), delete_older)
    if dataset.recipe is None:
        return successor
    ledger = read_ledger(stores, dataset, dataset.recipe)
    return replace(successor, ledger=_without(ledger, CUSTOMER_ID, customer_id))


def _plan_unused_files_purge(
    stores: Stores, dataset: DatasetRow, customer_id: str
) -> JobRow | None:
    """Create a purge job if a file that no version needs holds a customer or cannot be read."""
    with stores.database.reading() as session:
        tables = _table_versions(session, dataset.tenant, dataset.id)
    results = (
        result
        for path, versions in tables.items()
        if stores.tables.exists(path)
        for result in stores.tables.search_unused_files(path, versions, customer_id)
    )
    if all(result == "absent" for result in results):
        return None
    with stores.database.writing() as session:
        return _plan_purge(session, repository.lock_dataset(session, dataset))


def _plan_purge(session: Session, locked: DatasetRow) -> JobRow:
    """Create the job of an erasure, or return a queued one, which does the same work."""
    return jobs.plan_unless_queued(
        session, locked.tenant, ERASE, {"tenant": locked.tenant, "dataset_id": locked.id}
    )


def run_erasure(stores: Stores, payload: JsonObject, attempt: int, progress: Progress) -> JobResult:
    """Run the erasure job: remove erased customers from table files and deleted database pages."""
    result = run_purge(stores, payload, attempt, progress)
    stores.database.forget_deleted()
    return result


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


def _without(table: pa.Table, column: str, customer_id: str) -> pa.Table:
    return table.filter(pc.not_equal(table[column], customer_id))


def _contains_customer(stores: Stores, dataset: DatasetRow, customer_id: str) -> bool:
    """Return whether any readable version of a dataset holds a customer, newest version first.

    Raises `TableBusy` if an erasure has deleted one of the versions meanwhile.
    """
    with stores.database.reading() as session:
        if repository.has_change(session, dataset.id, customer_id):
            return True
        versions = repository.list_versions(session, dataset.id)
    path = table_path(dataset.tenant, dataset.id)
    try:
        return any(
            stores.tables.find(
                path, version.table_version, version.customer_id, customer_id
            ).num_rows
            for version in versions
        )
    except TableGone as gone:
        with stores.database.reading() as session:
            if len(versions) > len(repository.list_versions(session, dataset.id)):
                raise TableBusy from gone
        raise


def _delete_from_derived(stores: Stores, dataset: DatasetRow, customer_id: str) -> None:
    with stores.database.reading() as session:
        derived = [row.path for row in repository.list_derived(session, dataset_id=dataset.id)]
    for path in filter(stores.tables.exists, derived):
        stores.tables.modify(path, lambda table: _without(table, CUSTOMER_ID, customer_id))


def _table_versions(session: Session, tenant: str, dataset_id: str) -> TableVersions:
    dataset = repository.find_by_id(session, dataset_id)
    recipe = (dataset and dataset.recipe) or {}
    return {
        table_path(tenant, dataset_id): repository.list_table_versions(session, dataset_id),
        ledger_path(tenant, dataset_id): [recipe[LEDGER_VERSION]] if recipe else [],
        **{row.path: None for row in repository.list_derived(session, dataset_id=dataset_id)},
    }
