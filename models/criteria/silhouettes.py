"""Silhouettes of many partitions of the same points in one pass over their distances."""

from collections.abc import Mapping

import numpy as np

from models.criteria.evidence import Evidence
from models.criteria.partitions import Floats, Labels


def silhouettes(distances: Floats, labels: Labels) -> Floats:
    """Give each point's silhouette, from -1 to 1 (Rousseeuw 1987).

    Parameters
    ----------
    distances
        Shape (n, n).
    labels
        Shape (n,), two segments or more, numbered from 0, and none empty.
    """
    n, k = len(labels), int(labels.max()) + 1
    member = np.eye(k)[labels]
    sizes = member.sum(axis=0)
    sums = distances @ member
    own = sizes[labels]
    each = np.arange(n)
    within = sums[each, labels] / np.maximum(own - 1, 1)
    apart = sums / sizes
    apart[each, labels] = np.inf
    nearest = apart.min(axis=1)
    widest = np.maximum(within, nearest)
    return np.where((own > 1) & (widest > 0), (nearest - within) / np.where(widest > 0, widest, 1), 0.0)


def curve(evidence: Evidence, partitions: Mapping[int, Labels]) -> tuple[dict[int, float], dict[int, float]]:
    """Give the mean silhouette of each partition into two segments or more, and its standard error."""
    found = {k: silhouettes(evidence.distances, labels) for k, labels in partitions.items() if k > 1}
    n = len(evidence.points)
    return (
        {k: float(values.mean()) for k, values in found.items()},
        {k: float(values.std() / n**0.5) for k, values in found.items()},
    )
