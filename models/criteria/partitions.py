"""Functions of points and partitions that several criteria share."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.kernels.partition import Partition

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


def means(points: Floats, labels: Labels, k: int) -> Floats:
    """Compute the center of each segment, shape (k, d); the origin for an empty segment."""
    member = np.eye(k)[labels]
    return np.asarray((member.T @ points) / np.maximum(member.sum(axis=0), 1)[:, None])


def partition_of(points: Floats, labels: Labels, k: int) -> Partition:
    """Build a partition from labels.

    Centers are the exact means, even if the algorithm stopped before convergence.
    """
    partition = Partition(labels=labels, centers=means(points, labels, k), inertia=0.0)
    return replace(partition, inertia=float(partition.away(points).sum()))


def same(one: Labels, other: Labels) -> bool:
    """Return whether two partitions are equal up to a renumbering of the segments."""
    pairs = np.unique(np.stack([one, other]), axis=1)
    return len(pairs.T) == len(np.unique(one)) == len(np.unique(other))


def subsample(points: Floats, n: int, rng: np.random.Generator) -> Floats:
    """Draw a random sample of at most n points."""
    return points if len(points) <= n else points[rng.choice(len(points), n, replace=False)]


def principal_components(points: Floats, d: int) -> Floats:
    """Project points on their first d principal components, shape (n, d).

    Return them as is if they have at most d.
    """
    if points.shape[1] <= d:
        return points
    centered = points - points.mean(axis=0)
    _, axes = np.linalg.eigh(centered.T @ centered)
    return np.asarray(centered @ axes[:, -d:])
