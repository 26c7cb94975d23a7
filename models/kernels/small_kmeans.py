"""K-Means on few points, for hundreds of repeated fits.

The compiled passes without sampling and threads: over tiles, or over sparse rows where categories
have many levels.

Tests compare it with the reference implementation, `tests/reference/kmeans.py`, for the same random
draws.
"""

from collections.abc import Callable

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
    _lloyd_on(points, tiles)(centers)
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
    run_lloyd = _lloyd_on(points, tiles)
    inertias = [run_lloyd(centers) for centers in ends]
    return _label(tiles, len(points), ends[int(np.argmin(inertias))])


def _in_tiles(points: Floats) -> Floats:
    from models.kernels.tiles import in_tiles  # noqa: PLC0415 - the api imports the criteria without numba

    return np.asarray(in_tiles(points, np.float64), np.float64)


def _kmeans_plus_plus(tiles: Floats, n: int, k: int, rng: np.random.Generator) -> np.ndarray:
    from models.kernels.kmeans_plus_plus import kmeans_plus_plus  # noqa: PLC0415 - as above

    first = (rng.integers(n) + 0.5) / n
    return kmeans_plus_plus(tiles, n, np.concatenate([[first], rng.random(k - 1)])[:, None])


def _lloyd_on(points: Floats, tiles: Floats) -> Callable[[Floats], float]:
    """Return Lloyd's algorithm on the faster layout.

    It updates centers in place, and returns the inertia.
    """
    from models.kernels import lloyd, sparse_lloyd  # noqa: PLC0415 - as above

    rows = sparse_lloyd.sparse_rows(points)
    if rows is None:
        return lambda centers: lloyd.lloyd(tiles, len(points), centers, 0.0, MAX_ITERATIONS)
    return lambda centers: sparse_lloyd.sparse_lloyd(rows, centers, 0.0, MAX_ITERATIONS)


def _label(tiles: Floats, n: int, centers: Floats) -> Partition:
    from models.kernels.tiles import pass_over_tiles  # noqa: PLC0415 - as above

    labels = np.full(n, -1, np.int32)
    inertia, _ = pass_over_tiles(
        tiles, centers, labels, np.zeros_like(centers), np.zeros(len(centers))
    )
    return Partition(labels=labels.astype(np.int64), centers=centers, inertia=inertia)
