"""Distribution of one column: statistics of its sorted values, or its most common categories."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.statistics import OUTER_FENCE, fences, log_helps, skew
from models.summary.histograms import Histogram, count_between

Floats = npt.NDArray[np.float64]

MAX_NUMBER: Final = 1e100  # as in the preparation: larger numbers cannot be features
MAX_TOP: Final = 20

_SHARES: Final = (0.01, 0.05, 0.25, 0.50, 0.75, 0.95, 0.99)
_MAX_EXACT: Final = 2.0**53  # all larger floats are whole numbers


@dataclass(frozen=True, kw_only=True)
class Quantiles:
    """The 1st, 5th, 25th, 50th, 75th, 95th and 99th percentiles."""

    p01: float
    p05: float
    p25: float
    p50: float
    p75: float
    p95: float
    p99: float

    @property
    def iqr(self) -> float:
        """The interquartile range."""
        return self.p75 - self.p25


@dataclass(frozen=True, kw_only=True)
class Outliers:
    """Counts of the values beyond the fences Q1 - 3 IQR and Q3 + 3 IQR."""

    low: float
    high: float
    below: int
    above: int


@dataclass(frozen=True, kw_only=True)
class NumericDistribution:
    """Statistics of a numeric column; `outliers` is None if the interquartile range is 0."""

    n: int
    distinct: int
    min: float
    max: float
    mean: float
    standard_deviation: float
    quantiles: Quantiles
    skew: float
    log_helps: bool
    zeros_share: float
    largest_share: float
    whole_numbers: bool
    outliers: Outliers | None
    histogram: Histogram


@dataclass(frozen=True, kw_only=True)
class Top:
    """A common value and its count."""

    value: str
    count: int
    share: float


@dataclass(frozen=True, kw_only=True)
class CategoricalDistribution:
    """Statistics of a categorical column.

    `rest` counts the customers with a value outside `top`.
    """

    n: int
    distinct: int
    largest_share: float
    top: tuple[Top, ...]
    rest: int


def describe_numbers(values: pa.ChunkedArray) -> NumericDistribution | None:
    """Compute the distribution of a numeric column.

    Parameters
    ----------
    values
        float64, null where a value is missing.

    Returns
    -------
    NumericDistribution or None
        Exact statistics of the known values. The histogram ends at the fences, since extreme values
        would squeeze all others into one bin. None if no value is known or one exceeds ±1e100.
    """
    x = np.sort(values.drop_null().to_numpy())
    if not x.size or max(-x[0], x[-1]) > MAX_NUMBER:
        return None
    starts = np.flatnonzero(x[1:] != x[:-1]) + 1
    repeats = np.diff(starts, prepend=0, append=x.size)  # of each distinct value
    quantiles = Quantiles(**{f"p{100 * share:02.0f}": _quantile(x, share) for share in _SHARES})
    outliers = _outliers(x, quantiles)
    whole = bool(max(-x[0], x[-1]) < _MAX_EXACT and (np.rint(x) == x).all())
    n_zeros = int(np.searchsorted(x, 0.0, "right") - np.searchsorted(x, 0.0))
    return NumericDistribution(
        n=x.size,
        distinct=repeats.size,
        min=float(x[0]),
        max=float(x[-1]),
        mean=float(x.mean()),
        standard_deviation=float(x.std()),
        quantiles=quantiles,
        skew=skew(x),
        log_helps=log_helps(x),
        zeros_share=n_zeros / x.size,
        largest_share=float(repeats.max() / x.size),
        whole_numbers=whole,
        outliers=outliers,
        histogram=count_between(x, *_between_fences(x, outliers), iqr=quantiles.iqr, whole=whole),
    )


def describe_categories(values: pa.ChunkedArray) -> CategoricalDistribution | None:
    """Compute the distribution of a categorical column.

    Parameters
    ----------
    values
        Text, null where a value is missing.

    Returns
    -------
    CategoricalDistribution or None
        The twenty most common values, ties in alphabetical order; None if no value is known.
    """
    counted = pc.value_counts(values.drop_null())
    if not len(counted):
        return None
    table = pa.table(counted.flatten(), names=["value", "count"])
    n = pc.sum(table["count"]).as_py()
    common = pc.select_k_unstable(table, MAX_TOP, [("count", "descending"), ("value", "ascending")])
    top = tuple(Top(**row, share=row["count"] / n) for row in table.take(common).to_pylist())
    rest = n - sum(each.count for each in top)
    return CategoricalDistribution(
        n=n, distinct=table.num_rows, largest_share=top[0].share, top=top, rest=rest
    )


def _quantile(x: Floats, share: float) -> float:
    """Return a quantile of a sorted column by linear interpolation."""
    position = share * (x.size - 1)
    lower, upper = x[int(position)], x[min(int(position) + 1, x.size - 1)]
    return float(lower + (upper - lower) * (position - int(position)))


def _outliers(x: Floats, quantiles: Quantiles) -> Outliers | None:
    if quantiles.iqr == 0:
        return None
    low, high = fences(quantiles.p25, quantiles.p75, OUTER_FENCE)
    below, above = int(np.searchsorted(x, low)), x.size - int(np.searchsorted(x, high, "right"))
    return Outliers(low=low, high=high, below=below, above=above)


def _between_fences(x: Floats, outliers: Outliers | None) -> tuple[float, float]:
    if outliers is None:
        return float(x[0]), float(x[-1])
    return max(outliers.low, float(x[0])), min(outliers.high, float(x[-1]))
