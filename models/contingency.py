"""How two ways to segment the same customers agree."""

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer]
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


def contingency(before: Labels, after: Labels, *, shape: tuple[int, int]) -> Counts:
    """Count the customers in each segment of one way and of the other.

    Parameters
    ----------
    before, after
        Shape (n,), the segment of each customer in either way, counted from 0.
    shape
        How many segments there are in either way.

    Returns
    -------
    ndarray
        Of that shape.
    """
    n_before, n_after = shape
    return np.bincount(before * n_after + after, minlength=n_before * n_after).reshape(shape)


def adjusted_rand_index(counts: Counts) -> float:
    """Give the adjusted Rand index of two ways to segment (Hubert & Arabie 1985).

    Parameters
    ----------
    counts
        Shape (n_before, n_after), their contingency table.

    Returns
    -------
    float
        1 where they put the same customers together, 0 as by chance, and less where they agree even less.
    """
    table = counts.astype(np.float64)
    both, in_one, in_other = (_pairs(part).sum() for part in (table, table.sum(axis=1), table.sum(axis=0)))
    by_chance = in_one * in_other / max(_pairs(table.sum()), 1.0)
    most = (in_one + in_other) / 2
    return float((both - by_chance) / (most - by_chance)) if most > by_chance else 1.0


def _pairs(counts: Floats) -> Floats:
    return counts * (counts - 1) / 2
