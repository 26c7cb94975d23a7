"""What changes about columns when rows change: how many cells are missing, and how many values there are."""

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from models.columns.column import Column
from models.columns.parsing import map_columns


def count_columns(table: pa.Table, columns: Sequence[Column], *, customer_id: str | None = None) -> tuple[Column, ...]:
    """Count missing cells and distinct values anew; what each column is taken for stays as it was.

    Parameters
    ----------
    table
        The typed table as it is now.
    columns
        Its columns, as they were described before.
    customer_id
        The column that is known to name every customer, and each once; it needs no counting.

    Returns
    -------
    tuple of Column
        The same columns with their counts as of now.
    """

    def count(column: Column) -> Column:
        if column.name == customer_id:
            return replace(column, missing=0, distinct=table.num_rows)
        cells = table[column.name]
        return replace(column, missing=cells.null_count, distinct=pc.count_distinct(cells, mode="only_valid").as_py())

    return tuple(map_columns(count, columns))
