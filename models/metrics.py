"""Metrics of a fit.

To add one, add a function here and append it to the tuple `METRICS`.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.algorithms import ClusteringResult
from models.algorithms.hierarchical import CONDENSED_TO, EXACT_UP_TO
from models.kernels.mean_silhouettes import mean_silhouettes
from models.kernels.ward import ward
from models.tree import cut

SAMPLE: Final = 10_000  # customers whose exact tree is built for a comparison
AT_ONCE: Final = 65_536  # rows per block, which bounds the memory of the differences

Points = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class MetricInput:
    """Prepared points with their segments.

    Attributes
    ----------
    points
        Shape (n, d), in prepared units.
    labels
        Shape (n,), the segment that the scorer assigns to each customer.
    learned
        The clustering of these points.
    seed
        Seed of metrics that sample customers.
    warn
        Called with a sentence if a metric has a warning about its value.
    """

    points: Points
    labels: Labels
    learned: ClusteringResult
    seed: int
    warn: Callable[[str], None]


def measure(clustered: MetricInput) -> dict[str, float | None]:
    """Compute every metric, by name; None if it is undefined or not finite."""
    with np.errstate(over="ignore"):
        values = {metric.__name__: metric(clustered) for metric in METRICS}
    return {
        name: value if value is not None and math.isfinite(value) else None
        for name, value in values.items()
    }


def inertia(clustered: MetricInput) -> float | None:
    """Sum the squared distances to the segments' centers (means if there are several centers)."""
    learned = clustered.learned
    if len(learned.centers) == learned.k:
        centers = learned.centers[np.argsort(learned.segment_of_center)]
    else:
        centers = _means(clustered.points, clustered.labels, learned.k)
    return _squares_within(clustered.points, clustered.labels, centers)


def silhouette(clustered: MetricInput) -> float | None:
    """Compute the mean silhouette, from -1 to 1 (Rousseeuw 1987).

    On a sample of 4,096 beyond 20,000 customers.

    None for a single segment, and if every customer is a segment of its own.
    """
    points, labels = clustered.points, clustered.labels
    if not _comparable(labels):
        return None
    result = mean_silhouettes(points, [labels], clustered.seed)
    if result.n_asked < len(points):
        clustered.warn(
            f"the silhouette is measured on a random sample of {result.n_asked:,} customers: its "
            f"standard error is {result.errors[0]:.2g}"
        )
    return float(result.means[0])


def calinski_harabasz(clustered: MetricInput) -> float | None:
    """Compute the ratio of the variance between segments to that within (Caliński & Harabasz 1974).

    Higher is better.

    Same definition as in scikit-learn, but without its two extra copies of the points.
    """
    points, labels = clustered.points, clustered.labels
    if not _comparable(labels):
        return None
    sizes, centers = np.bincount(labels), _means(points, labels, int(labels.max()) + 1)
    n, k = len(points), np.count_nonzero(sizes)
    within = _squares_within(points, labels, centers)
    between = float(sizes @ np.sum((centers - points.mean(axis=0)) ** 2, axis=1))
    return float(between / within * (n - k) / (k - 1)) if within > 0 else 1.0


def davies_bouldin(clustered: MetricInput) -> float | None:
    """Compute the mean overlap of segments with their most similar one (Davies & Bouldin 1979).

    Lower is better.

    Same definition as in scikit-learn, but without its two extra copies of the points.
    """
    points, labels = clustered.points, clustered.labels
    if not _comparable(labels):
        return None
    occupied, centers = np.bincount(labels) > 0, _means(points, labels, int(labels.max()) + 1)
    return _overlap(centers[occupied], _widths(points, labels, centers)[occupied])


def _overlap(centers: Points, width: Points) -> float:
    distances = np.linalg.norm(centers[:, None] - centers, axis=2)
    if np.allclose(distances, 0) or np.allclose(width, 0):
        return 0.0
    distances[distances == 0] = np.inf
    return float(np.mean(np.max((width[:, None] + width) / distances, axis=1)))


def assignment_agreement(clustered: MetricInput) -> float | None:
    """Return the share of customers assigned to the segment of their branch.

    None for an algorithm without a tree.
    """
    if clustered.learned.labels is None:
        return None
    return float(np.mean(clustered.learned.labels == clustered.labels))


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
    return _squares_within(points, labels, _means(points, labels, k))


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


METRICS: Final = (
    inertia,
    silhouette,
    calinski_harabasz,
    davies_bouldin,
    assignment_agreement,
    exact_ratio,
)


def _comparable(labels: Labels) -> bool:
    """Return whether there are at least two segments, one of them with at least two members."""
    return 1 < int(np.count_nonzero(np.bincount(labels))) < len(labels)


def _means(points: Points, labels: Labels, k: int) -> Points:
    """Compute the mean of each segment, shape (k, d); 0 for an empty segment."""
    sums = np.stack([np.bincount(labels, column, minlength=k) for column in points.T], axis=1)
    return np.asarray(sums / np.maximum(np.bincount(labels, minlength=k), 1)[:, None])


def _squares_within(points: Points, labels: Labels, centers: Points) -> float:
    """Compute the sum of squared distances to the center of the own segment."""
    return sum(
        float(np.einsum("ij,ij->", each, each)) for each in _differences(points, labels, centers)
    )


def _widths(points: Points, labels: Labels, centers: Points) -> Points:
    """Compute the mean distance to the center for each segment, shape (k,).

    0 for an empty segment.
    """
    away = np.concatenate(
        [np.linalg.norm(each, axis=1) for each in _differences(points, labels, centers)]
    )
    k = len(centers)
    return np.asarray(
        np.bincount(labels, away, minlength=k) / np.maximum(np.bincount(labels, minlength=k), 1)
    )


def _differences(points: Points, labels: Labels, centers: Points) -> Iterator[Points]:
    for start in range(0, len(points), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        yield points[rows] - centers[labels[rows]]
