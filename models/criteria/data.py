"""What the criteria look at: points, and what several of them need of these, computed once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from models.criteria.gaussian_mixture import Mixture, fit_gaussian_mixtures
from models.criteria.partitions import Floats, Labels, means, partition_of, principal_components, same
from models.kernels.partition import Partition
from models.kernels.small_kmeans import lloyd, small_kmeans
from models.tree import cut

STARTS: Final = 8
MIXED: Final = 1000
MIXED_COORDINATES: Final = 24


@dataclass(frozen=True, kw_only=True)
class CriterionData:
    """Points, and their partitions into 1 .. k_max segments.

    Attributes
    ----------
    points
        Shape (n, d), in prepared units.
    k_max
        The greatest number of segments to judge; at most that of distinct points.
    seed
        Decides all that is random.

    Notes
    -----
    Labels never come from outside: each partition is computed from `points`, and so is in their order.
    """

    points: Floats
    k_max: int
    seed: int

    @property
    def ks(self) -> range:
        """The numbers of segments to judge."""
        return range(1, self.k_max + 1)

    @cached_property
    def tree(self) -> Floats:
        """Ward's tree, as scipy lays it out, shape (n - 1, 4)."""
        from scipy.cluster.hierarchy import linkage  # noqa: PLC0415 - the api knows the criteria by name

        return np.asarray(linkage(self.points, method="ward"))

    @cached_property
    def ward(self) -> dict[int, Labels]:
        """Ward's segments of each point, by their number."""
        return {k: cut(self.tree, k) for k in self.ks}

    @cached_property
    def kmeans(self) -> Mapping[int, Partition]:
        """The best of eight K-Means partitions and one that starts from Ward's, by the number of segments."""
        return {k: self._partition(k) for k in self.ks}

    @cached_property
    def mixtures(self) -> dict[int, Mixture]:
        """Gaussian mixtures of at most 1,000 of the points, by their number of components.

        Of many coordinates they see the 24 principal components of most variance: the cost of a covariance grows with
        the square of their number, and each level of a category is a coordinate.
        """
        n = min(len(self.points), MIXED)
        sample = np.sort(self.rng("mixtures").choice(len(self.points), n, replace=False))
        points = principal_components(self.points[sample], MIXED_COORDINATES)
        starts = {k: [labels[sample] for labels in self._starts(k)] for k in self.ks}
        fits = {k: fit_gaussian_mixtures(points, k, starts[k]) for k in self.ks}
        return {k: fit for k, fit in fits.items() if fit is not None}

    @cached_property
    def nonempty_partitions(self) -> dict[int, Partition]:
        """Those K-Means partitions into two segments or more in which none is empty.

        Points that differ by rounding only may be too few for k segments.
        """
        return {k: partition for k, partition in self.kmeans.items() if k > 1 and partition.sizes.all()}

    def rng(self, name: str) -> np.random.Generator:
        """Give a stream of random numbers of its own to each user, so that none depends on who came before."""
        return np.random.default_rng([self.seed, *name.encode()])

    def _starts(self, k: int) -> list[Labels]:
        kmeans, ward = self.kmeans[k].labels, self.ward[k]
        return [kmeans] if same(kmeans, ward) else [kmeans, ward]

    def _partition(self, k: int) -> Partition:
        from_tree = lloyd(self.points, means(self.points, self.ward[k], k))
        found = small_kmeans(self.points, k, STARTS, self.rng(f"kmeans {k}"))
        best = min(from_tree, found, key=lambda partition: partition.inertia)
        return partition_of(self.points, best.labels, k)
