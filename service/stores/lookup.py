"""Lookup files: find the row of a customer in a stored table without reading the table.

One uncompressed Arrow file per data file, memory-mapped: the rows of the table, and their numbers
in the order of the customer ids.
"""

from bisect import bisect_left
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final, Self
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

from service.storage import Storage

DIRECTORY: Final = "_lookup"
FEW: Final = 16  # customers that are found sooner one by one
_ORDER: Final = "_order"  # the rows in the order of the ids


class Lookup:
    """The rows of a table by customer id, the first column."""

    def __init__(self, table: pa.Table) -> None:
        rows = table.combine_chunks()
        self._order = _chunk(rows[_ORDER]).to_numpy()
        self._rows = rows.drop_columns(_ORDER)
        self._ids = _chunk(self._rows.column(0))

    @classmethod
    def open(cls, files: Storage, path: str) -> Self:
        """Open the lookup file at a path; raises FileNotFoundError."""
        with files.reached(), files.open_mapped(path) as file:
            return cls(ipc.open_file(file).read_all())

    def find(self, customer_ids: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return the row of each customer, -1 if the table has none."""
        if len(customer_ids) <= FEW:
            return np.array([self._find(customer) for customer in customer_ids], np.int64)
        return self._find_many(pa.array(customer_ids, self._ids.type))

    def row(self, number: int) -> dict[str, object]:
        """Return the cells of a row."""
        cells: dict[str, object]
        [cells] = self._rows.slice(number, 1).to_pylist()
        return cells

    def _find(self, customer_id: str) -> int:
        place = bisect_left(self._order, customer_id, key=lambda row: self._ids[row].as_py())
        if place == len(self._order) or self._ids[self._order[place]].as_py() != customer_id:
            return -1
        return int(self._order[place])

    def _find_many(self, customer_ids: pa.Array) -> npt.NDArray[np.int64]:
        """Find all customers by the same bisection, one step of all of them at a time."""
        first = np.zeros(len(customer_ids), np.int64)
        end = np.full(len(customer_ids), len(self._order), np.int64)
        for _ in range(len(self._order).bit_length()):
            middle = (first + end) // 2
            is_open = first < end
            tested = self._ids.take(pa.array(self._order[np.where(is_open, middle, 0)]))
            is_below = pc.less(tested, customer_ids).to_numpy(zero_copy_only=False)
            first = np.where(is_open & is_below, middle + 1, first)
            end = np.where(is_open & ~is_below, middle, end)
        is_within = first < len(self._order)
        if not is_within.any():
            return np.full(len(customer_ids), -1, np.int64)
        rows = self._order[np.where(is_within, first, 0)].astype(np.int64)
        is_found = pc.equal(self._ids.take(pa.array(rows)), customer_ids)
        return np.where(is_within & is_found.to_numpy(zero_copy_only=False), rows, -1)


def path_of(data_file: str) -> str:
    """Return the path of the lookup file of a data file, both within the table's directory."""
    return f"{DIRECTORY}/{PurePosixPath(data_file).stem}.arrow"


def without_suffix(path: str) -> str:
    """Return the path of a lookup file that may still be written; other paths are unchanged."""
    stem, extension, _ = path.partition(".arrow")
    return stem + extension


def is_partial(path: str) -> bool:
    """Return whether a path is that of a lookup file that is not completely written."""
    return f"/{DIRECTORY}/" in path and not path.endswith(".arrow")


def write(files: Storage, path: str, table: pa.Table) -> None:
    """Write the lookup file of a table atomically."""
    order = pc.sort_indices(table.column(0)).cast(pa.int32())
    indexed = table.append_column(_ORDER, order).combine_chunks()
    temporary = f"{path}-{uuid4().hex}"
    with files.reached():
        files.arrow.create_dir(str(PurePosixPath(path).parent))
        with (
            files.arrow.open_output_stream(temporary) as stream,
            ipc.new_file(stream, indexed.schema) as writer,
        ):
            writer.write_table(indexed)
        files.arrow.move(temporary, path)


def _chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks else pa.array([], column.type)
