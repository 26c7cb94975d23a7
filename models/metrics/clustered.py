"""What every metric looks at."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.algorithms import ClusteringResult

Points = NDArray[np.float64]
Labels = NDArray[np.int64]

AT_ONCE: Final = 65_536  # rows whose differences are held at a time


@dataclass(frozen=True, kw_only=True)
class MetricInput:
    """Prepared points with their segments.

    Attributes
    ----------
    points
        Shape (n, d), in prepared units.
    labels
        Shape (n,), the segment in which a customer is placed.
    learned
        What the algorithm learned from these points.
    seed
        Decides which customers are sampled, where a metric samples.
    warn
        Told a sentence where a metric has something to say about its figure.
    """

    points: Points
    labels: Labels
    learned: ClusteringResult
    seed: int
    warn: Callable[[str], None]


def comparable(labels: Labels) -> bool:
    """Say whether there are at least two segments, and one of them has two members."""
    return 1 < int(np.count_nonzero(np.bincount(labels))) < len(labels)


def means(points: Points, labels: Labels, k: int) -> Points:
    """Average the points of each segment; 0 where there is nobody."""
    sums = np.stack([np.bincount(labels, column, minlength=k) for column in points.T], axis=1)
    return np.asarray(sums / np.maximum(np.bincount(labels, minlength=k), 1)[:, None])


def squares_within(points: Points, labels: Labels, centers: Points) -> float:
    """Sum the squared distances to the center of the own segment."""
    return sum(float(np.einsum("ij,ij->", each, each)) for each in _differences(points, labels, centers))


def widths(points: Points, labels: Labels, centers: Points) -> Points:
    """Average for each segment the distances to its center; 0 where there is nobody."""
    away = np.concatenate([np.linalg.norm(each, axis=1) for each in _differences(points, labels, centers)])
    k = len(centers)
    return np.asarray(np.bincount(labels, away, minlength=k) / np.maximum(np.bincount(labels, minlength=k), 1))


def _differences(points: Points, labels: Labels, centers: Points) -> Iterator[Points]:
    for start in range(0, len(points), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        yield points[rows] - centers[labels[rows]]
