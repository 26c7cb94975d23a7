"""Columns side by side: the numbers of a table, and the numbers of its categories."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

MAX_SAMPLED: Final = 50_000
_SEED: Final = 0


@dataclass(frozen=True, kw_only=True)
class CorrelationSample:
    """Some customers in the order of their rows; a missing number is NaN, a missing category's code -1."""

    rows: Codes
    numbers: dict[str, Floats]
    codes: dict[str, Codes]

    @cached_property
    def ranks(self) -> dict[str, Floats]:
        """Each number's rank among the known ones of its column."""
        return {name: rank(x) for name, x in self.numbers.items()}


def draw_rows(n_rows: int) -> Codes:
    """Choose rows by chance, in their order; all if there are few, and the same ones each time."""
    if n_rows <= MAX_SAMPLED:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(_SEED).choice(n_rows, MAX_SAMPLED, replace=False))


def take_sample(
    table: pa.Table, rows: Codes, *, numbers: Sequence[str], categories: Sequence[str]
) -> CorrelationSample:
    """Take the rows of some columns.

    Parameters
    ----------
    table
        Numeric columns float64, categories text, null where a value is missing.
    rows
        Positions of the customers, ascending.
    numbers, categories
        The headers of the columns.

    Returns
    -------
    Sample
        The columns as numpy arrays, one value per row.
    """
    return CorrelationSample(
        rows=rows,
        numbers={name: _take(table, name, rows).to_numpy() for name in numbers},
        codes={name: _codes(_take(table, name, rows)) for name in categories},
    )


def rank(x: Floats) -> Floats:
    """Rank the known values from 1, ties by their mean."""
    known = ~np.isnan(x)
    _, places, counts = np.unique(x[known], return_inverse=True, return_counts=True)
    ranks = np.full(x.size, np.nan)
    ranks[known] = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return ranks


def _take(table: pa.Table, name: str, rows: Codes) -> pa.ChunkedArray:
    column = table.column(name)
    return column if rows.size == table.num_rows else column.take(pa.array(rows))


def _codes(column: pa.ChunkedArray) -> Codes:
    codes: Codes = column.combine_chunks().dictionary_encode().indices.fill_null(-1).to_numpy().astype(np.int64)
    return codes
