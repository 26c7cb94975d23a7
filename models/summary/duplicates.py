"""Customers that equal an earlier one."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Prints = npt.NDArray[np.uint64]


def count_duplicates(table: pa.Table, names: Sequence[str]) -> int:
    """Count the customers that equal an earlier one in all of some columns.

    Each row becomes a number of 64 bits, column by column, so that only two columns are held at a time; two different
    rows among two million share a number about once in ten million tables.

    Parameters
    ----------
    table
        Columns of float64 or text; two missing values are equal.
    names
        The columns to compare; without any, nobody equals anybody.

    Returns
    -------
    int
        Customers less distinct customers.
    """
    if not names:
        return 0
    prints = np.zeros(table.num_rows, np.uint64)
    for name in names:
        prints ^= _bits(table.column(name))
        _mix_hash(prints)
    prints.sort()
    return int(np.count_nonzero(prints[1:] == prints[:-1]))


def _bits(column: pa.ChunkedArray) -> Prints:
    """Give equal cells equal bits; adding zero makes one zero of both."""
    if pa.types.is_floating(column.type):
        cells = column.to_numpy() + 0.0
    else:
        cells = column.combine_chunks().dictionary_encode().indices.fill_null(-1).to_numpy().astype(np.int64)
    bits: Prints = cells.view(np.uint64)
    return bits


def _mix_hash(prints: Prints) -> None:
    """Spread every bit over all 64, in place (SplitMix64: Steele, Lea and Flood, 2014)."""
    prints += np.uint64(0x9E3779B97F4A7C15)
    prints ^= prints >> np.uint64(30)
    prints *= np.uint64(0xBF58476D1CE4E5B9)
    prints ^= prints >> np.uint64(27)
    prints *= np.uint64(0x94D049BB133111EB)
    prints ^= prints >> np.uint64(31)
