"""Duplicate customers, counted by 64-bit row hashes."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Hashes = npt.NDArray[np.uint64]


def count_duplicates(table: pa.Table, names: Sequence[str]) -> int:
    """Count the customers that equal an earlier one in all of some columns.

    Each row is hashed to 64 bits column by column, which holds only two columns in memory at a
    time; two million distinct rows contain a collision in about one of ten million tables.

    Parameters
    ----------
    table
        Columns of float64 or text; missing values are equal.
    names
        The columns to compare; without any, there are no duplicates.

    Returns
    -------
    int
        The number of customers minus the number of distinct customers.
    """
    if not names:
        return 0
    hashes = np.zeros(table.num_rows, np.uint64)
    for name in names:
        hashes ^= _cell_bits(table.column(name))
        _splitmix64(hashes)
    hashes.sort()
    return int(np.count_nonzero(hashes[1:] == hashes[:-1]))


def _cell_bits(column: pa.ChunkedArray) -> Hashes:
    """Map equal cells to equal 64-bit integers; adding 0.0 turns -0.0 into 0.0."""
    if pa.types.is_floating(column.type):
        cells = column.to_numpy() + 0.0
    else:
        cells = (
            column.combine_chunks()
            .dictionary_encode()
            .indices.fill_null(-1)
            .to_numpy()
            .astype(np.int64)
        )
    bits: Hashes = cells.view(np.uint64)
    return bits


def _splitmix64(hashes: Hashes) -> None:
    """Mix the bits of each hash in place (SplitMix64: Steele, Lea and Flood, 2014)."""
    hashes += np.uint64(0x9E3779B97F4A7C15)
    hashes ^= hashes >> np.uint64(30)
    hashes *= np.uint64(0xBF58476D1CE4E5B9)
    hashes ^= hashes >> np.uint64(27)
    hashes *= np.uint64(0x94D049BB133111EB)
    hashes ^= hashes >> np.uint64(31)
