"""Sums of distances from some points to each segment of several partitions, in one look at each pair.

Points that no partition tells apart come one after the other: their distances are added up once, and the sum goes to
one segment of each partition. `kernels.silhouettes` is the plain version.
"""

import numpy as np
from numpy.typing import NDArray

from models.kernels.jit import jit
from models.kernels.tiles import TILE, measure

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@jit
def add_distance_sums(tile: Floats, points: Floats, cells: Rows, segments: Rows, sums: Floats) -> None:
    """Add the distances from the points of a tile to all points.

    Parameters
    ----------
    tile
        Shape (d, 256), as `in_tiles` gives it.
    points
        Shape (n, d).
    cells
        Shape (n,), ascending: points with the same number are in the same segments.
    segments
        Shape (c, m), the row of `sums` for each cell and partition.
    sums
        Shape (rows, 256), changed.
    """
    away, run = np.empty(TILE), np.zeros(TILE)
    for j in range(len(points)):
        measure(tile, points[j], away)
        for i in range(TILE):
            run[i] += np.sqrt(away[i])
        if j + 1 == len(points) or cells[j + 1] != cells[j]:
            for row in segments[cells[j]]:
                for i in range(TILE):
                    sums[row, i] += run[i]
            run[:] = 0
