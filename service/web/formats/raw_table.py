"""Result of every reader: a raw table, and a mask of the cells that the body contained."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]
Reserve = Callable[[int], None]

# A table that is stored takes up to four times its size: as it was decoded, as it is stored, and
# copies of the columns that are being read. A row has an id, masks, and entries in hash tables.
COPIES: Final = 4
ROW_BYTES: Final = 256


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """Unparsed columns of text, int64 or float64.

    `present` marks, by column, the rows that have the field. Without `present`, every row has every
    column, and an empty cell clears the stored one. `warnings` concern the body itself.
    """

    table: pa.Table
    present: Mapping[str, Mask] | None = None
    warnings: tuple[str, ...] = ()


def working_bytes(table: pa.Table) -> int:
    """Return how much memory a raw table takes until it is stored."""
    return int(COPIES * table.nbytes + ROW_BYTES * table.num_rows)


def unlimited(_n_bytes: int) -> None:
    """Reserve nothing: the caller has memory enough."""


def without_empty_rows(table: pa.Table) -> pa.Table:
    """Drop rows that are empty in every column, such as spreadsheets append."""
    empty = pa.scalar(True)  # noqa: FBT003 - pyarrow has no keyword
    for column in table.columns:
        empty = pc.and_(empty, is_blank(column))
        if not pc.any(empty).as_py():
            return table
    return table.filter(pc.invert(empty)) if table.num_columns else table


def is_blank(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Mark the cells of a column that are null or blank."""
    if not pa.types.is_string(column.type):
        return column.is_null()
    # Without a trimmed copy of every text.
    blank = pc.or_(pc.equal(pc.binary_length(column), 0), pc.utf8_is_space(column))
    return pc.fill_null(blank, True)  # noqa: FBT003 - pyarrow has no keyword


def without_nan(table: pa.Table) -> RawTable:
    """Replace NaN by null, with a warning for each column.

    Software without missing numbers writes NaN for them.
    """
    warnings = []
    for at, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        nan = pc.is_nan(column) if pa.types.is_floating(column.type) else None
        if nan is not None and (n_nan := pc.sum(nan).as_py()):
            table = table.set_column(at, name, pc.if_else(nan, None, column))
            warnings.append(
                f"{name!r} holds NaN in {n_nan:,} rows, which is taken for a missing value."
            )
    return RawTable(table=table, warnings=tuple(warnings))
