"""Davies-Bouldin: how much each segment overlaps the one most like it."""

import numpy as np

from models.metrics.clustered import MetricInput, Points, comparable, means, widths


def davies_bouldin(clustered: MetricInput) -> float | None:
    """Average over segments the width of the worst pair over its distance (Davies & Bouldin 1979); lower is better.

    As scikit-learn does it, which holds two further copies of all points.
    """
    points, labels = clustered.points, clustered.labels
    if not comparable(labels):
        return None
    met, centers = np.bincount(labels) > 0, means(points, labels, int(labels.max()) + 1)
    return _overlap(centers[met], widths(points, labels, centers)[met])


def _overlap(centers: Points, width: Points) -> float:
    apart = np.linalg.norm(centers[:, None] - centers, axis=2)
    if np.allclose(apart, 0) or np.allclose(width, 0):
        return 0.0
    apart[apart == 0] = np.inf
    return float(np.mean(np.max((width[:, None] + width) / apart, axis=1)))
