"""Davies-Bouldin index: mean overlap of each segment with the most similar one."""

import numpy as np

from models.metrics.clustered import MetricInput, Points, comparable, means, widths


def davies_bouldin(clustered: MetricInput) -> float | None:
    """Compute the mean overlap of segments with their most similar one (Davies & Bouldin 1979).

    Lower is better.

    Same definition as in scikit-learn, but without its two extra copies of the points.
    """
    points, labels = clustered.points, clustered.labels
    if not comparable(labels):
        return None
    occupied, centers = np.bincount(labels) > 0, means(points, labels, int(labels.max()) + 1)
    return _overlap(centers[occupied], widths(points, labels, centers)[occupied])


def _overlap(centers: Points, width: Points) -> float:
    distances = np.linalg.norm(centers[:, None] - centers, axis=2)
    if np.allclose(distances, 0) or np.allclose(width, 0):
        return 0.0
    distances[distances == 0] = np.inf
    return float(np.mean(np.max((width[:, None] + width) / distances, axis=1)))
