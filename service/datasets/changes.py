"""Changes of a dataset on top of its stored version: written one customer at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from service.datasets import repository
from service.datasets.dataset_schema import stored_schema
from service.datasets.merge import Mask, merge_tables
from service.datasets.rows import DatasetVersionRow
from service.stores.database import Database, JsonObject

PAGE: Final = 5_000


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The newest cells of each changed customer, in the order of their first change.

    `patch` has the columns of the dataset, and `present` a mask of the rows that carry each column.
    `seq` and `version` are those of the last change.
    """

    patch: pa.Table
    present: Mapping[str, Mask]
    seq: int
    version: int

    @classmethod
    def of(
        cls, cells: Mapping[str, JsonObject], schema: pa.Schema, *, seq: int, version: int
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
        return cls(patch=patch, present=present, seq=seq, version=version)

    def merge_into(self, table: pa.Table) -> pa.Table:
        """Return the table with all changes; new customers come last."""
        if not self.patch.num_rows:
            return table
        return merge_tables(table, self.patch, key=self.patch.column_names[0], present=self.present)

    def take(self, places: npt.NDArray[np.int64]) -> "Changes":
        """Return the changes of some customers."""
        return Changes(
            patch=self.patch.take(places),
            present={name: mask[places] for name, mask in self.present.items()},
            seq=self.seq,
            version=self.version,
        )


@dataclass(frozen=True, kw_only=True)
class PlacedChanges:
    """Changes with the stored row of each customer, -1 for new ones; `n_stored` rows are stored."""

    changes: Changes
    rows: npt.NDArray[np.int64]
    n_stored: int

    def merge_batches(
        self, batches: Iterator[pa.RecordBatch], *, start: int
    ) -> Iterator[pa.RecordBatch]:
        """Yield the stored rows from the row `start` on with their changes, then new customers."""
        first = start
        for batch in batches:
            hits = np.flatnonzero((self.rows >= first) & (self.rows < first + batch.num_rows))
            table = pa.Table.from_batches([batch])
            yield from self.changes.take(hits).merge_into(table).to_batches()
            first += batch.num_rows
        new = np.flatnonzero(self.rows < 0)[max(0, start - self.n_stored) :]
        yield from self.changes.take(new).patch.to_batches()


def read_changes(database: Database, version: DatasetVersionRow, *, up_to: int) -> Changes:
    """Read the changes after a stored version, up to a seq, in short transactions."""
    cells: dict[str, JsonObject] = {}
    number, after = version.version, version.seq
    while after < up_to:
        with database.reading() as session:
            rows = repository.list_changes(
                session, version.dataset_id, after=after, up_to=min(up_to, after + PAGE)
            )
        cells |= {row.customer_id: row.cells for row in rows}
        number = max([number, *(row.version for row in rows)])
        after += PAGE
    return Changes.of(cells, stored_schema(version), seq=up_to, version=number)
