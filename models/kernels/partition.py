"""K-Means on small sets of points: as scikit-learn does it, without its cost per call."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MAX_ITERATIONS: Final = 50


@dataclass(frozen=True, kw_only=True)
class Partition:
    """Points in segments.

    Attributes
    ----------
    labels
        Shape (n,), the segment of each point.
    centers
        Shape (k, d).
    inertia
        The sum of squared distances to the own center.
    """

    labels: NDArray[np.int64]
    centers: Floats
    inertia: float

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many points each segment has, shape (k,)."""
        return np.bincount(self.labels, minlength=len(self.centers))

    def away(self, points: Floats) -> Floats:
        """How far each of its points, shape (n, d), is from its center, squared; shape (n,)."""
        differences = points - self.centers[self.labels]
        return np.asarray(np.einsum("nd,nd->n", differences, differences))


def reference_lloyd(points: Floats, centers: Floats) -> Partition:
    """Move centers to the means of their points until they rest, 50 times at most (Lloyd 1982).

    Agrees with `sklearn.cluster.KMeans(init=centers, n_init=1, tol=0)` where that finds no empty segment; here a
    center without points stays where it is.

    Parameters
    ----------
    points
        Shape (n, d).
    centers
        Shape (k, d), where to start.
    """
    across = np.ascontiguousarray(points.T)
    offsets = _offsets(across, centers)
    for _ in range(MAX_ITERATIONS):
        moved = _means(points, offsets, centers)
        if np.array_equal(moved, centers):
            break
        centers = moved
        offsets = _offsets(across, centers)
    inertia = float(offsets.min(axis=0).sum() + np.einsum("nd,nd->", points, points))
    return Partition(labels=offsets.argmin(axis=0), centers=centers, inertia=max(inertia, 0.0))


def reference_kmeans(points: Floats, k: int, starts: int, rng: np.random.Generator) -> Partition:
    """Give the partition of least inertia among several starts by k-means++."""
    found = [reference_lloyd(points, reference_kmeans_plus_plus(points, k, rng)) for _ in range(starts)]
    return min(found, key=lambda partition: partition.inertia)


def reference_kmeans_plus_plus(points: Floats, k: int, rng: np.random.Generator) -> Floats:
    """Choose k starts, each with a chance that grows with its squared distance from those chosen before.

    That is k-means++ (Arthur & Vassilvitskii 2007), shape (k, d).
    """
    chosen = [int(rng.integers(len(points)))]
    least = np.full(len(points), np.inf)
    while len(chosen) < k:
        away = points - points[chosen[-1]]
        least = np.minimum(least, np.einsum("nd,nd->n", away, away))
        reached = np.cumsum(least)
        chosen.append(min(int(np.searchsorted(reached, rng.random() * reached[-1], side="right")), len(points) - 1))
    return points[chosen]


def nearest(points: Floats, centers: Floats) -> NDArray[np.int64]:
    """Give the center nearest to each point, shape (n,)."""
    return np.asarray(np.argmin(np.einsum("kd,kd->k", centers, centers) - 2 * points @ centers.T, axis=1))


def _offsets(across: Floats, centers: Floats) -> Floats:
    """Give squared distances less the point's own square, shape (k, n): all that a comparison needs."""
    return np.asarray(np.einsum("kd,kd->k", centers, centers)[:, None] - 2 * (centers @ across))


def _means(points: Floats, offsets: Floats, centers: Floats) -> Floats:
    member = (offsets == offsets.min(axis=0)).astype(np.float64)
    counts = member.sum(axis=1)[:, None]
    return np.where(counts > 0, (member @ points) / np.maximum(counts, 1), centers)
