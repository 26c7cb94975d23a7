"""Silhouette: how much nearer customers are to their own segment than to the next one."""

from typing import Final

import numpy as np
from sklearn.metrics import silhouette_score

from models.metrics.clustered import Clustered, comparable

EXACT_UP_TO: Final = 5_000


def silhouette(clustered: Clustered) -> float | None:
    """Average over customers, from -1 to 1 (Rousseeuw 1987); over a sample of 5,000 where there are more.

    Undefined, and None, for one segment and where every customer is a segment of its own.
    """
    points, labels = clustered.points, clustered.labels
    if len(points) > EXACT_UP_TO:
        clustered.warn(f"the silhouette is measured on a random sample of {EXACT_UP_TO:,} customers")
        sample = np.random.default_rng(clustered.seed).choice(len(points), EXACT_UP_TO, replace=False)
        points, labels = points[sample], labels[sample]
    if not comparable(labels):
        return None
    return float(silhouette_score(points, labels))
