"""Histograms with bin widths by Freedman and Diaconis."""

from dataclasses import dataclass
from math import ceil, floor, log2
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MAX_BINS: Final = 30


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """Counts of half-open bins, the last one closed, and of the values below and above them."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    below: int
    above: int


def count_between(x: Floats, low: float, high: float, *, iqr: float, whole: bool) -> Histogram:
    """Compute the histogram of a sorted column between two values.

    The bin width follows Freedman and Diaconis (1981) or, if the interquartile range is 0, the
    number of bins follows Sturges (1926); at most thirty bins. Bins of whole numbers have whole
    widths.

    Parameters
    ----------
    x : shape (n_customers,)
        Known values in ascending order, at least one.
    low, high
        Lower edge of the first bin and upper edge of the last one, approximate if `whole`.
    iqr
        The interquartile range of the values.
    whole
        Whether all values are whole numbers.

    Returns
    -------
    Histogram
        All values, each counted once.
    """
    width = 2 * iqr / x.size ** (1 / 3)
    proposed = (high - low) / width if width > 0 else log2(x.size) + 1
    n_bins = ceil(min(max(proposed, 1), MAX_BINS))
    if whole:
        first, end = ceil(low), floor(high) + 1
        whole_width = ceil((end - first) / n_bins)
        edges = np.arange(first, end + whole_width, whole_width, dtype=np.float64)
    else:
        edges = np.linspace(low, high, n_bins + 1)
    edges = np.unique(edges)
    if edges.size == 1:
        edges = edges.repeat(2)
    positions = np.searchsorted(x, edges)
    positions[-1] = np.searchsorted(x, edges[-1], "right")
    counts = tuple(np.diff(positions).tolist())
    return Histogram(
        edges=tuple(edges.tolist()),
        counts=counts,
        below=int(positions[0]),
        above=x.size - int(positions[-1]),
    )
