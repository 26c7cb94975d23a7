"""What every metric looks at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.algorithms import Learned

Points = NDArray[np.float64]
Labels = NDArray[np.int64]

AT_ONCE: Final = 65_536  # rows whose differences are held at a time


@dataclass(frozen=True, kw_only=True)
class Clustered:
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
    learned: Learned
    seed: int
    warn: Callable[[str], None]


def comparable(labels: Labels) -> bool:
    """Say whether there are at least two segments, and one of them has two members."""
    return 1 < len(np.unique(labels)) < len(labels)


def means(points: Points, labels: Labels, k: int) -> Points:
    """Average the points of each segment; 0 where there is nobody."""
    sums = np.stack([np.bincount(labels, column, minlength=k) for column in points.T], axis=1)
    return np.asarray(sums / np.maximum(np.bincount(labels, minlength=k), 1)[:, None])


def squares_within(points: Points, labels: Labels, centers: Points) -> float:
    """Sum the squared distances to the center of the own segment."""
    starts = range(0, len(points), AT_ONCE)
    return sum(_squares(points[i : i + AT_ONCE] - centers[labels[i : i + AT_ONCE]]) for i in starts)


def _squares(differences: Points) -> float:
    return float(np.einsum("ij,ij->", differences, differences))
