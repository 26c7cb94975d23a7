"""Truncation of a tree at its fine groups, and the means of these groups."""

import numpy as np
from numpy.typing import NDArray

from models.tree import cut

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


def truncate(tree: Floats, m: int) -> Floats:
    """Return the last m - 1 merges as a tree whose leaves are the m groups of the cut."""
    n = len(tree) + 1
    # The number of each node in the new tree: of its group or, for a merge, from m on.
    number = np.full(2 * n - 1, -1)
    number[:n] = cut(tree, m)
    for node, (left, _) in enumerate(tree[: n - m, :2].astype(np.int64), start=n):
        number[node] = number[left]
    number[2 * n - m :] = np.arange(m, 2 * m - 1)
    merges = tree[n - m :].copy()
    merges[:, :2] = np.sort(number[merges[:, :2].astype(np.int64)], axis=1)
    return merges


def group_means(points: Floats, weights: Floats, group: Rows, m: int) -> Floats:
    """Compute the mean of each of m groups of weighted points, shape (m, d)."""
    sums = np.zeros((m, points.shape[1]))
    np.add.at(sums, group, weights[:, None] * points)
    return sums / np.bincount(group, weights, minlength=m)[:, None]
