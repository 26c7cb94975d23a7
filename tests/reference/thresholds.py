"""Reference implementation of `best_threshold`: the F1 scores of all thresholds of all columns."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.intp]


def all_thresholds(
    order: Rows, steps: Flags, inside: Floats, member: Flags, wanted: float
) -> Floats:
    """Compute the F1 score of every threshold.

    Parameters
    ----------
    order, steps, inside, member, wanted
        As for `best_threshold`.

    Returns
    -------
    ndarray
        Shape (2, d, n - 1), [above, at most] x columns x positions in the sorted column; 0 where no
        threshold fits.
    """
    hits = np.cumsum((inside * member)[order], axis=1)[:, :-1]
    sizes = np.cumsum(inside[order], axis=1)[:, :-1]
    at_most = 2 * hits / (sizes + wanted)
    above = 2 * (inside @ member - hits) / (inside.sum() - sizes + wanted)
    return np.where(steps, np.stack([above, at_most]), 0.0)
