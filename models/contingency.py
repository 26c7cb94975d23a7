"""Contingency table and adjusted Rand index of two segmentations of the same customers."""

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer]
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


def contingency(before: Labels, after: Labels, *, shape: tuple[int, int]) -> Counts:
    """Count the customers in each pair of segments of two segmentations.

    Parameters
    ----------
    before, after
        Shape (n,), the segment of each customer in each segmentation, counted from 0.
    shape
        The number of segments of each segmentation.

    Returns
    -------
    ndarray
        Shape `shape`.
    """
    n_before, n_after = shape
    return np.bincount(before * n_after + after, minlength=n_before * n_after).reshape(shape)


def adjusted_rand_index(counts: Counts) -> float:
    """Compute the adjusted Rand index of two segmentations (Hubert & Arabie 1985).

    Parameters
    ----------
    counts
        Shape (n_before, n_after), the contingency table.

    Returns
    -------
    float
        1 for equal segmentations, 0 for agreement by chance, negative for less agreement than by
        chance.
    """
    table = counts.astype(np.float64)
    both, in_one, in_other = (
        _pairs(part).sum() for part in (table, table.sum(axis=1), table.sum(axis=0))
    )
    by_chance = in_one * in_other / max(_pairs(table.sum()), 1.0)
    maximum = (in_one + in_other) / 2
    return float((both - by_chance) / (maximum - by_chance)) if maximum > by_chance else 1.0


def _pairs(counts: Floats) -> Floats:
    return counts * (counts - 1) / 2
