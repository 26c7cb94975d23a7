"""The changes on top of a dataset's stored version: added, read, and folded into it."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from service.datasets import repository
from service.datasets.changes import PlacedChanges, read_changes
from service.datasets.dataset_schema import content_of, recount
from service.datasets.repository import Counters
from service.datasets.stored_versions import DatasetAt, busy_if_replaced, find_at, table_path
from service.datasets.version_writer import NextVersion, build_next_version, write_once
from service.errors import DatasetDeleted, NotFound, TableBusy, Unavailable
from service.jobs import operations as jobs
from service.jobs.operations import JobResult, Progress
from service.jobs.rows import FOLD
from service.stores import Stores
from service.stores.database import JsonObject, Session, now

if TYPE_CHECKING:
    from service.stores.lookup import Lookup

MIN_FOLD: Final = 10_000  # changes, and share of the customers, from which on they are folded
FOLD_SHARE: Final = 0.02
MAX_WAITING: Final = 10  # times as many changes may wait to be folded


def open_lookup(stores: Stores, at: DatasetAt) -> "Lookup":
    """Open the lookup file of the newest version; raises TableBusy if a newer one replaced it."""
    dataset, version = at
    with busy_if_replaced(stores, at):
        return stores.tables.lookup(table_path(dataset.tenant, dataset.id), version.table_version)


def read_batches(
    stores: Stores, at: DatasetAt, *, seq: int, start: int
) -> Iterator[pa.RecordBatch]:
    """Read a stored version with the changes up to a seq, in batches from the row `start` on."""
    dataset, version = at
    path = table_path(dataset.tenant, dataset.id)
    if seq <= version.seq:
        return stores.tables.batches(path, version.table_version, start=start)
    if version.seq < dataset.trimmed_seq:
        raise NotFound("The page is no longer available; list the customers again")

    def read() -> PlacedChanges:
        changes = read_changes(stores.database, version, up_to=seq)
        rows = stores.tables.lookup(path, version.table_version).find(
            changes.patch.column(0).to_pylist()
        )
        return PlacedChanges(changes=changes, rows=rows, n_stored=version.n_customers)

    placed: PlacedChanges = stores.changes.get((dataset.id, version.version, seq), read)
    stored = stores.tables.batches(path, version.table_version, start=start)
    return placed.merge_batches(stored, start=start)


@dataclass(frozen=True, kw_only=True)
class CountedWrite:
    """A write as its dataset has counted it.

    `known` are the customers that the dataset had before, and `cells` all cells that were written
    to the customers since the stored version.
    """

    dataset_version: int
    n_customers: int
    known: Collection[str]
    cells: Mapping[str, JsonObject]


class ChangeAppender:
    """Appends writes to the changes of a dataset, in a transaction that locks the dataset.

    `stored` are those of the customers that the stored version `at` has. Raises TableBusy if that
    is no longer the newest one, and Unavailable if too many changes wait to be folded.
    """

    def __init__(
        self,
        session: Session,
        at: DatasetAt,
        customer_ids: Collection[str],
        *,
        stored: Collection[str],
    ) -> None:
        self._session = session
        self._dataset, stored_version = at
        self._counters = repository.lock_counters(session, self._dataset)
        if repository.find_newest_number(session, self._dataset) != stored_version.version:
            raise TableBusy
        self._n_waiting = self._counters.seq - stored_version.seq
        if self._n_waiting >= MAX_WAITING * fold_threshold(self._counters.n_customers):
            raise Unavailable("Too many changes wait to be stored; try again shortly")
        self._cells = repository.find_changes(
            session, self._dataset.id, customer_ids, after=stored_version.seq
        )
        self._known = {*stored, *self._cells}
        self._changes: list[JsonObject] = []
        self._written_at = now()

    def append(self, written: Mapping[str, JsonObject]) -> CountedWrite:
        """Add the cells of a write, by customer."""
        merged = {
            customer: self._cells.get(customer, {}) | cells for customer, cells in written.items()
        }
        known = self._known & merged.keys()
        version, seq, n_customers = self._counters
        self._counters = counters = Counters(
            version=version + 1,
            seq=seq + len(merged),
            n_customers=n_customers + len(merged) - len(known),
        )
        self._changes += [
            {
                "dataset_id": self._dataset.id,
                "seq": number,
                "version": counters.version,
                "customer_id": customer,
                "cells": cells,
                "written_at": self._written_at,
            }
            for number, (customer, cells) in enumerate(merged.items(), start=seq + 1)
        ]
        self._cells |= merged
        self._known |= merged.keys()
        return CountedWrite(
            dataset_version=counters.version,
            n_customers=counters.n_customers,
            known=known,
            cells=merged,
        )

    def save(self) -> None:
        """Store the changes, and create a job that folds them once they are many."""
        if not self._changes:
            return
        repository.save_counters(self._session, self._dataset, self._counters)
        repository.add_changes(self._session, self._changes)
        threshold = fold_threshold(self._counters.n_customers)
        n_waiting = self._n_waiting + len(self._changes)
        if n_waiting // threshold > self._n_waiting // threshold:
            payload = {"tenant": self._dataset.tenant, "dataset": self._dataset.name}
            jobs.plan_unless_queued(self._session, self._dataset.tenant, FOLD, payload)


def fold_threshold(n_customers: int) -> int:
    """Return the number of changes after which they are folded into the stored table."""
    return max(MIN_FOLD, int(FOLD_SHARE * n_customers))


def fold_changes(
    stores: Stores,
    payload: JsonObject,
    attempt: int,  # noqa: ARG001 - the signature of all jobs
    progress: Progress,
) -> JobResult:
    """Run the fold job: store the changes of a dataset as a version, if it still exists."""
    progress("folding", 0.0)
    with suppress(NotFound, DatasetDeleted):
        fold(stores, payload["tenant"], payload["dataset"])
    return JobResult(finish=lambda _: {}, undo=lambda: None)


def fold(stores: Stores, tenant: str, name: str, version: int | None = None) -> None:
    """Store the changes of a dataset as a version, so that jobs can refer to it by its number.

    Folds the changes up to a version number, by default all. Does nothing if there are none.
    """

    def act() -> None:
        with stores.database.reading() as session:
            at = dataset, newest = find_at(session, tenant, name, None)
            up_to = dataset.seq
            if version is not None:
                up_to = repository.last_seq(session, dataset.id, up_to_version=version) or 0
        if up_to > newest.seq:
            write_once(stores, _plan_fold(stores, at, up_to))

    stores.tables.retry(act)


def _plan_fold(stores: Stores, at: DatasetAt, up_to: int) -> NextVersion:
    dataset, version = at
    changes = read_changes(stores.database, version, up_to=up_to)
    path = table_path(dataset.tenant, dataset.id)
    table = changes.merge_into(stores.tables.read(path, version.table_version))
    planned = build_next_version(at, table, recount(content_of(version), table))
    return replace(planned, seq=up_to, number=changes.version)
