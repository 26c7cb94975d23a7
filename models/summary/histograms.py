"""How many values lie between which edges."""

from dataclasses import dataclass
from math import ceil, floor, log2
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MAX_BINS: Final = 30


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """Counts between edges, a lower edge included, and what lies outside; the last bin includes its upper edge too."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    below: int
    above: int


def count_between(x: Floats, low: float, high: float, *, iqr: float, whole: bool) -> Histogram:
    """Make the histogram of a column between two values.

    Bins are as wide as Freedman and Diaconis (1981) propose, or as many as Sturges (1926) proposes where the middle
    half of the values is one value; at most thirty. Those of whole numbers are a whole number wide.

    Parameters
    ----------
    x : shape (n_customers,)
        Known values in ascending order, at least one.
    low, high
        Where the first bin begins and the last one ends, roughly if `whole`.
    iqr
        The interquartile range of the values.
    whole
        Whether all values are whole numbers.

    Returns
    -------
    Histogram
        All values, each counted once.
    """
    n_bins = _n_bins(x.size, high - low, iqr)
    edges = np.unique(_whole_edges(ceil(low), floor(high), n_bins) if whole else np.linspace(low, high, n_bins + 1))
    if edges.size == 1:
        edges = edges.repeat(2)
    places = np.searchsorted(x, edges)
    places[-1] = np.searchsorted(x, edges[-1], "right")
    counts = tuple(np.diff(places).tolist())
    return Histogram(edges=tuple(edges.tolist()), counts=counts, below=int(places[0]), above=x.size - int(places[-1]))


def _n_bins(n: int, span: float, iqr: float) -> int:
    width = 2 * iqr / n ** (1 / 3)
    proposed = span / width if width > 0 else log2(n) + 1
    return ceil(min(max(proposed, 1), MAX_BINS))


def _whole_edges(low: int, high: int, n_bins: int) -> Floats:
    width = ceil((high + 1 - low) / n_bins)
    return np.arange(low, high + 1 + width, width, dtype=np.float64)
