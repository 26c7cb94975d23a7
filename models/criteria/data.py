"""Input of the criteria.

Points, and their partitions, which several criteria share, computed once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from models.criteria.gaussian_mixture import Mixture, fit_gaussian_mixtures
from models.criteria.partitions import (
    Floats,
    Labels,
    means,
    partition_of,
    principal_components,
    same,
)
from models.kernels.partition import Partition
from models.kernels.small_kmeans import lloyd, small_kmeans
from models.tree import cut

STARTS: Final = 8
MIXTURE_SAMPLE: Final = 1000
MIXTURE_COORDINATES: Final = 24


@dataclass(frozen=True, kw_only=True)
class CriterionData:
    """Points, and their partitions into 1 .. k_max segments.

    Attributes
    ----------
    points
        Shape (n, d), in prepared units.
    k_max
        The largest k to evaluate; at most the number of distinct points.
    seed
        Seed of all random numbers.

    Notes
    -----
    All labels are computed from `points`, so they are in the order of the points.
    """

    points: Floats
    k_max: int
    seed: int

    @property
    def ks(self) -> range:
        """The values of k to evaluate."""
        return range(1, self.k_max + 1)

    @cached_property
    def tree(self) -> Floats:
        """Ward's tree as a scipy linkage matrix, shape (n - 1, 4)."""
        from scipy.cluster.hierarchy import linkage  # noqa: PLC0415 - the api imports the criteria without scipy

        return np.asarray(linkage(self.points, method="ward"))

    @cached_property
    def ward(self) -> dict[int, Labels]:
        """The labels of each cut of Ward's tree, by k."""
        return {k: cut(self.tree, k) for k in self.ks}

    @cached_property
    def kmeans(self) -> Mapping[int, Partition]:
        """The best of eight K-Means starts and one start from Ward's cut, by k."""
        partitions = {}
        for k in self.ks:
            from_tree = lloyd(self.points, means(self.points, self.ward[k], k))
            from_starts = small_kmeans(self.points, k, STARTS, self.rng(f"kmeans {k}"))
            best = min(from_tree, from_starts, key=lambda partition: partition.inertia)
            partitions[k] = partition_of(self.points, best.labels, k)
        return partitions

    @cached_property
    def mixtures(self) -> dict[int, Mixture]:
        """Gaussian mixtures fitted to at most 1,000 of the points, by the number of components.

        Points with more coordinates are projected on their first 24 principal components: the cost
        of a covariance matrix grows with the square of their number, and each level of a category
        is a coordinate.
        """
        n = min(len(self.points), MIXTURE_SAMPLE)
        sample = np.sort(self.rng("mixtures").choice(len(self.points), n, replace=False))
        points = principal_components(self.points[sample], MIXTURE_COORDINATES)
        fits = {}
        for k in self.ks:
            kmeans, ward = self.kmeans[k].labels, self.ward[k]
            starts = [kmeans[sample]] if same(kmeans, ward) else [kmeans[sample], ward[sample]]
            fit = fit_gaussian_mixtures(points, k, starts)
            if fit is not None:
                fits[k] = fit
        return fits

    @cached_property
    def nonempty_partitions(self) -> dict[int, Partition]:
        """The K-Means partitions with two segments or more and without empty segments.

        A segment can stay empty if points differ by rounding errors only.
        """
        return {
            k: partition for k, partition in self.kmeans.items() if k > 1 and partition.sizes.all()
        }

    def rng(self, name: str) -> np.random.Generator:
        """Return an independent random generator for each name, whatever the order of use."""
        return np.random.default_rng([self.seed, *name.encode()])
