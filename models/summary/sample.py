"""Random sample of customers for correlations: numeric columns, and codes of categorical ones."""

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
_SEED: Final = 0  # fixed, so that a summary can be repeated


@dataclass(frozen=True, kw_only=True)
class CorrelationSample:
    """Sampled customers in row order; a missing number is NaN, a missing category has code -1."""

    rows: Codes
    numbers: dict[str, Floats]
    codes: dict[str, Codes]

    @cached_property
    def ranks(self) -> dict[str, Floats]:
        """The ranks of each numeric column among its known values."""
        return {name: rank(x) for name, x in self.numbers.items()}


def draw_rows(n_rows: int) -> Codes:
    """Draw a reproducible random sample of rows, in ascending order; all rows of a small table."""
    if n_rows <= MAX_SAMPLED:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(_SEED).choice(n_rows, MAX_SAMPLED, replace=False))


def take_sample(
    table: pa.Table, rows: Codes, *, numbers: Sequence[str], categories: Sequence[str]
) -> CorrelationSample:
    """Collect the sampled rows of some columns as numpy arrays.

    Parameters
    ----------
    table
        Numeric columns as float64, categorical ones as text, null where a value is missing.
    rows
        Sampled rows, ascending.
    numbers, categories
        The headers of the columns.

    Returns
    -------
    CorrelationSample
        The columns, one value per sampled row.
    """
    return CorrelationSample(
        rows=rows,
        numbers={name: _take(table, name, rows).to_numpy() for name in numbers},
        codes={name: _codes(_take(table, name, rows)) for name in categories},
    )


def rank(x: Floats) -> Floats:
    """Rank the known values from 1; ties share their mean rank."""
    known = ~np.isnan(x)
    _, groups, counts = np.unique(x[known], return_inverse=True, return_counts=True)
    ranks = np.full(x.size, np.nan)
    ranks[known] = (np.cumsum(counts) - (counts - 1) / 2)[groups]
    return ranks


def _take(table: pa.Table, name: str, rows: Codes) -> pa.ChunkedArray:
    column = table.column(name)
    return column if rows.size == table.num_rows else column.take(pa.array(rows))


def _codes(column: pa.ChunkedArray) -> Codes:
    codes: Codes = (
        column.combine_chunks()
        .dictionary_encode()
        .indices.fill_null(-1)
        .to_numpy()
        .astype(np.int64)
    )
    return codes
