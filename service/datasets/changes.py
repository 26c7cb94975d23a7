"""Changes of a dataset on top of its stored version: written one customer at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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

    `seq` and `version` are those of the last change, which `cells` contains.
    """

    schema: pa.Schema
    seq: int
    version: int
    cells: Mapping[str, JsonObject] = field(default_factory=dict)

    @property
    def customer_ids(self) -> Sequence[str]:
        return list(self.cells)

    def merge_into(self, table: pa.Table) -> pa.Table:
        """Return the table with all changes; new customers come last."""
        if not self.cells:
            return table
        key = self.schema.names[0]
        return merge_tables(table, self._patch(), key=key, present=self._present())

    def merge_batches(
        self,
        batches: Iterator[pa.RecordBatch],
        rows: npt.NDArray[np.int64],
        *,
        start: int,
        n_stored: int,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the batches of a stored table with all changes.

        Parameters
        ----------
        batches
            The stored rows from the row `start` on.
        rows
            The stored row of each changed customer, -1 for new ones.
        start
            The first row, counted over the stored rows and then the new customers.
        n_stored
            The number of stored rows.
        """
        first = start
        for batch in batches:
            hits = np.flatnonzero((rows >= first) & (rows < first + batch.num_rows))
            table = pa.Table.from_batches([batch])
            yield from self._subset(hits).merge_into(table).to_batches()
            first += batch.num_rows
        new = np.flatnonzero(rows < 0)[max(0, start - n_stored) :]
        yield from self._subset(new).merge_into(self.schema.empty_table()).to_batches()

    def _subset(self, places: npt.NDArray[np.int64]) -> Self:
        customers = self.customer_ids
        chosen = [customers[place] for place in places]
        return replace(self, cells={customer: self.cells[customer] for customer in chosen})

    def _patch(self) -> pa.Table:
        key, *others = self.schema
        columns = {
            column.name: pa.array(
                [cells.get(column.name) for cells in self.cells.values()], column.type
            )
            for column in others
        }
        return pa.table({key.name: pa.array(self.customer_ids, key.type), **columns})

    def _present(self) -> dict[str, Mask]:
        return {
            name: np.array([name in cells for cells in self.cells.values()], np.bool_)
            for name in self.schema.names[1:]
        }


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
    return Changes(schema=stored_schema(version), seq=up_to, version=number, cells=cells)
