"""Caliński-Harabasz index: ratio of the variance between segments to the variance within."""

import numpy as np

from models.metrics.clustered import MetricInput, comparable, means, squares_within


def calinski_harabasz(clustered: MetricInput) -> float | None:
    """Compute the ratio of the variance between segments to that within (Caliński & Harabasz 1974).

    Higher is better.

    Same definition as in scikit-learn, but without its two extra copies of the points.
    """
    points, labels = clustered.points, clustered.labels
    if not comparable(labels):
        return None
    sizes, centers = np.bincount(labels), means(points, labels, int(labels.max()) + 1)
    n, k = len(points), np.count_nonzero(sizes)
    within = squares_within(points, labels, centers)
    between = float(sizes @ np.sum((centers - points.mean(axis=0)) ** 2, axis=1))
    return float(between / within * (n - k) / (k - 1)) if within > 0 else 1.0
