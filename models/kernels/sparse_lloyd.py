"""Lloyd's algorithm on sparse rows: tables whose categories have many levels.

A row of one-hot columns differs from their minima in few of them. The squared distance to a center
is expanded to |x|² - 2 x·c + |c|², so that a pass costs as many steps as there are nonzero entries.
Tests compare it with the passes over tiles.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.kernels.jit import jit
from models.kernels.lloyd import move_to_means

MIN_COLUMNS: Final = 16
MAX_DENSITY: Final = 0.25

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class SparseRows(NamedTuple):
    """Rows in compressed sparse row format, after subtracting `low`, the minimum of each column."""

    low: Floats
    starts: Integers
    columns: Integers
    values: Floats


def sparse_rows(points: Floats) -> SparseRows | None:
    """Compress points of shape (n, d), or return None where tiles are faster."""
    if points.shape[1] < MIN_COLUMNS:
        return None
    low = points.min(axis=0)
    shifted = points - low
    entries = np.flatnonzero(shifted != 0)
    if len(entries) > MAX_DENSITY * points.size:
        return None
    starts = np.searchsorted(entries, np.arange(len(points) + 1) * points.shape[1])
    return SparseRows(low, starts, entries % points.shape[1], shifted.ravel()[entries])


def sparse_lloyd(rows: SparseRows, centers: Floats, tol: float, max_iter: int) -> float:
    """Run Lloyd's algorithm as `lloyd` does: update `centers` in place, return the inertia."""
    centers -= rows.low
    inertia = _run(rows.starts, rows.columns, rows.values, centers, tol, max_iter)
    centers += rows.low
    return inertia


@jit
def _run(
    starts: Integers, columns: Integers, values: Floats, centers: Floats, tol: float, max_iter: int
) -> float:
    labels = np.full(len(starts) - 1, -1, np.int64)
    sums, counts = np.zeros(centers.shape), np.zeros(len(centers))
    squares = np.sum(values**2)
    inertia = np.inf
    for _ in range(max_iter):
        total, changed = _assign(starts, columns, values, centers, labels, sums, counts)
        inertia = squares + total
        if changed == 0 or move_to_means(centers, sums, counts) <= tol:
            break
    return inertia


@jit
def _assign(
    starts: Integers,
    columns: Integers,
    values: Floats,
    centers: Floats,
    labels: Integers,
    sums: Floats,
    counts: Floats,
) -> tuple[float, int]:
    """Assign rows; return the inertia minus the squared lengths of the rows, and the changes."""
    by_column = centers.T.copy()
    lengths = np.sum(centers**2, axis=1)
    away = np.empty(len(centers))
    total, changed = 0.0, 0
    for row in range(len(labels)):
        entries = range(starts[row], starts[row + 1])
        away[:] = lengths
        for i in entries:
            twice, column = 2 * values[i], by_column[columns[i]]
            for c in range(len(away)):
                away[c] -= twice * column[c]
        nearest, former = np.argmin(away), labels[row]
        total += away[nearest]
        if nearest == former:
            continue
        changed += 1
        labels[row] = nearest
        for i in entries:
            sums[nearest, columns[i]] += values[i]
            if former >= 0:
                sums[former, columns[i]] -= values[i]
        counts[nearest] += 1
        if former >= 0:
            counts[former] -= 1
    return total, changed
