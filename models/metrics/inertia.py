"""Inertia: how far customers are from the center of their segment."""

import numpy as np

from models.metrics.clustered import MetricInput, Points, means, squares_within


def inertia(clustered: MetricInput) -> float | None:
    """Sum the squared distances to the segment's center: the algorithm's own, or the mean where it has several."""
    return squares_within(clustered.points, clustered.labels, _centers(clustered))


def _centers(clustered: MetricInput) -> Points:
    learned = clustered.learned
    if len(learned.centers) == learned.k:
        return learned.centers[np.argsort(learned.segment_of_center)]
    return means(clustered.points, clustered.labels, learned.k)
