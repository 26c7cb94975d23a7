"""Silhouettes of points, by definition."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.integer]


def silhouette_values(distances: Floats, labels: Labels) -> Floats:
    """Compute the silhouette of each point, from -1 to 1 (Rousseeuw 1987).

    Parameters
    ----------
    distances
        Shape (n, n).
    labels
        Shape (n,), two segments or more, numbered from 0, none of them empty.
    """
    member = np.eye(int(labels.max()) + 1)[labels]
    return from_sums((distances @ member).T, member.sum(axis=0), labels)


def from_sums(sums: Floats, sizes: NDArray[np.int64] | Floats, labels: Labels) -> Floats:
    """Compute silhouettes from sums of distances by segment; 0 for the only point of a segment.

    Parameters
    ----------
    sums
        Shape (k, n), the sum of distances from each point to the points of each segment.
    sizes
        Shape (k,), the sizes of the segments; empty segments are ignored.
    labels
        Shape (n,), the own segment of each point.
    """
    own, each = sizes[labels], np.arange(len(labels))
    within = sums[labels, each] / np.maximum(own - 1, 1)
    apart = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], np.inf)
    apart[labels, each] = np.inf
    nearest = apart.min(axis=0)
    widest = np.maximum(within, nearest)
    return np.where(
        (own > 1) & (widest > 0), (nearest - within) / np.where(widest > 0, widest, 1), 0.0
    )
