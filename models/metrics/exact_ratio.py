"""Exact ratio: how much wider segments are than those of a tree that grows from each customer."""

from typing import Final

import numpy as np

from models.algorithms.hierarchical import CONDENSED_TO, EXACT_UP_TO
from models.kernels.ward import ward
from models.metrics.clustered import Labels, MetricInput, Points, means, squares_within
from models.tree import cut

SAMPLE: Final = 10_000


def exact_ratio(clustered: MetricInput) -> float | None:
    """Divide the sum of squares within segments by that of the exact tree, both of a sample of 10,000 customers.

    None for an algorithm without a tree, and where the tree is exact itself: up to 50,000 customers. It says how
    compact segments are, not that both trees draw the same ones: without gaps between them they often do not.
    """
    points, k = clustered.points, clustered.learned.k
    if clustered.learned.merges is None or len(points) <= EXACT_UP_TO:
        return None
    sample = np.random.default_rng(clustered.seed).choice(len(points), SAMPLE, replace=False)
    exact = _within(points[sample], cut(ward(points[sample]), k), k)
    ratio = _within(points[sample], clustered.labels[sample], k) / exact if exact > 0 else None
    clustered.warn(_ratio_note(ratio))
    return ratio


def _within(points: Points, labels: Labels, k: int) -> float:
    return squares_within(points, labels, means(points, labels, k))


def _ratio_note(ratio: float | None) -> str:
    grown = f"the tree grows from up to {CONDENSED_TO:,} groups of customers, not from each customer"
    if ratio is None:
        return grown
    return (
        f"{grown}: within segments the sum of squares is {ratio:.3f} times that of the exact tree of {SAMPLE:,} of them"
    )
