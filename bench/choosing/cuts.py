"""What the peers look at: points, and scikit-learn's K-Means partitions of them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform
from sklearn.cluster import KMeans

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

KS: Final = range(2, 16)
STARTS: Final = 10


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """How many pairs of points there are of a kind, and their distances in all."""

    n: int
    sum: float

    @property
    def mean(self) -> float:
        """The mean distance of a pair."""
        return self.sum / self.n


@dataclass(frozen=True)
class Cuts:
    """Points, shape (n, d), and their partitions into 1 to 16 segments.

    Some indices look one beyond their choice.
    """

    points: Floats

    @cached_property
    def fits(self) -> dict[int, KMeans]:
        """Each partition as scikit-learn fits it."""
        return {
            k: KMeans(k, n_init=STARTS, random_state=0).fit(self.points)
            for k in range(1, KS.stop + 1)
        }

    @cached_property
    def distances(self) -> Floats:
        """Between all pairs of points, shape (n, n)."""
        return np.asarray(squareform(pdist(self.points)))

    @cached_property
    def sums_of_least(self) -> Floats:
        """The sum of the 0, 1, 2, ... least distances between pairs."""
        return np.concatenate([[0.0], np.cumsum(np.sort(pdist(self.points)))])

    @cached_property
    def scatter(self) -> Floats:
        """The scatter matrix of all points, shape (d, d).

        Regular, though the columns of a category are not.
        """
        away = self.points - self.points.mean(axis=0)
        return np.asarray(away.T @ away + self._ridge)

    def labels(self, k: int) -> Labels:
        """Give the segment of each point."""
        return np.asarray(self.fits[k].labels_, dtype=np.int64)

    def inertia(self, k: int) -> float:
        """Give the sum of squared distances to the centers."""
        return float(self.fits[k].inertia_)

    def within(self, k: int) -> Floats:
        """Give the pooled scatter matrix within the segments, regular as that of all points."""
        away = self.points - self.fits[k].cluster_centers_[self.labels(k)]
        return np.asarray(away.T @ away + self._ridge)

    def pairs(self, k: int) -> tuple[Pairs, Pairs]:
        """Give the pairs of points that share a segment, and the others."""
        member = np.eye(k)[self.labels(k)]
        sizes = member.sum(axis=0)
        n, n_within = len(member), int((sizes * (sizes - 1)).sum() // 2)
        within = float(np.sum(member * (self.distances @ member)) / 2)
        n_between = n * (n - 1) // 2 - n_within
        return Pairs(n=n_within, sum=within), Pairs(
            n=n_between, sum=float(self.sums_of_least[-1]) - within
        )

    @cached_property
    def _ridge(self) -> Floats:
        d = self.points.shape[1]
        return np.asarray(1e-9 * self.points.var() * len(self.points) * np.eye(d))
