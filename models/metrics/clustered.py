"""Input of the metrics, and sums over segments that several of them share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.algorithms import ClusteringResult

Points = NDArray[np.float64]
Labels = NDArray[np.int64]

AT_ONCE: Final = 65_536  # rows per block, which bounds the memory of the differences


@dataclass(frozen=True, kw_only=True)
class MetricInput:
    """Prepared points with their segments.

    Attributes
    ----------
    points
        Shape (n, d), in prepared units.
    labels
        Shape (n,), the segment that the scorer assigns to each customer.
    learned
        The clustering of these points.
    seed
        Seed of metrics that sample customers.
    warn
        Called with a sentence if a metric has a warning about its value.
    """

    points: Points
    labels: Labels
    learned: ClusteringResult
    seed: int
    warn: Callable[[str], None]


def comparable(labels: Labels) -> bool:
    """Return whether there are at least two segments, one of them with at least two members."""
    return 1 < int(np.count_nonzero(np.bincount(labels))) < len(labels)


def means(points: Points, labels: Labels, k: int) -> Points:
    """Compute the mean of each segment, shape (k, d); 0 for an empty segment."""
    sums = np.stack([np.bincount(labels, column, minlength=k) for column in points.T], axis=1)
    return np.asarray(sums / np.maximum(np.bincount(labels, minlength=k), 1)[:, None])


def squares_within(points: Points, labels: Labels, centers: Points) -> float:
    """Compute the sum of squared distances to the center of the own segment."""
    return sum(
        float(np.einsum("ij,ij->", each, each)) for each in _differences(points, labels, centers)
    )


def widths(points: Points, labels: Labels, centers: Points) -> Points:
    """Compute the mean distance to the center for each segment, shape (k,).

    0 for an empty segment.
    """
    away = np.concatenate(
        [np.linalg.norm(each, axis=1) for each in _differences(points, labels, centers)]
    )
    k = len(centers)
    return np.asarray(
        np.bincount(labels, away, minlength=k) / np.maximum(np.bincount(labels, minlength=k), 1)
    )


def _differences(points: Points, labels: Labels, centers: Points) -> Iterator[Points]:
    for start in range(0, len(points), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        yield points[rows] - centers[labels[rows]]
