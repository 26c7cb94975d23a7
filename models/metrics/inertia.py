"""Inertia: how far customers are from the center of their segment."""

import numpy as np
from numpy.typing import NDArray

from models.metrics.clustered import Clustered


def inertia(clustered: Clustered) -> float | None:
    """Sum the squared distances to the segment's center: the algorithm's own, or the mean where it has several."""
    differences = clustered.points - _centers(clustered)[clustered.labels]
    return float(np.einsum("ij,ij->", differences, differences))


def _centers(clustered: Clustered) -> NDArray[np.float64]:
    learned = clustered.learned
    if len(learned.centers) == learned.k:
        return learned.centers[np.argsort(learned.segment_of_center)]
    sums = np.zeros((learned.k, clustered.points.shape[1]))
    np.add.at(sums, clustered.labels, clustered.points)
    return sums / np.maximum(np.bincount(clustered.labels, minlength=learned.k), 1)[:, None]
