"""K-Means on few points, for hundreds of repeated fits.

The compiled passes without sampling and threads.

Tests compare it with the reference implementation, `tests/reference/kmeans.py`, for the same random
draws.
"""

import numpy as np

from models.kernels.partition import MAX_ITERATIONS, Floats, Partition


def lloyd(points: Floats, centers: Floats) -> Partition:
    """Run Lloyd's algorithm until convergence, at most 50 iterations (Lloyd 1982).

    Parameters
    ----------
    points
        Shape (n, d).
    centers
        Shape (k, d), the initial centers. A center without points does not move.
    """
    tiles = _in_tiles(points)
    centers = np.array(centers, np.float64)
    _run_lloyd(tiles, len(points), centers)
    return _label(tiles, len(points), centers)


def small_kmeans(points: Floats, k: int, starts: int, rng: np.random.Generator) -> Partition:
    """Return the best partition of several k-means++ starts (Arthur & Vassilvitskii 2007).

    Parameters
    ----------
    points
        Shape (n, d).
    k
        The number of centers.
    starts
        The number of starts.
    rng
        Random generator of the starts.
    """
    tiles = _in_tiles(points)
    ends = [points[_kmeans_plus_plus(tiles, len(points), k, rng)] for _ in range(starts)]
    inertias = [_run_lloyd(tiles, len(points), centers) for centers in ends]
    return _label(tiles, len(points), ends[int(np.argmin(inertias))])


def _in_tiles(points: Floats) -> Floats:
    from models.kernels.tiles import in_tiles  # noqa: PLC0415 - the api imports the criteria without numba

    return np.asarray(in_tiles(points, np.float64), np.float64)


def _kmeans_plus_plus(tiles: Floats, n: int, k: int, rng: np.random.Generator) -> np.ndarray:
    from models.kernels.kmeans_plus_plus import kmeans_plus_plus  # noqa: PLC0415 - as above

    first = (rng.integers(n) + 0.5) / n
    return kmeans_plus_plus(tiles, n, np.concatenate([[first], rng.random(k - 1)])[:, None])


def _run_lloyd(tiles: Floats, n: int, centers: Floats) -> float:
    from models.kernels.lloyd import lloyd  # noqa: PLC0415 - as above

    return lloyd(tiles, n, centers, 0.0, MAX_ITERATIONS)


def _label(tiles: Floats, n: int, centers: Floats) -> Partition:
    from models.kernels.tiles import pass_over_tiles  # noqa: PLC0415 - as above

    labels = np.full(n, -1, np.int32)
    inertia, _ = pass_over_tiles(
        tiles, centers, labels, np.zeros_like(centers), np.zeros(len(centers))
    )
    return Partition(labels=labels.astype(np.int64), centers=centers, inertia=inertia)
