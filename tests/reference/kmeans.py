"""Reference implementation of K-Means, in plain numpy."""

import numpy as np

from models.kernels.partition import MAX_ITERATIONS, Floats, Partition


def reference_lloyd(points: Floats, centers: Floats) -> Partition:
    """Run Lloyd's algorithm until convergence, at most 50 iterations (Lloyd 1982).

    Agrees with `sklearn.cluster.KMeans(init=centers, n_init=1, tol=0)` if no segment becomes empty;
    here a center without points does not move.

    Parameters
    ----------
    points
        Shape (n, d).
    centers
        Shape (k, d), the initial centers.
    """
    transposed = np.ascontiguousarray(points.T)
    offsets = _offsets(transposed, centers)
    for _ in range(MAX_ITERATIONS):
        updated = _means(points, offsets, centers)
        if np.array_equal(updated, centers):
            break
        centers = updated
        offsets = _offsets(transposed, centers)
    inertia = float(offsets.min(axis=0).sum() + np.einsum("nd,nd->", points, points))
    return Partition(labels=offsets.argmin(axis=0), centers=centers, inertia=max(inertia, 0.0))


def reference_kmeans(points: Floats, k: int, starts: int, rng: np.random.Generator) -> Partition:
    """Return the partition with the lowest inertia of several k-means++ starts."""
    partitions = [
        reference_lloyd(points, reference_kmeans_plus_plus(points, k, rng)) for _ in range(starts)
    ]
    return min(partitions, key=lambda partition: partition.inertia)


def reference_kmeans_plus_plus(points: Floats, k: int, rng: np.random.Generator) -> Floats:
    """Choose k initial centers by k-means++ (Arthur & Vassilvitskii 2007), shape (k, d).

    Each is drawn with probability proportional to the squared distance from those chosen before.
    """
    chosen = [int(rng.integers(len(points)))]
    least = np.full(len(points), np.inf)
    while len(chosen) < k:
        away = points - points[chosen[-1]]
        least = np.minimum(least, np.einsum("nd,nd->n", away, away))
        reached = np.cumsum(least)
        chosen.append(
            min(
                int(np.searchsorted(reached, rng.random() * reached[-1], side="right")),
                len(points) - 1,
            )
        )
    return points[chosen]


def _offsets(transposed: Floats, centers: Floats) -> Floats:
    """Compute squared distances minus the points' squared norms, shape (k, n), for comparisons."""
    return np.asarray(np.einsum("kd,kd->k", centers, centers)[:, None] - 2 * (centers @ transposed))


def _means(points: Floats, offsets: Floats, centers: Floats) -> Floats:
    member = (offsets == offsets.min(axis=0)).astype(np.float64)
    counts = member.sum(axis=1)[:, None]
    return np.where(counts > 0, (member @ points) / np.maximum(counts, 1), centers)
