"""Lloyd's algorithm on tiles of points, from one start to its end, in one call.

Agrees with `kernels.lloyd.lloyd`, the plain version.
"""

import numpy as np

from models.kernels.jit import jit
from models.kernels.tiles import Floats, Sums, pass_over_tiles


@jit
def lloyd(tiles: Floats, n: int, centers: Sums, rest: float, most: int) -> float:
    """Move centers to the means of their points until they rest.

    Parameters
    ----------
    tiles
        As `in_tiles` gives them.
    n
        How many points they hold.
    centers
        Shape (k, d), where to start; changed. A center without points stays where it is.
    rest
        Ends it: centers whose squared moves add up to no more.
    most
        Ends it: so many moves.

    Returns
    -------
    float
        The sum of squared distances to the nearest centers before their last move.
    """
    labels = np.full(n, -1, np.int32)
    sums, counts = np.zeros(centers.shape), np.zeros(len(centers))
    inertia = np.inf
    for _ in range(most):
        inertia, changed = pass_over_tiles(tiles, centers.astype(tiles.dtype), labels, sums, counts)
        if changed == 0 or _move_to_means(centers, sums, counts) <= rest:
            break
    return inertia


@jit
def _move_to_means(centers: Sums, sums: Sums, counts: Sums) -> float:
    moved = 0.0
    for segment in range(len(centers)):
        if counts[segment] > 0:
            mean = sums[segment] / counts[segment]
            moved += np.sum((mean - centers[segment]) ** 2)
            centers[segment] = mean
    return moved
