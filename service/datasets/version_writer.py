"""Writes of stored versions with optimistic locking."""

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pyarrow as pa

from service.datasets import repository
from service.datasets.changes import read_changes
from service.datasets.dataset_schema import CUSTOMER_ID, TableContent, content_of, rebase_dates
from service.datasets.merge import without_customers
from service.datasets.rows import REPLACED, UPSERTED, ChangeKind, DatasetRow, DatasetVersionRow
from service.datasets.stored_versions import (
    DatasetAt,
    busy_if_replaced,
    ledger_path,
    newest,
    table_path,
)
from service.errors import DatasetDeleted, TableBusy, TableGone
from service.jobs import operations as jobs
from service.jobs.rows import COMPACT
from service.stores import Stores
from service.stores.database import JsonObject, Session, now

LEDGER_VERSION = "ledger_version"
VERSIONS_BETWEEN_COMPACTIONS = 10
MAX_LISTED = 10_000  # customers that a write lists among the changes one by one


@dataclass(frozen=True, kw_only=True)
class NextVersion:
    """Next version of a dataset, ready to be written.

    `ledger` aggregates the transactions of the dataset according to `recipe`. `base` is the stored
    version that this one is derived from, together with the changes up to `seq`; None if it
    replaces everything. `number` is set by a fold, which adds changes and no write of its own.
    `changed` are the customers that this write has changed, None if it may be any of them. `keep`
    is called last, in the transaction that commits the version.
    """

    dataset: DatasetRow
    base: int | None
    seq: int = 0
    number: int | None = None
    table: pa.Table
    content: TableContent
    recipe: JsonObject | None = None
    ledger: pa.Table | None = None
    changed: Collection[str] | None = None
    keep: Callable[[Session, DatasetAt], None] = lambda *_: None


def build_next_version(
    at: DatasetAt,
    table: pa.Table,
    content: TableContent,
    keep: Callable[[Session, DatasetAt], None] = lambda *_: None,
) -> NextVersion:
    """Build the next version from a table that was derived from version `at`."""
    dataset, version = at
    return NextVersion(
        dataset=dataset,
        base=version.version,
        seq=dataset.seq,
        table=table,
        content=content,
        recipe=dataset.recipe,
        keep=keep,
    )


@dataclass(frozen=True, kw_only=True)
class CurrentTable:
    """The rows of a stored version with the changes since, and their description.

    `number` is the dataset's version number at the last of the changes.
    """

    table: pa.Table
    content: TableContent
    number: int


def read_current(stores: Stores, at: DatasetAt, *, up_to: int | None = None) -> CurrentTable:
    """Read the newest version with the changes since, or those up to a seq.

    If customers were deleted, the description no longer depends on them. Raises TableBusy if a
    newer version has replaced this one.
    """
    dataset, version = at
    changes = read_changes(stores.database, version, up_to=dataset.seq if up_to is None else up_to)
    path = table_path(dataset.tenant, dataset.id)
    with busy_if_replaced(stores, at):
        table = changes.merge_into(stores.tables.read(path, version.table_version))
    content = content_of(version)
    if changes.deleted:
        table, content = rebase_dates(table, content)
    return CurrentTable(table=table, content=content, number=changes.version)


def read_ledger(stores: Stores, at: DatasetAt, recipe: JsonObject) -> pa.Table:
    """Read the ledger of a dataset without its deleted customers.

    Raises TableBusy if a newer one has replaced it.
    """
    dataset, version = at
    with stores.database.reading() as session:
        deleted = repository.list_deleted(session, dataset.id, after=version.seq)
    path = ledger_path(dataset.tenant, dataset.id)
    try:
        ledger = stores.tables.read(path, recipe[LEDGER_VERSION])
    except TableGone as gone:
        raise TableBusy from gone
    return without_customers(ledger, CUSTOMER_ID, deleted)


def write_next(stores: Stores, plan: Callable[[], NextVersion]) -> DatasetAt:
    """Write the next version of a dataset.

    Calls `plan` again if another write was committed meanwhile.
    """
    return stores.tables.retry(lambda: write_once(stores, plan()))


