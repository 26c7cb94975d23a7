"""Assignment of many customers to the nearest center, bit for bit as by `scoring.nearest`.

Squared distances are summed up feature by feature, in the order of the scorer: a numeric feature by
its coordinate, a categorical one by table lookup.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.kernels.jit import jit
from models.kernels.tiles import TILE

Floats = NDArray[np.float64]
Centers = NDArray[np.int32]
Codes = NDArray[np.int64]


class FeatureTables(NamedTuple):
    """Centers and distance tables by feature.

    Attributes
    ----------
    is_number
        Shape (f,), whether a feature is numeric.
    places
        Shape (m, f), the coordinate of each center; 0 for a categorical feature.
    tables
        Shape (m, f, c), the squared distance to each category; 0 for a numeric feature.
    """

    is_number: NDArray[np.bool_]
    places: Floats
    tables: Floats


@jit
def assign_to_centers(
    sums: FeatureTables, columns: Floats, nearest: Centers, least: Floats
) -> None:
    """Find the nearest center of each customer; ties go to the first center.

    Parameters
    ----------
    sums
        The centers and distance tables.
    columns
        Shape (f, n), the coordinate of a numeric feature, or the code of a category.
    nearest, least
        Shape (n,), output: the center, and its squared distance.
    """
    nearest[:] = 0
    least[:] = np.inf
    for start in range(0, len(nearest), TILE):
        rows = slice(start, min(start + TILE, len(nearest)))
        tile, found, closest = columns[:, rows], nearest[rows], least[rows]
        codes, away = tile.astype(np.int64), np.empty(len(found))
        for center in range(len(sums.places)):
            _add_up(sums, center, tile, codes, away)
            for i in range(len(away)):
                nearer = away[i] < closest[i]
                found[i] = center if nearer else found[i]
                closest[i] = away[i] if nearer else closest[i]


@jit
def _add_up(sums: FeatureTables, center: int, tile: Floats, codes: Codes, away: Floats) -> None:
    away[:] = 0.0
    for feature in range(len(tile)):
        if sums.is_number[feature]:
            at = sums.places[center, feature]
            for i in range(len(away)):
                gap = tile[feature, i] - at
                away[i] += gap * gap
        else:
            table = sums.tables[center, feature]
            for i in range(len(away)):
                away[i] += table[codes[feature, i]]
