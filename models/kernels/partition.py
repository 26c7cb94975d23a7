"""Partitions of points into segments."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MAX_ITERATIONS: Final = 50


@dataclass(frozen=True, kw_only=True)
class Partition:
    """A partition of points into segments.

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
        """The number of points in each segment, shape (k,)."""
        return np.bincount(self.labels, minlength=len(self.centers))

    def away(self, points: Floats) -> Floats:
        """Compute the squared distance of each of its points, shape (n, d), to its center.

        Shape (n,).
        """
        differences = points - self.centers[self.labels]
        return np.asarray(np.einsum("nd,nd->n", differences, differences))


def nearest(points: Floats, centers: Floats) -> NDArray[np.int64]:
    """Return the nearest center of each point, shape (n,)."""
    return np.asarray(
        np.argmin(np.einsum("kd,kd->k", centers, centers) - 2 * points @ centers.T, axis=1)
    )
