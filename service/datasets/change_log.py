"""The changes on top of a dataset's stored version: counted and added by each write."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from service.datasets import repository
from service.datasets.dataset_schema import stored_schema
from service.datasets.repository import Counters
from service.datasets.rows import DELETED, UPSERTED, ChangeKind, DatasetRow
from service.datasets.stored_versions import DatasetAt
from service.errors import DatasetDeleted, TableBusy, Unavailable
from service.jobs import operations as jobs
from service.jobs.rows import FOLD
from service.stores import Stores
from service.stores.database import JsonObject, Session, now

MIN_FOLD: Final = 10_000  # changes, and share of the customers, from which on they are folded
FOLD_SHARE: Final = 0.02
MAX_WAITING: Final = 10  # times as many changes may wait to be folded
MAX_DELETED: Final = 1_000  # changes in one transaction


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
    is no longer the newest one.
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
        self._dataset, self._stored_version = at
        self._counters = repository.lock_counters(session, self._dataset)
        if self._counters.stored_version != self._stored_version.version:
            raise TableBusy
        self._cells = repository.find_changes(
            session, self._dataset.id, customer_ids, after=self._stored_version.seq
        )
        self._known = {customer for customer in stored if customer not in self._cells}
        self._known |= {customer for customer, cells in self._cells.items() if cells is not None}
        self._first_seq = self._counters.seq + 1
        self._changes: list[JsonObject] = []
        self._written_at = now()

    def append(self, written: Mapping[str, JsonObject]) -> CountedWrite:
        """Add the cells of a write, by customer.

        Raises Unavailable if too many changes wait to be folded.
        """
        if self._n_waiting() >= MAX_WAITING * fold_threshold(self._counters.n_customers):
            raise Unavailable("Too many changes wait to be stored; try again shortly")
        merged = {customer: self._written(customer) | cells for customer, cells in written.items()}
        known = self._known & merged.keys()
        self._count(len(merged), n_customers=len(merged) - len(known))
        for customer, cells in merged.items():
            self._add(UPSERTED, customer, cells)
        self._cells |= merged
        self._known |= merged.keys()
        return CountedWrite(
            dataset_version=self._counters.version,
            n_customers=self._counters.n_customers,
            known=known,
            cells=merged,
        )

    def delete(self, customer: str) -> None:
        """Add the deletion of a customer, and remove its earlier cells from the changes."""
        repository.clear_changes(self._session, self._dataset.id, customer)
        self._count(1, n_customers=-len(self._known & {customer}))
        self._add(DELETED, customer, None)
        self._cells[customer] = None
        self._known.discard(customer)

    def save(self) -> None:
        """Store the changes, and create a job that folds them once they are many."""
        if not self._changes:
            return
        repository.save_counters(self._session, self._dataset, self._counters)
        repository.add_changes(self._session, self._changes)
        threshold = fold_threshold(self._counters.n_customers)
        n_waiting = self._n_waiting()
        if n_waiting // threshold > (n_waiting - len(self._changes)) // threshold:
            payload = {"tenant": self._dataset.tenant, "dataset": self._dataset.name}
            jobs.plan_unless_queued(self._session, self._dataset.tenant, FOLD, payload)

    def _n_waiting(self) -> int:
        return self._counters.seq - self._stored_version.seq

    def _written(self, customer: str) -> JsonObject:
        """Return the cells written to a customer since the stored version.

        One that was deleted begins with empty cells, which hide the stored ones.
        """
        cells = self._cells.get(customer, {})
        if cells is not None:
            return cells
        return dict.fromkeys(stored_schema(self._stored_version).names[1:])

    def _count(self, n_changes: int, *, n_customers: int) -> None:
        """Count one write."""
        version, seq, n_before, stored_version = self._counters
        self._counters = Counters(
            version=version + 1,
            seq=seq + n_changes,
            n_customers=n_before + n_customers,
            stored_version=stored_version,
        )

    def _add(self, kind: ChangeKind, customer: str, cells: JsonObject | None) -> None:
        """Add a change with the number that follows the last one."""
        self._changes.append(
            {
                "dataset_id": self._dataset.id,
                "seq": self._first_seq + len(self._changes),
                "version": self._counters.version,
                "kind": kind,
                "customer_id": customer,
                "cells": cells,
                "written_at": self._written_at,
            }
        )


def fold_threshold(n_customers: int) -> int:
    """Return the number of changes after which they are folded into the stored table."""
    return max(MIN_FOLD, int(FOLD_SHARE * n_customers))


def delete_expired_changes(stores: Stores) -> None:
    """Delete the changes of all datasets that are no longer kept, in short transactions."""
    with stores.database.reading() as session:
        datasets = [row for row in repository.list_all(session) if row.stored_version]
    for dataset in datasets:
        with suppress(DatasetDeleted):
            while _delete_oldest(stores, dataset):
                pass


def _delete_oldest(stores: Stores, dataset: DatasetRow) -> bool:
    """Delete the oldest changes if they are no longer kept; return True if there may be more."""
    with stores.database.writing() as session:
        locked = repository.lock_dataset(session, dataset)
        before = now() - stores.changes_kept
        return repository.delete_old_changes(session, locked, before=before, limit=MAX_DELETED)
