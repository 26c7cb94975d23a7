"""K-Means passes over tiles.

Blocks of 256 points in column-major order, so that loops vectorize (SIMD).

Distances to all centers, labels, sums and inertia are computed while a tile is in the L1 cache.
Sums are updated only for points that change their segment; close to convergence hardly any do.
Tests compare it with the reference implementation, `tests/reference/kmeans.py`.
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
    """Copy points into tiles.

    Parameters
    ----------
    points
        Shape (n, d).
    dtype
        The type of the tiles.

    Returns
    -------
    ndarray
        Shape (ceil(n / 256), d, 256), padded with 0.
    """
    n, d = points.shape
    tiles = np.zeros((-(-n // TILE), TILE, d), dtype)
    tiles.reshape(-1, d)[:n] = points
    return np.ascontiguousarray(tiles.transpose(0, 2, 1))


@jit
def pass_over_tiles(
    tiles: Floats, centers: Floats, labels: Labels, sums: Sums, counts: Sums
) -> tuple[float, int]:
    """Assign every point to its nearest center.

    Parameters
    ----------
    tiles
        As returned by `in_tiles`.
    centers
        Shape (k, d), of the same type.
    labels
        Shape (n,), the labels of the pass before, or -1; updated in place.
    sums, counts
        Shapes (k, d) and (k,), the sum and the number of the points with each label; updated in
        place.

    Returns
    -------
    tuple
        The inertia, and the number of labels that changed.
    """
    inertia, changed = 0.0, 0
    least, found, away = _buffers(tiles)
    for start in range(0, len(labels), TILE):
        tile, own = tiles[start // TILE], labels[start : start + TILE]
        inertia += _find_nearest(tile, len(own), centers, least, found, away)
        changed += _move(tile, found, own, sums, counts)
    return inertia, changed


@jit
def pass_over_rows(
    points: Floats, middle: Sums, centers: Floats, labels: Labels, sums: Sums, counts: Sums
) -> tuple[float, int]:
    """Run `pass_over_tiles` on rows, shape (n, d), minus `middle`; they are copied tile by tile."""
    inertia, changed = 0.0, 0
    tile = np.zeros((points.shape[1], TILE), centers.dtype)
    least, found, away = _buffers(centers)
    for start in range(0, len(points), TILE):
        rows, own = points[start : start + TILE], labels[start : start + TILE]
        _tile_rows(rows, middle, tile)
        inertia += _find_nearest(tile, len(own), centers, least, found, away)
        changed += _move(tile, found, own, sums, counts)
    return inertia, changed


@jit
def _buffers(like: Floats) -> tuple[Floats, Labels, Floats]:
    return np.empty(TILE, like.dtype), np.empty(TILE, np.int32), np.empty(TILE, like.dtype)


@jit
def _tile_rows(rows: Floats, middle: Sums, tile: Floats) -> None:
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            tile[j, i] = rows[i, j] - middle[j]


@jit
def _find_nearest(
    tile: Floats, n: int, centers: Floats, least: Floats, found: Labels, away: Floats
) -> float:
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
