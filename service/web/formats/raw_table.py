"""What every reader gives: a raw table, and which of its cells were in the body at all."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """Columns of text, int64 or float64 as they came; `present` tells for each which rows have the field at all.

    Without `present` every row has every column: there an empty cell is a cleared one.
    """

    table: pa.Table
    present: Mapping[str, Mask] | None = None


def without_empty_rows(table: pa.Table) -> pa.Table:
    """Pass over the rows that have nothing in any column, as spreadsheets leave them."""
    empty = pa.scalar(True)  # noqa: FBT003 - pyarrow has no keyword
    for column in table.columns:
        empty = pc.and_(empty, is_blank(column))
        if not pc.any(empty).as_py():
            return table
    return table.filter(pc.invert(empty)) if table.num_columns else table


def is_blank(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Tell which cells of a column hold nothing: null, or no more than white space."""
    if not pa.types.is_string(column.type):
        return column.is_null()
    return pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), True)  # noqa: FBT003 - pyarrow has no keyword
