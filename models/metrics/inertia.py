"""Inertia: sum of squared distances to the center of the segment."""

import numpy as np

from models.metrics.clustered import MetricInput, Points, means, squares_within


def inertia(clustered: MetricInput) -> float | None:
    """Sum the squared distances to the segments' centers (means if there are several centers)."""
    return squares_within(clustered.points, clustered.labels, _centers(clustered))


def _centers(clustered: MetricInput) -> Points:
    learned = clustered.learned
    if len(learned.centers) == learned.k:
        return learned.centers[np.argsort(learned.segment_of_center)]
    return means(clustered.points, clustered.labels, learned.k)
