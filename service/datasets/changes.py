"""Changes of a dataset on top of its stored version: written one customer at a time."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from service.datasets import repository
from service.datasets.dataset_schema import stored_schema
from service.datasets.merge import Mask, merge_tables, without_customers
from service.datasets.rows import UPSERTED, DatasetVersionRow
from service.stores.database import Database, JsonObject

PAGE: Final = 5_000


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The newest cells of each changed customer, in the order of their first change.

    `patch` has the columns of the dataset, and `present` a mask of the rows that carry each column.
    The stored rows of the `deleted` customers do not count; some may have been inserted again.
    `seq` and `version` are those of the last change.
    """

    patch: pa.Table
    present: Mapping[str, Mask]
    deleted: frozenset[str]
    seq: int
    version: int

    @classmethod
    def of(
        cls,
        cells: Mapping[str, JsonObject],
        schema: pa.Schema,
        *,
        deleted: Collection[str] = (),
        seq: int,
        version: int,
    ) -> Self:
        """Build the changes from the cells written to each customer."""
        key, *others = schema
        columns = {
            column.name: pa.array([row.get(column.name) for row in cells.values()], column.type)
            for column in others
        }
        present = {
            column.name: np.array([column.name in row for row in cells.values()], np.bool_)
            for column in others
        }
        patch = pa.table({key.name: pa.array(list(cells), key.type), **columns})
        return cls(
            patch=patch, present=present, deleted=frozenset(deleted), seq=seq, version=version
        )

    def merge_into(self, table: pa.Table) -> pa.Table:
        """Return the table with all changes; new customers come last."""
        key = self.patch.column_names[0]
        kept = without_customers(table, key, self.deleted)
        if not self.patch.num_rows:
            return kept
        return merge_tables(kept, self.patch, key=key, present=self.present)

    def take(self, places: npt.NDArray[np.int64]) -> "Changes":
        """Return the cells of some customers, by their rows of the patch."""
        return Changes(
            patch=self.patch.take(places),
            present={name: mask[places] for name, mask in self.present.items()},
            deleted=frozenset(),
            seq=self.seq,
            version=self.version,
        )


@dataclass(frozen=True, kw_only=True)
class PlacedChanges:
    """Changes with the stored row of each customer, -1 for those that are inserted.

    Of the `n_stored` rows, `deleted_rows` are those of deleted customers, in ascending order.
    """

    changes: Changes
    rows: npt.NDArray[np.int64]
    deleted_rows: npt.NDArray[np.int64]
    n_stored: int

    @classmethod
    def of(
        cls,
        changes: Changes,
        find: Callable[[list[str]], npt.NDArray[np.int64]],
        *,
        n_stored: int,
    ) -> Self:
        """Place the changes by a function that finds the stored rows of customers, or -1."""
        customers = changes.patch.column(0).to_pylist()
        is_deleted = np.array([customer in changes.deleted for customer in customers], np.bool_)
        deleted_rows = find(sorted(changes.deleted))
        return cls(
            changes=changes,
            rows=np.where(is_deleted, -1, find(customers)),
            deleted_rows=np.sort(deleted_rows[deleted_rows >= 0]),
            n_stored=n_stored,
        )

    def merge_batches(
        self, read: Callable[[int], Iterator[pa.RecordBatch]], *, start: int
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows from `start` on: those stored, with their changes, then inserted ones.

        `read` reads the stored rows from one on.
        """
        first = self._stored_row(start)
        for batch in read(first):
            end = first + batch.num_rows
            hits = np.flatnonzero((self.rows >= first) & (self.rows < end))
            gone = self.deleted_rows[(self.deleted_rows >= first) & (self.deleted_rows < end)]
            table = pa.Table.from_batches([batch])
            if gone.size:
                table = table.take(np.delete(np.arange(batch.num_rows), gone - first))
            yield from self.changes.take(hits).merge_into(table).to_batches()
            first = end
        n_kept = self.n_stored - self.deleted_rows.size
        inserted = np.flatnonzero(self.rows < 0)[max(0, start - n_kept) :]
        yield from self.changes.take(inserted).patch.to_batches()

    def _stored_row(self, start: int) -> int:
        """Return the stored row that comes after `start` rows of customers who are not deleted."""
        row = start
        for deleted in self.deleted_rows:
            if deleted > row:
                break
            row += 1
        return row


def read_changes(database: Database, version: DatasetVersionRow, *, up_to: int) -> Changes:
    """Read the changes after a stored version, up to a seq, in short transactions."""
    cells: dict[str, JsonObject] = {}
    deleted: set[str] = set()
    number, after = version.version, version.seq
    while after < up_to:
        with database.reading() as session:
            rows = repository.read_changes(
                session, version.dataset_id, after=after, up_to=min(up_to, after + PAGE)
            )
        for row in rows:
            if row.customer_id is None:
                continue
            if row.kind == UPSERTED:
                cells[row.customer_id] = row.cells or {}
            else:
                deleted.add(row.customer_id)
                cells.pop(row.customer_id, None)
        number = max([number, *(row.version for row in rows)])
        after += PAGE
    schema = stored_schema(version)
    return Changes.of(cells, schema, deleted=deleted, seq=up_to, version=number)
