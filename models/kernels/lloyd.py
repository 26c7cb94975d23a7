"""Lloyd's algorithm on tiles of points.

Tests compare it with the reference implementation, `tests/reference/kmeans.py`.
"""

import numpy as np

from models.kernels.jit import jit
from models.kernels.tiles import Floats, Sums, pass_over_tiles


@jit
def lloyd(tiles: Floats, n: int, centers: Sums, tol: float, max_iter: int) -> float:
    """Run Lloyd's algorithm from given centers until convergence.

    Parameters
    ----------
    tiles
        As returned by `in_tiles`.
    n
        The number of points.
    centers
        Shape (k, d), the initial centers, updated in place. A center without points does not move.
    tol
        Stop if the sum of squared moves is at most this.
    max_iter
        Maximum number of updates.

    Returns
    -------
    float
        The inertia before the last update.
    """
    labels = np.full(n, -1, np.int32)
    sums, counts = np.zeros(centers.shape), np.zeros(len(centers))
    inertia = np.inf
    for _ in range(max_iter):
        inertia, changed = pass_over_tiles(tiles, centers.astype(tiles.dtype), labels, sums, counts)
        if changed == 0 or move_to_means(centers, sums, counts) <= tol:
            break
    return inertia


@jit
def move_to_means(centers: Sums, sums: Sums, counts: Sums) -> float:
    """Move each center to the mean of its points; return the sum of squared moves."""
    moved = 0.0
    for segment in range(len(centers)):
        if counts[segment] > 0:
            mean = sums[segment] / counts[segment]
            moved += np.sum((mean - centers[segment]) ** 2)
            centers[segment] = mean
    return moved
