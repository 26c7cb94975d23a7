"""Constraints on the number of segments; they restrict the choice, never the evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.algorithms import Algorithm, Hierarchical
from models.algorithms.hierarchical import build_tree
from models.criteria.data import CriterionData
from models.criteria.partitions import Labels
from models.selection.summary_text import LIKELY
from models.tree import cut

MIN_ODDS: Final = 1.25  # of a larger number against a smaller one


@dataclass(frozen=True, kw_only=True)
class Constraints:
    """Minimum and maximum number of segments, and the minimum share of customers in each."""

    k_min: int
    k_max: int
    min_share: float


def choose(
    preference: Mapping[int, float], min_shares: Mapping[int, float], limits: Constraints
) -> int:
    """Choose the most preferred number of segments that the limits allow.

    Ties go to the smaller number.

    One segment is chosen only if it is the most preferred or the only one allowed: if three
    segments are preferred but not allowed, two describe the customers better than one. If
    `min_share` excludes every number, the number between `k_min` and `k_max` with the largest
    smallest segment is chosen.
    """
    within = {k: share for k, share in min_shares.items() if limits.k_min <= k <= limits.k_max}
    allowed = [k for k, share in within.items() if share >= limits.min_share]
    if not allowed:
        return max(within, key=lambda k: (within[k], -k))
    several = [k for k in allowed if k > 1 or max_preference(preference) == 1]
    return max(several or allowed, key=lambda k: (preference.get(k, -np.inf), -k))


def prefer_smaller(probabilities: Mapping[int, float]) -> dict[int, float]:
    """Prefer the smaller of the two most probable numbers if the evidence is weak.

    Weak evidence does not reach 60 % for any number, nor odds of 5 to 4 for the larger one.
    """
    best, runner_up = sorted(probabilities, key=lambda k: (-probabilities[k], k))[:2]
    first, second = probabilities[best], probabilities[runner_up]
    if runner_up > best or first >= LIKELY or first > MIN_ODDS * second:
        return dict(probabilities)
    return {**probabilities, best: second, runner_up: first}


def max_preference(preference: Mapping[int, float]) -> int:
    """Return the most preferred number of segments, without any limits."""
    return max(preference, key=preference.__getitem__)


def min_shares(cuts: Mapping[int, Labels]) -> dict[int, float]:
    """Compute the share of the smallest segment of each cut."""
    return {
        k: float(np.bincount(labels, minlength=k).min() / len(labels)) for k, labels in cuts.items()
    }


def partitions(evidence: CriterionData, algorithm: Algorithm) -> Mapping[int, Labels]:
    """Partition the sample into each number of segments by the given algorithm."""
    if not isinstance(algorithm, Hierarchical):
        return {k: partition.labels for k, partition in evidence.kmeans.items()}
    if algorithm.linkage == "ward":
        return evidence.ward
    tree = build_tree(evidence.points, algorithm.linkage)
    return {k: cut(tree, k) for k in evidence.ks}