def change_next(
    stores: Stores, tenant: str, name: str, plan: Callable[[DatasetAt], NextVersion]
) -> DatasetAt:
    """Derive the next version of a dataset from its newest one, one writer at a time."""

    def change() -> DatasetAt:
        with stores.tables.write_lock(f"{tenant}/{name}"):
            return write_once(stores, plan(newest(stores, tenant, name)))

    return stores.tables.retry(change)


def write_once(stores: Stores, planned: NextVersion) -> DatasetAt:
    """Stage the files, then commit them under the dataset's row lock.

    Raises TableBusy if the base is no longer newest.

    A failure before the row is updated leaves the dataset unchanged: table versions without a row
    are never read.
    """
    dataset = planned.dataset
    with ExitStack() as staging:
        table = staging.enter_context(
            stores.tables.stage(table_path(dataset.tenant, dataset.id), planned.table)
        )
        if planned.ledger is not None:
            path = ledger_path(dataset.tenant, dataset.id)
            ledger = staging.enter_context(stores.tables.stage(path, planned.ledger))
        with _lock_for_write(stores, dataset) as (session, locked):
            _require_unchanged(session, locked, planned)
            locked.recipe = planned.recipe
            if planned.ledger is not None:
                locked.recipe = {**(planned.recipe or {}), LEDGER_VERSION: ledger.commit()}
            at = _add_version(session, stores, locked, table.commit(), planned)
            planned.keep(session, at)
    return at


def _require_unchanged(session: Session, locked: DatasetRow, planned: NextVersion) -> None:
    """Raise TableBusy if there is a newer version or, except for a fold, a newer change."""
    if planned.base is None:
        return
    is_newest = repository.get_newest_version(session, locked).version == planned.base
    if not is_newest or (planned.number is None and locked.seq != planned.seq):
        raise TableBusy


@contextmanager
def _lock_for_write(stores: Stores, dataset: DatasetRow) -> Iterator[tuple[Session, DatasetRow]]:
    """Lock the dataset's row; drops the tables again if the dataset was deleted meanwhile."""
    try:
        with stores.database.writing() as session:
            yield session, repository.lock_dataset(session, dataset)
    except DatasetDeleted:
        for path in (
            table_path(dataset.tenant, dataset.id),
            ledger_path(dataset.tenant, dataset.id),
        ):
            stores.tables.drop(path)
        raise


def _add_version(
    session: Session, stores: Stores, locked: DatasetRow, table_version: int, planned: NextVersion
) -> DatasetAt:
    """Record a committed table version as a version of the dataset."""
    seq = planned.seq
    if planned.number is None:
        locked.version += 1
        locked.n_customers, locked.updated_at = planned.table.num_rows, now()
        seq = _add_changes(session, locked, planned.changed)
    values = {
        **vars(planned.content),
        "version": planned.number or locked.version,
        "seq": seq,
        "table_version": table_version,
    }
    version = repository.add_version(session, locked, values)
    _delete_old_versions(session, stores, locked, version)
    return DatasetAt(locked, version)


def _add_changes(session: Session, locked: DatasetRow, changed: Collection[str] | None) -> int:
    """List the customers that a write has changed, without cells; return the last seq."""
    kind: ChangeKind = UPSERTED
    customers: list[str | None] = list(changed or ())
    if changed is None or len(changed) > MAX_LISTED:
        kind, customers = REPLACED, [None]
    common = {
        "dataset_id": locked.id,
        "version": locked.version,
        "kind": kind,
        "cells": None,
        "written_at": locked.updated_at,
    }
    changes = [
        {**common, "seq": seq, "customer_id": customer}
        for seq, customer in enumerate(customers, start=locked.seq + 1)
    ]
    if changes:
        repository.add_changes(session, changes)
    locked.seq += len(changes)
    return locked.seq


def _delete_old_versions(
    session: Session, stores: Stores, dataset: DatasetRow, newest: DatasetVersionRow
) -> None:
    """Delete old versions that are not pinned.

    Every few versions, create the job that removes their files.
    """
    repository.delete_unused_versions(session, dataset.id, keep=stores.dataset_versions)
    if newest.table_version % VERSIONS_BETWEEN_COMPACTIONS == 0:
        jobs.create_job(
            session, dataset.tenant, COMPACT, {"tenant": dataset.tenant, "dataset_id": dataset.id}
        )
