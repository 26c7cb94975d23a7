"""Customers erased: unreadable at once, and gone from the disk by a job."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from service.datasets import repository
from service.datasets.dataset_schema import content_of, counted_from_those_left, with_new_counts
from service.datasets.operations import (
    CUSTOMER_ID,
    LEDGER_VERSION,
    DatasetAt,
    NextVersion,
    change_next,
    following,
    ledger_path,
    newest,
    read_base,
    read_ledger,
    table_path,
)
from service.datasets.rows import DatasetRow
from service.errors import NotFound, TableBusy, TableGone
from service.idempotency import repository as idempotency
from service.jobs import operations as jobs
from service.jobs.operations import JobResult, Progress
from service.jobs.rows import ERASE, JobRow
from service.stores import Stores
from service.stores.database import JsonObject, Session

# The tables that hold a dataset's customers, each with the versions that are counted; None where the newest one is.
Holders = Mapping[str, Sequence[int] | None]


def erase_customer(stores: Stores, tenant: str, name: str, customer_id: str) -> JobRow:
    """Make a customer unreadable at once, and write down the job that removes what is left on the disk.

    Older versions of the dataset go with it, as they hold the customer, too. So do the customer's rows in the tables
    that were made from the dataset. One who is in no version is not found, but may be in files that no row names,
    of a write that broke off or of an erasure whose job has not ended well: then that job is written down, too.
    """
    dataset, _ = newest(stores, tenant, name)
    if not stores.tables.retried(lambda: _holds(stores, dataset, customer_id)):
        job = _purge_leftovers(stores, dataset, customer_id)
        rest = f"; the job {job.id} removes files of older writes" if job else ""
        raise NotFound(f"The dataset {name} has no such customer{rest}")
    _forget_in_derived(stores, dataset, customer_id)  # before: whatever breaks off here can be asked for again
    planned: list[JobRow] = []

    change_next(stores, tenant, name, lambda at: _without_customer(stores, at, customer_id, planned))
    _forget_in_derived(stores, dataset, customer_id)  # and after: a run may have finished in between
    return planned[0]


def _without_customer(stores: Stores, at: DatasetAt, customer_id: str, planned: list[JobRow]) -> NextVersion:
    """Leave a customer out of the next version, and forget all before it; its job becomes the one that is planned."""
    dataset, version = at
    left = _without(read_base(stores, at), version.customer_id, customer_id)
    left, content = counted_from_those_left(left, content_of(version))

    def forget(session: Session, counted: DatasetAt) -> None:
        repository.delete_versions(session, dataset.id, before=counted[0].version)
        idempotency.forget_answers(session, dataset.tenant)
        planned[:] = [_plan_purge(session, dataset)]

    after = following(at, left, with_new_counts(content, left), forget)
    if dataset.recipe is None:
        return after
    ledger = read_ledger(stores, dataset, dataset.recipe)
    return replace(after, ledger=_without(ledger, CUSTOMER_ID, customer_id))


def _purge_leftovers(stores: Stores, dataset: DatasetRow, customer_id: str) -> JobRow | None:
    """Plan to remove the files that no version needs, if one of them holds a customer or cannot be read."""
    with stores.database.reading() as session:
        holders = _holders(session, dataset.tenant, dataset.id)
    results = (
        result
        for path, keep in holders.items()
        if stores.tables.exists(path)
        for result in stores.tables.search_leftovers(path, keep, customer_id)
    )
    if all(result == "absent" for result in results):
        return None
    with stores.database.writing() as session:
        return _plan_purge(session, repository.lock_dataset(session, dataset))


def _plan_purge(session: Session, locked: DatasetRow) -> JobRow:
    """Write down the job of an erasure; one that has not begun yet does what this one would."""
    return jobs.plan_unless_queued(session, locked.tenant, ERASE, {"tenant": locked.tenant, "dataset_id": locked.id})


def erase_for_good(stores: Stores, payload: JsonObject, attempt: int, progress: Progress) -> JobResult:
    """Remove erased customers from the disk, as a job: from tables, and from what the database has deleted."""
    outcome = purge_tables(stores, payload, attempt, progress)
    stores.database.forget_deleted()
    return outcome


def purge_tables(stores: Stores, payload: JsonObject, attempt: int, progress: Progress) -> JobResult:  # noqa: ARG001 - the interface of what a worker does
    """Remove from the disk what no version of a dataset needs any more, as a job."""
    progress("purging", 0.0)
    purge(stores, payload["tenant"], payload["dataset_id"])
    return JobResult(finish=lambda _: {}, undo=lambda: None)


def purge(stores: Stores, tenant: str, dataset_id: str) -> None:
    """Remove the files that no version of a dataset needs, nor of the tables that were made from it."""
    _purge_counted(stores, tenant, dataset_id)
    with stores.database.reading() as session:
        derived = [row.path for row in repository.list_derived(session, dataset_id=dataset_id)]
    for path in filter(stores.tables.exists, derived):
        stores.tables.purge(path)


def list_leftovers(stores: Stores, tenant: str, dataset_id: str) -> list[str]:
    """List those files, by their paths in the table store."""
    with stores.database.reading() as session:
        holders = _holders(session, tenant, dataset_id)
    there = [(path, keep) for path, keep in holders.items() if stores.tables.exists(path)]
    return [f"{path}/{name}" for path, keep in there for name in stores.tables.leftovers(path, keep)]


def _purge_counted(stores: Stores, tenant: str, dataset_id: str) -> None:
    """Purge the tables whose versions are counted; which ones those are is asked while nobody can count another."""
    paths = (table_path(tenant, dataset_id), ledger_path(tenant, dataset_id))
    purges = {path: stores.tables.open_purge(path) for path in filter(stores.tables.exists, paths)}
    with stores.database.writing() as session:
        if repository.find_locked(session, dataset_id) is None:
            return
        holders = _holders(session, tenant, dataset_id)
        for path, purge in purges.items():
            purge.begin(holders[path])
    for purge in purges.values():
        purge.finish()


def _without(table: pa.Table, column: str, customer_id: str) -> pa.Table:
    return table.filter(pc.not_equal(table[column], customer_id))


def _holds(stores: Stores, dataset: DatasetRow, customer_id: str) -> bool:
    """Tell whether any version of a dataset that can be read holds a customer, the newest first.

    TableBusy if an erasure has forgotten one of them meanwhile.
    """
    with stores.database.reading() as session:
        versions = repository.list_versions(session, dataset.id)
    path = table_path(dataset.tenant, dataset.id)
    try:
        return any(
            stores.tables.find(path, version.table_version, version.customer_id, customer_id).num_rows
            for version in versions
        )
    except TableGone as gone:
        with stores.database.reading() as session:
            if len(versions) > len(repository.list_versions(session, dataset.id)):
                raise TableBusy from gone
        raise


def _forget_in_derived(stores: Stores, dataset: DatasetRow, customer_id: str) -> None:
    with stores.database.reading() as session:
        derived = [row.path for row in repository.list_derived(session, dataset_id=dataset.id)]
    for path in filter(stores.tables.exists, derived):
        stores.tables.modify(path, lambda table: _without(table, CUSTOMER_ID, customer_id))


def _holders(session: Session, tenant: str, dataset_id: str) -> Holders:
    dataset = repository.find_by_id(session, dataset_id)
    recipe = (dataset and dataset.recipe) or {}
    return {
        table_path(tenant, dataset_id): repository.list_table_versions(session, dataset_id),
        ledger_path(tenant, dataset_id): [recipe[LEDGER_VERSION]] if recipe else [],
        **{row.path: None for row in repository.list_derived(session, dataset_id=dataset_id)},
    }
