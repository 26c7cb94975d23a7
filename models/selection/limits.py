"""What the business allows: it restricts the choice, never the evidence."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.algorithms import Algorithm, Hierarchical
from models.algorithms.hierarchical import grow
from models.criteria.evidence import Evidence
from models.criteria.partitions import Labels
from models.tree import cut


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The fewest and the most segments, and the least share of the customers in each."""

    k_min: int
    k_max: int
    min_share: float

    def allow(self, k: int, least_share: float) -> bool:
        """Say whether k segments, the smallest of which has a share, are within the limits."""
        return self.k_min <= k <= self.k_max and least_share >= self.min_share


def choose(preference: Mapping[int, float], least_shares: Mapping[int, float], limits: Limits) -> int:
    """Choose the most preferred number of segments that the limits allow, the smaller of two alike.

    One segment only where nothing is preferred to it, or nothing else is allowed: customers who form three segments
    are better told in two than not at all. Where `min_share` allows none, the number between `k_min` and `k_max` whose
    smallest segment is greatest.
    """
    within = {k: share for k, share in least_shares.items() if limits.k_min <= k <= limits.k_max}
    allowed = [k for k, share in within.items() if limits.allow(k, share)]
    if not allowed:
        return max(within, key=lambda k: (within[k], -k))
    is_one = max(preference, key=preference.__getitem__) == 1
    several = [k for k in allowed if k > 1 or is_one]
    return max(several or allowed, key=lambda k: (preference.get(k, -np.inf), -k))


def least_shares(evidence: Evidence, algorithm: Algorithm) -> dict[int, float]:
    """Give the share of the smallest segment for each k, as the algorithm cuts the sample."""
    return {
        k: float(np.bincount(labels, minlength=k).min() / len(labels))
        for k, labels in partitions(evidence, algorithm).items()
    }


def partitions(evidence: Evidence, algorithm: Algorithm) -> Mapping[int, Labels]:
    """Cut the sample into each number of segments by the algorithm that is asked for."""
    if not isinstance(algorithm, Hierarchical):
        return {k: partition.labels for k, partition in evidence.kmeans.items()}
    if algorithm.linkage == "ward":
        return evidence.ward
    tree = grow(evidence.points, algorithm.linkage)
    return {k: cut(tree, k) for k in evidence.ks}
