"""Sums of distances from points to segments of several partitions, each distance computed once.

Points are sorted by cell, the points that share their segment in every partition: their distances
are summed up once, and the sum is added to one segment of each partition. `silhouettes` is the
reference implementation.
"""

import numpy as np
from numpy.typing import NDArray

from models.kernels.jit import jit
from models.kernels.tiles import TILE, measure

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@jit
def add_distance_sums(
    tile: Floats, points: Floats, cells: Rows, segments: Rows, sums: Floats
) -> None:
    """Add the distances from the points of a tile to all points to the sums of their segments.

    Parameters
    ----------
    tile
        Shape (d, 256), as returned by `in_tiles`.
    points
        Shape (n, d).
    cells
        Shape (n,), ascending; points with the same number are in the same segments.
    segments
        Shape (c, m), the row of `sums` for each cell and partition.
    sums
        Shape (rows, 256), updated in place.
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
