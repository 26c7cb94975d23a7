"""Exact ratio: inertia of the segments relative to those of a tree built from single customers."""

from typing import Final

import numpy as np

from models.algorithms.hierarchical import CONDENSED_TO, EXACT_UP_TO
from models.kernels.ward import ward
from models.metrics.clustered import Labels, MetricInput, Points, means, squares_within
from models.tree import cut

SAMPLE: Final = 10_000


def exact_ratio(clustered: MetricInput) -> float | None:
    """Compute the ratio of the inertia to that of the exact tree, on a sample of 10,000 customers.

    None for an algorithm without a tree, and for up to 50,000 customers, whose tree is exact. The
    ratio compares how compact the segments are; the segments themselves often differ where there
    are no gaps between them.
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
    note = (
        f"the tree is built from up to {CONDENSED_TO:,} groups of customers, not from single "
        "customers"
    )
    if ratio is None:
        return note
    return (
        f"{note}; its inertia is {ratio:.3f} times that of the exact tree, on a sample of "
        f"{SAMPLE:,} customers"
    )
