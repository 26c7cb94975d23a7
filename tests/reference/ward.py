"""Reference implementation of `ward`, by definition."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def greedy_ward(points: Floats, weights: Floats) -> Floats:
    """Repeatedly merge the two rows with the lowest cost.

    Time grows with the cube of the number of rows.

    Parameters
    ----------
    points
        Shape (n, d).
    weights
        Shape (n,).

    Returns
    -------
    ndarray
        Shape (n - 1, 4), as returned by `ward`.
    """
    nodes = {
        node: (np.asarray(row), float(weight))
        for node, (row, weight) in enumerate(zip(points, weights, strict=True))
    }
    merges = np.empty((len(points) - 1, 4))
    for merge in range(len(merges)):
        cost, a, b = min((_cost(*nodes[a], *nodes[b]), a, b) for a in nodes for b in nodes if a < b)
        (left, v), (right, w) = nodes.pop(a), nodes.pop(b)
        nodes[len(points) + merge] = (v * left + w * right) / (v + w), v + w
        merges[merge] = a, b, np.sqrt(2 * cost), v + w
    return merges


def _cost(left: Floats, v: float, right: Floats, w: float) -> float:
    """Compute the increase of the sum of squares within groups."""
    return float(v * w / (v + w) * np.sum((left - right) ** 2))
