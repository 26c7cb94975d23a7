"""What every metric looks at."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.algorithms import Learned


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

    points: NDArray[np.float64]
    labels: NDArray[np.int64]
    learned: Learned
    seed: int
    warn: Callable[[str], None]


def comparable(labels: NDArray[np.int64]) -> bool:
    """Say whether there are at least two segments, and one of them has two members."""
    return 1 < len(np.unique(labels)) < len(labels)
