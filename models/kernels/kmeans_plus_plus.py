"""Where K-Means starts: k-means++ on tiles of points, the best of a few candidates at each step.

A candidate is drawn with a chance that grows with its squared distance from those chosen before (Arthur &
Vassilvitskii 2007); of 2 + ln k candidates that which leaves the least inertia is chosen, as scikit-learn does. Tests
hold it to plain code for the same draws.
"""

import math

import numpy as np
from numpy.typing import NDArray

from models.kernels.jit import jit
from models.kernels.tiles import TILE, Floats, measure

Draws = NDArray[np.float64]
Rows = NDArray[np.int64]


def random_draws(k: int, rng: np.random.Generator) -> Draws:
    """Draw what `spread_over` decides by, shape (k, candidates)."""
    return rng.random((k, 2 + int(math.log(k))))


@jit
def kmeans_plus_plus(tiles: Floats, n: int, draws: Draws) -> Rows:
    """Choose k of n points as starts.

    Parameters
    ----------
    tiles
        As `in_tiles` gives them.
    n
        How many points they hold.
    draws
        Shape (k, candidates), from 0 to 1. Of the first row, only the first one counts.

    Returns
    -------
    ndarray
        Shape (k,), the rows chosen. Once each distinct point is among them, rows repeat.
    """
    k, candidates = draws.shape
    least = np.full((len(tiles), TILE), np.inf, tiles.dtype)
    reached, chosen = np.empty(n), np.empty(k, np.int64)
    best, other = np.empty_like(least), np.empty_like(least)
    chosen[0] = int(draws[0, 0] * n)
    _update_distances(tiles, n, chosen[0], least, best)
    for step in range(1, k):
        least, best = best, least
        whole = _accumulate(least, reached)
        lowest = np.inf
        for candidate in range(candidates):
            row = _row_at(reached, draws[step, candidate] * whole)
            left = _update_distances(tiles, n, row, least, other)
            if left < lowest:
                lowest, chosen[step] = left, row
                best, other = other, best
    return chosen


@jit
def _update_distances(tiles: Floats, n: int, row: int, least: Floats, nearer: Floats) -> float:
    """Give the inertia that is left with one more start, and each point's part of it in `nearer`."""
    across = np.zeros(TILE)
    away = np.empty(TILE, tiles.dtype)
    start = tiles[row // TILE, :, row % TILE].copy()
    for t in range(len(tiles)):
        measure(tiles[t], start, away)
        for i in range(TILE):
            nearer[t, i] = min(least[t, i], away[i])
        nearer[t, max(n - t * TILE, 0) :] = 0
        for i in range(TILE):
            across[i] += nearer[t, i]
    return float(across.sum())


@jit
def _accumulate(least: Floats, reached: Draws) -> float:
    flat, whole = least.ravel(), 0.0
    for i in range(len(reached)):
        whole += flat[i]
        reached[i] = whole
    return whole


@jit
def _row_at(reached: Draws, sought: float) -> int:
    """Find the first row that goes beyond; the last one that adds anything, where rounding leaves none."""
    row = np.searchsorted(reached, sought, side="right")
    return int(row) if row < len(reached) else int(np.searchsorted(reached, reached[-1]))
