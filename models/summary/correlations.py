"""Correlations between columns: Pearson, Spearman, Cramér's V and the correlation ratio."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import isnan, nan, sqrt
from typing import Final, Literal

import numpy as np

from models.summary.sample import Codes, CorrelationSample, Floats, rank

Measure = Literal["pearson", "spearman", "cramers_v", "correlation_ratio"]

MIN_CUSTOMERS: Final = 10
_NO_VARIANCE: Final = 1e-12  # relative to the sum of squares; a smaller variance is rounding error


@dataclass(frozen=True, kw_only=True)
class Correlation:
    """The correlation of two columns: -1 to 1 between numbers, otherwise 0 to 1."""

    a: str
    b: str
    measure: Measure
    value: float


def correlate(sample: CorrelationSample) -> tuple[Correlation, ...]:
    """Compute the correlation of each pair of columns, on the customers for which both are known.

    Parameters
    ----------
    sample
        The sampled columns.

    Returns
    -------
    tuple of Correlation
        The strongest first. Two numbers: Pearson's correlation, and Spearman's, with ranks among
        all known values of a column. Two categories: Cramér's V, corrected for bias (Bergsma,
        2013). A category and a number: the correlation ratio, corrected for bias (Kelley, 1935).
        Uncorrected, columns of many categories look related by chance. Pairs known for fewer than
        ten customers, or with a constant side, are omitted.
    """
    measured = [
        *_between_numbers(sample),
        *_between_categories(sample),
        *_between_category_and_number(sample),
    ]
    known = (pair for pair in measured if not isnan(pair.value))
    return tuple(sorted(known, key=lambda pair: (-abs(pair.value), pair.a, pair.b, pair.measure)))


def correlate_with(sample: CorrelationSample, order: Floats) -> dict[str, float]:
    """Compute Spearman's correlation of each numeric column with an order of the customers."""
    if not sample.ranks:
        return {}
    values = _pearson(np.column_stack(list(sample.ranks.values())), rank(order)[:, None])
    return dict(zip(sample.ranks, values[:, 0].tolist(), strict=True))


def _between_numbers(sample: CorrelationSample) -> Iterator[Correlation]:
    if not sample.numbers:
        return
    measures: dict[Measure, dict[str, Floats]] = {
        "pearson": sample.numbers,
        "spearman": sample.ranks,
    }
    for measure, columns in measures.items():
        matrix = np.column_stack(list(columns.values()))
        values = _pearson(matrix, matrix)
        for (i, a), (j, b) in combinations(enumerate(columns), 2):
            yield Correlation(a=a, b=b, measure=measure, value=float(values[i, j]))


def _between_categories(sample: CorrelationSample) -> Iterator[Correlation]:
    for a, b in combinations(sample.codes, 2):
        yield Correlation(
            a=a, b=b, measure="cramers_v", value=_cramers_v(sample.codes[a], sample.codes[b])
        )


def _between_category_and_number(sample: CorrelationSample) -> Iterator[Correlation]:
    for b, x in sample.numbers.items():
        z = np.where(np.isnan(x), np.nan, _standardize(x[:, None])[:, 0])
        for a, codes in sample.codes.items():
            yield Correlation(
                a=a, b=b, measure="correlation_ratio", value=_correlation_ratio(codes, z)
            )


def _pearson(a: Floats, b: Floats) -> Floats:
    """Compute Pearson's r of each column of two matrices, on pairwise complete rows."""
    x, y, has_x, has_y = _standardize(a), _standardize(b), _known(a), _known(b)
    n, sum_x, sum_y = has_x.T @ has_y, x.T @ has_y, has_x.T @ y
    squares_x, squares_y = (x * x).T @ has_y, has_x.T @ (y * y)
    with np.errstate(divide="ignore", invalid="ignore"):
        variances = _variance(n, sum_x, squares_x) * _variance(n, sum_y, squares_y)
        r = (x.T @ y - sum_x * sum_y / n) / np.sqrt(variances)
    return np.where(n < MIN_CUSTOMERS, np.nan, r.clip(-1, 1))


def _known(columns: Floats) -> Floats:
    return (~np.isnan(columns)).astype(np.float64)


def _variance(n: Floats, sums: Floats, squares: Floats) -> Floats:
    """Return n times the variance; NaN where it is only a rounding error."""
    variance = squares - sums * sums / n
    return np.where(variance <= _NO_VARIANCE * squares, np.nan, variance)


def _standardize(columns: Floats) -> Floats:
    """Center and scale to keep precision in sums of products; 0 where a value is missing."""
    known = ~np.isnan(columns)
    filled = np.where(known, columns, 0.0)
    filled /= np.maximum(np.abs(filled).max(axis=0, initial=0), np.finfo(np.float64).tiny)
    centered = np.where(known, filled - filled.sum(axis=0) / np.maximum(known.sum(axis=0), 1), 0.0)
    spread = np.sqrt((centered * centered).sum(axis=0) / np.maximum(known.sum(axis=0), 1))
    return centered / np.where(spread > 0, spread, 1.0)


def _cramers_v(a: Codes, b: Codes) -> float:
    known = (a >= 0) & (b >= 0)
    width = int(b.max(initial=0)) + 1
    n_cells = (int(a.max(initial=0)) + 1) * width
    table = np.bincount(a[known] * width + b[known], minlength=n_cells).reshape(-1, width)
    counts = table[:, table.any(axis=0)][table.any(axis=1)]  # without empty rows and columns
    n, (n_rows, n_columns) = counts.sum(), counts.shape
    if n < MIN_CUSTOMERS or min(n_rows, n_columns) <= 1:
        return nan
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    phi2 = ((counts - expected) ** 2 / expected).sum() / n
    by_chance = (n_rows - 1) * (n_columns - 1) / (n - 1)
    bound = min(size - (size - 1) ** 2 / (n - 1) for size in (n_rows, n_columns)) - 1
    return min(sqrt(max(phi2 - by_chance, 0) / bound), 1.0) if bound > 0 else nan


def _correlation_ratio(codes: Codes, z: Floats) -> float:
    known = (codes >= 0) & ~np.isnan(z)
    codes, z = codes[known], z[known]
    sizes = np.bincount(codes)
    n, n_groups, squares = z.size, np.count_nonzero(sizes), float((z * z).sum())
    total = squares - z.sum() ** 2 / max(n, 1)
    if n < MIN_CUSTOMERS or n_groups <= 1 or n == n_groups or total <= _NO_VARIANCE * squares:
        return nan
    sums = np.bincount(codes, weights=z)[sizes > 0]
    within = squares - (sums**2 / sizes[sizes > 0]).sum()
    unexplained = within / (n - n_groups) / (total / (n - 1))
    return sqrt(min(max(1 - unexplained, 0), 1))
