"""Points in segments: what every criterion knows about them."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.kernels.partition import Partition

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


def means(points: Floats, labels: Labels, k: int) -> Floats:
    """Give the center of each segment, shape (k, d); the origin for one without members."""
    member = np.eye(k)[labels]
    return np.asarray((member.T @ points) / np.maximum(member.sum(axis=0), 1)[:, None])


def partition_of(points: Floats, labels: Labels, k: int) -> Partition:
    """Build the partition of labels, each center the mean of its points: an algorithm may end a little before."""
    held = Partition(labels=labels, centers=means(points, labels, k), inertia=0.0)
    return replace(held, inertia=float(held.away(points).sum()))


def same(one: Labels, other: Labels) -> bool:
    """Say whether two partitions are one under different numbers."""
    pairs = np.unique(np.stack([one, other]), axis=1)
    return len(pairs.T) == len(np.unique(one)) == len(np.unique(other))


def subsample(points: Floats, n: int, rng: np.random.Generator) -> Floats:
    """Give a random sample of at most n points."""
    return points if len(points) <= n else points[rng.choice(len(points), n, replace=False)]


def principal_components(points: Floats, d: int) -> Floats:
    """Project points on the d axes of most variance, shape (n, d); return them as they are where they have no more."""
    if points.shape[1] <= d:
        return points
    around = points - points.mean(axis=0)
    _, axes = np.linalg.eigh(around.T @ around)
    return np.asarray(around @ axes[:, -d:])
