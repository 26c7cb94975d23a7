"""Tiles: a few hundred points side by side, column by column, so that one instruction works on many of them.

A point's distances to all centers are found while its tile is in the processor's nearest cache, and its label, the
sums of its segment and the inertia in the same pass. Sums change by those points alone that change their segment: close
to the end, hardly any do. Agrees with `kernels.lloyd`, the plain version.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.kernels.jit import jit

TILE: Final = 256

Floats = NDArray[np.floating]
Sums = NDArray[np.float64]
Labels = NDArray[np.int32]


def in_tiles(points: Floats, dtype: type[np.floating]) -> Floats:
    """Lay points out as tiles.

    Parameters
    ----------
    points
        Shape (n, d).
    dtype
        Of the tiles.

    Returns
    -------
    ndarray
        Shape (ceil(n / 256), d, 256); what is beyond n is 0.
    """
    n, d = points.shape
    tiles = np.zeros((-(-n // TILE), TILE, d), dtype)
    tiles.reshape(-1, d)[:n] = points
    return np.ascontiguousarray(tiles.transpose(0, 2, 1))


@jit
def pass_over_tiles(tiles: Floats, centers: Floats, labels: Labels, sums: Sums, counts: Sums) -> tuple[float, int]:
    """Give every point its nearest center.

    Parameters
    ----------
    tiles
        As `in_tiles` gives them, of the n points that `labels` has.
    centers
        Shape (k, d), of the same type.
    labels
        Shape (n,), from an earlier pass, or -1; changed.
    sums, counts
        Shapes (k, d) and (k,), of the points that each segment has by those labels; changed.

    Returns
    -------
    tuple
        The sum of squared distances to the nearest centers, and how many labels have changed.
    """
    inertia, changed = 0.0, 0
    least, found, away = _work_arrays(tiles)
    for start in range(0, len(labels), TILE):
        tile, own = tiles[start // TILE], labels[start : start + TILE]
        inertia += _find_nearest(tile, len(own), centers, least, found, away)
        changed += _move(tile, found, own, sums, counts)
    return inertia, changed


@jit
def pass_over_rows(
    points: Floats, middle: Sums, centers: Floats, labels: Labels, sums: Sums, counts: Sums
) -> tuple[float, int]:
    """Do the same for points as they are, shape (n, d), less `middle`: a tile is laid out anew for each 256 of them."""
    inertia, changed = 0.0, 0
    tile = np.zeros((points.shape[1], TILE), centers.dtype)
    least, found, away = _work_arrays(centers)
    for start in range(0, len(points), TILE):
        rows, own = points[start : start + TILE], labels[start : start + TILE]
        _tile_rows(rows, middle, tile)
        inertia += _find_nearest(tile, len(own), centers, least, found, away)
        changed += _move(tile, found, own, sums, counts)
    return inertia, changed


@jit
def _work_arrays(like: Floats) -> tuple[Floats, Labels, Floats]:
    return np.empty(TILE, like.dtype), np.empty(TILE, np.int32), np.empty(TILE, like.dtype)


@jit
def _tile_rows(rows: Floats, middle: Sums, tile: Floats) -> None:
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            tile[j, i] = rows[i, j] - middle[j]


@jit
def _find_nearest(tile: Floats, n: int, centers: Floats, least: Floats, found: Labels, away: Floats) -> float:
    least[:] = np.inf
    found[:] = 0
    for c in range(centers.shape[0]):
        measure(tile, centers[c], away)
        for i in range(TILE):
            nearer = away[i] < least[i]
            found[i] = c if nearer else found[i]
            least[i] = away[i] if nearer else least[i]
    total = 0.0
    for i in range(n):
        total += least[i]
    return total


@jit
def measure(tile: Floats, center: Floats, away: Floats) -> None:
    """Write the squared distance of each point of a tile to a center into `away`, shape (256,)."""
    away[:] = 0
    for j in range(tile.shape[0]):
        for i in range(TILE):
            gap = tile[j, i] - center[j]
            away[i] += gap * gap


@jit
def _move(tile: Floats, found: Labels, own: Labels, sums: Sums, counts: Sums) -> int:
    changed = 0
    for i in range(len(own)):
        if found[i] != own[i]:
            changed += 1
            if own[i] >= 0:
                _add(tile, i, -1.0, sums[own[i]])
                counts[own[i]] -= 1
            _add(tile, i, 1.0, sums[found[i]])
            counts[found[i]] += 1
            own[i] = found[i]
    return changed


@jit
def _add(tile: Floats, i: int, sign: float, total: Sums) -> None:
    for j in range(tile.shape[0]):
        total[j] += sign * tile[j, i]
