"""The threshold that best tells members from others, of all columns.

Agrees with `kernels.all_thresholds`, the plain version.
"""

import numpy as np
from numpy.typing import NDArray

from models.kernels.jit import jit

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.intp]


@jit
def best_threshold(order: Rows, steps: Flags, inside: Floats, member: Flags, wanted: float) -> tuple[int, int, int]:
    """Find the threshold with the highest F1, in one walk through each sorted column.

    Parameters
    ----------
    order
        Shape (d, n), column by column the rows from the least to the largest value.
    steps
        Shape (d, n - 1), whether the next value is larger, so that a threshold fits between.
    inside
        Shape (n,), for how many customers a row stands; 0 for one that earlier conditions leave out.
    member
        Shape (n,), who is to be described.
    wanted
        For how many customers all members stand.

    Returns
    -------
    tuple of int
        Whether to take those above (0) or at most (1), the column, and the position in its order after which the
        threshold lies; -1 for both where no threshold finds a member. Of thresholds that are equal to nine digits the
        first one, and above before at most.
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
                found = 2 * (all_hits - hits) / (whole - size + wanted), 2 * hits / (size + wanted)
                for side in range(2):
                    score = np.rint(found[side] * 1e9)
                    if score > best[side]:
                        best[side], columns[side], positions[side] = score, column, position
    side = int(best[1] > best[0])
    return side, int(columns[side]), int(positions[side])
