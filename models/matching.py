"""Which new segment is which old one."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

Labels = npt.NDArray[np.integer]


def match_segments(before: Labels, after: Labels, *, threshold: float = 0.5) -> dict[int, int]:
    """Pair the segments of two versions by the customers they share.

    Parameters
    ----------
    before, after : ndarray of shape (n_customers,)
        Where the two versions place the same customers, in the same order; -1 = not placed,
        and such customers are ignored.
    threshold : float, default=0.5
        The least Jaccard similarity (customers in both / customers in either, 0 to 1) of a pair.

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
    Jaccard (1901) similarity, and the assignment of the largest total (Kuhn, 1955). Pairs below the
    threshold are worth nothing beforehand, so that they cannot displace one above it.
    """
    if before.shape != after.shape:
        raise ValueError(f"labels of {before.size} and of {after.size} customers cannot be matched")
    placed = (before >= 0) & (after >= 0)
    old, old_codes = np.unique(before[placed], return_inverse=True)
    new, new_codes = np.unique(after[placed], return_inverse=True)
    similarity = jaccard(new_codes, old_codes, shape=(new.size, old.size))
    similarity[similarity < threshold] = 0
    pairs = zip(*linear_sum_assignment(similarity, maximize=True), strict=True)
    return {int(new[i]): int(old[j]) for i, j in pairs if similarity[i, j] > 0}


def nest_segments(before: Labels, after: Labels) -> list[tuple[int, int]]:
    """Pair the segments of two cuts of one tree that lie in one another.

    Parameters
    ----------
    before, after : ndarray of shape (n_groups,)
        The segment of each fine group in the two cuts.

    Returns
    -------
    list of tuple of int
        Each segment of the finer cut once, with the one of the coarser cut that holds it: (before, after).
    """
    return sorted(set(zip(before.tolist(), after.tolist(), strict=True)))


def jaccard(rows: Labels, columns: Labels, *, shape: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Compare every segment with every other one (Jaccard 1901).

    Parameters
    ----------
    rows, columns : ndarray of shape (n_customers,)
        The segment of each customer in one way and in another, both counted from 0.
    shape : tuple of int
        How many segments there are in either way.

    Returns
    -------
    ndarray
        Of that shape: customers in both / customers in either, 0 where there is nobody in either.
    """
    both = np.zeros(shape)
    np.add.at(both, (rows, columns), 1)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
    similarity: npt.NDArray[np.float64] = both / np.maximum(either, 1)
    return similarity
