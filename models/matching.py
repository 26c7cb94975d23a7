"""Matching of segments between two segmentations."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

Labels = npt.NDArray[np.integer]


def match_segments(before: Labels, after: Labels, *, threshold: float = 0.5) -> dict[int, int]:
    """Match the segments of two versions by the customers they share.

    Parameters
    ----------
    before, after : ndarray of shape (n_customers,)
        The segments that the two versions assign to the same customers, in the same order.
        Customers with -1 (not assigned) are ignored.
    threshold : float, default=0.5
        The minimum Jaccard similarity (customers in both / customers in either, 0 to 1) of a pair.

    Returns
    -------
    dict of int to int
        The old segment of each new one; new segments without a counterpart are absent.
        No old segment occurs twice.

    Raises
    ------
    ValueError
        If the two arrays differ in length.

    Notes
    -----
    Maximizes the total Jaccard (1901) similarity by the Hungarian algorithm (Kuhn, 1955). Pairs
    below the threshold are set to 0 first, so that they cannot displace a pair above it.
    """
    if before.shape != after.shape:
        raise ValueError(f"labels of {before.size} and of {after.size} customers cannot be matched")
    assigned = (before >= 0) & (after >= 0)
    old, old_codes = np.unique(before[assigned], return_inverse=True)
    new, new_codes = np.unique(after[assigned], return_inverse=True)
    similarity = jaccard(new_codes, old_codes, shape=(new.size, old.size))
    similarity[similarity < threshold] = 0
    pairs = zip(*linear_sum_assignment(similarity, maximize=True), strict=True)
    return {int(new[i]): int(old[j]) for i, j in pairs if similarity[i, j] > 0}


def match_nested_segments(before: Labels, after: Labels) -> list[tuple[int, int]]:
    """Match the nested segments of two cuts of one tree.

    Parameters
    ----------
    before, after : ndarray of shape (n_groups,)
        The segment of each fine group in the two cuts.

    Returns
    -------
    list of tuple of int
        Pairs (before, after): each segment of the finer cut once, with the segment of the coarser
        cut that contains it.
    """
    return sorted(set(zip(before.tolist(), after.tolist(), strict=True)))


def jaccard(rows: Labels, columns: Labels, *, shape: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Compute the Jaccard similarity of every pair of segments (Jaccard 1901).

    Parameters
    ----------
    rows, columns : ndarray of shape (n_customers,)
        The segment of each customer in two segmentations, counted from 0.
    shape : tuple of int
        The number of segments of each segmentation.

    Returns
    -------
    ndarray
        Shape `shape`: customers in both / customers in either, 0 if both are empty.
    """
    both = np.zeros(shape)
    np.add.at(both, (rows, columns), 1)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
    similarity: npt.NDArray[np.float64] = both / np.maximum(either, 1)
    return similarity
