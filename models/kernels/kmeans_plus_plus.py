"""Greedy k-means++ initialization on tiles of points.

Candidates are drawn with probability proportional to the squared distance from the centers chosen
before (Arthur & Vassilvitskii 2007); of 2 + ln k candidates the one with the lowest inertia is
chosen, as in scikit-learn. Tests compare it with plain code for the same draws.
"""

import math

import numpy as np
from numpy.typing import NDArray

from models.kernels.jit import jit
from models.kernels.tiles import TILE, Floats, measure

Draws = NDArray[np.float64]
Rows = NDArray[np.int64]


def random_draws(k: int, rng: np.random.Generator) -> Draws:
    """Draw the random numbers of `kmeans_plus_plus`, shape (k, candidates)."""
    return rng.random((k, 2 + int(math.log(k))))


@jit
def kmeans_plus_plus(tiles: Floats, n: int, draws: Draws) -> Rows:
    """Choose k of n points as initial centers.

    Parameters
    ----------
    tiles
        As returned by `in_tiles`.
    n
        The number of points.
    draws
        Shape (k, candidates), from 0 to 1. Only the first number of the first row is used.

    Returns
    -------
    ndarray
        Shape (k,), the chosen rows; rows repeat if there are fewer than k distinct points.
    """
    k, candidates = draws.shape
    least = np.full((len(tiles), TILE), np.inf, tiles.dtype)
    reached, chosen = np.empty(n), np.empty(k, np.int64)
    best, other = np.empty_like(least), np.empty_like(least)
    chosen[0] = int(draws[0, 0] * n)
    _update_distances(tiles, n, chosen[0], least, best)
    for step in range(1, k):
        least, best = best, least
        total = _accumulate(least, reached)
        lowest = np.inf
        for candidate in range(candidates):
            row = _row_at(reached, draws[step, candidate] * total)
            left = _update_distances(tiles, n, row, least, other)
            if left < lowest:
                lowest, chosen[step] = left, row
                best, other = other, best
    return chosen


@jit
def _update_distances(tiles: Floats, n: int, row: int, least: Floats, nearer: Floats) -> float:
    """Return the inertia after adding one center.

    Write the contribution of each point into `nearer`.
    """
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
    flat, total = least.ravel(), 0.0
    for i in range(len(reached)):
        total += flat[i]
        reached[i] = total
    return total


@jit
def _row_at(reached: Draws, sought: float) -> int:
    """Find the first row whose cumulative sum exceeds `sought`.

    The last one with a positive part if none does.
    """
    row = np.searchsorted(reached, sought, side="right")
    return int(row) if row < len(reached) else int(np.searchsorted(reached, reached[-1]))
