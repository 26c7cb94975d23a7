"""Counts of missing cells and distinct values, renewed when rows change."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.columns.column import Column
from models.columns.column_parser import map_columns


def count_columns(
    table: pa.Table, columns: Sequence[Column], *, customer_id: str | None = None
) -> tuple[Column, ...]:
    """Recount missing cells and distinct values; kinds and formats of the columns stay.

    Parameters
    ----------
    table
        The typed table in its current state.
    columns
        Its columns with outdated counts.
    customer_id
        The id column: known to be complete and unique, so it is not counted.

    Returns
    -------
    tuple of Column
        The same columns with current counts.
    """

    def count(column: Column) -> Column:
        if column.name == customer_id:
            return replace(column, missing=0, distinct=table.num_rows)
        cells = table[column.name]
        return replace(column, missing=cells.null_count, distinct=_count_distinct(cells))

    return tuple(map_columns(count, columns))


def _count_distinct(cells: pa.ChunkedArray) -> int:
    """Count the distinct known cells; numbers by sorting them, which is faster than hashing."""
    if not pa.types.is_floating(cells.type):
        return int(pc.count_distinct(cells, mode="only_valid").as_py())
    known = np.sort(cells.drop_null().to_numpy())
    return int(np.count_nonzero(known[1:] != known[:-1])) + bool(known.size)
