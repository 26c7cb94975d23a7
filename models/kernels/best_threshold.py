"""Search for the threshold, over all columns, that best separates members from other customers.

Tests compare it with the reference implementation, `tests/reference/thresholds.py`.
"""

import numpy as np
from numpy.typing import NDArray

from models.kernels.jit import jit

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.intp]


@jit
def best_threshold(
    order: Rows, steps: Flags, inside: Floats, member: Flags, wanted: float
) -> tuple[int, int, int]:
    """Find the threshold with the highest F1 score in one scan of each sorted column.

    Parameters
    ----------
    order
        Shape (d, n), the rows of each column in ascending order of their values.
    steps
        Shape (d, n - 1), whether the next value in the order is larger, so that a threshold fits
        between.
    inside
        Shape (n,), the number of customers of each row; 0 if earlier conditions exclude it.
    member
        Shape (n,), whether a row is a member of the segment to describe.
    wanted
        The number of customers of all members.

    Returns
    -------
    tuple of int
        The side (0: above, 1: at most), the column, and the position in its order after which the
        threshold lies; column and position are -1 if no threshold includes a member. Ties (to nine
        digits) go to the first threshold, and to `above`.
    """
    whole, all_hits = inside.sum(), inside[member].sum()
    best, columns, positions = np.zeros(2), np.full(2, -1), np.full(2, -1)
    for column in range(len(order)):
        size = hits = 0.0
        for position in range(order.shape[1] - 1):
            row = order[column, position]
            size += inside[row]
            if member[row]:
                hits += inside[row]
            if steps[column, position]:
                f1 = 2 * (all_hits - hits) / (whole - size + wanted), 2 * hits / (size + wanted)
                for side in range(2):
                    score = np.rint(f1[side] * 1e9)
                    if score > best[side]:
                        best[side], columns[side], positions[side] = score, column, position
    side = int(best[1] > best[0])
    return side, int(columns[side]), int(positions[side])
