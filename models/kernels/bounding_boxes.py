"""Rows in blocks of neighbours, each block in a box: a search skips the boxes that are too far away (Bentley 1975).

Agrees, bit for bit, with a look at every row.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.kernels.jit import jit

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

BLOCK: Final = 64
_SLACK: Final = 1 + 1e-9  # a bound that rounding cannot make too tight


class BoundingBoxes(NamedTuple):
    """Rows at places: place p is in block p // 64; the places of the last block that are left over are far from all.

    Attributes
    ----------
    rows
        Shape (b, d, 64), the coordinates of one block after the other.
    weights
        Shape (b, 64).
    low, high
        Shape (d, b), the edges of the box around each block.
    least
        Shape (b,), no more than the least weight in each block.
    order
        Shape (n,), which row is at each place.
    """

    rows: Floats
    weights: Floats
    low: Floats
    high: Floats
    least: Floats
    order: Rows


def build_boxes(points: Floats, weights: Floats) -> BoundingBoxes:
    """Put rows, shape (n, d), and their weights, shape (n,), into boxes."""
    n, d = points.shape
    order = _nearest_in_own_box(points)
    n_blocks = -(-n // BLOCK)
    rows = np.full((n_blocks * BLOCK, d), np.inf)
    rows[:n] = points[order]
    rows = np.ascontiguousarray(rows.reshape(n_blocks, BLOCK, d).transpose(0, 2, 1))
    heavy = np.ones(n_blocks * BLOCK)
    heavy[:n] = weights[order]
    heavy = heavy.reshape(n_blocks, BLOCK)
    high = np.where(np.isinf(rows), -np.inf, rows).max(axis=2).T
    low = rows.min(axis=2).T
    return BoundingBoxes(rows, heavy, np.ascontiguousarray(low), np.ascontiguousarray(high), heavy.min(axis=1), order)


def _nearest_in_own_box(points: Floats) -> Rows:
    """Order rows so that each 64 in turn lie together: halve them along the widest column, again and again."""
    order = np.arange(len(points))
    parts = [(0, len(points))]
    while parts:
        start, end = parts.pop()
        if end - start > BLOCK:
            middle = start + BLOCK * -(-(end - start) // (2 * BLOCK))
            part = order[start:end]
            column = points[part, np.ptp(points[part], axis=0).argmax()]
            order[start:end] = part[np.argpartition(column, middle - start - 1)]
            parts += [(start, middle), (middle, end)]
    return order


@jit
def nearest_in_boxes(
    boxes: BoundingBoxes, row: Floats, weight: float, own: int, place: int, least: float, away: Floats, squares: Floats
) -> tuple[int, float]:
    """Find the place whose row is cheapest to merge with a row; among equals the one given, or the first met.

    Parameters
    ----------
    boxes
        The rows.
    row, weight
        Shape (d,), and how heavy.
    own
        The place of the row itself, which is no answer; -1 where it has none.
    place, least
        An answer that is known already, and its cost: only a cheaper one takes its place; -1 and inf where none is.
    away, squares
        Shapes (b,) and (64,), to write in.

    Returns
    -------
    tuple
        The place, and the cost w v / (w + v) |r - s|^2.
    """
    first = _scan_boxes(boxes, row, away)
    place, least = _scan_box(boxes, first, row, weight, own, place, least, squares)
    for block in range(len(away)):
        lightest = boxes.least[block]
        if block != first and away[block] * (weight * lightest) <= least * _SLACK * (weight + lightest):
            place, least = _scan_box(boxes, block, row, weight, own, place, least, squares)
    return place, least


@jit
def _scan_boxes(boxes: BoundingBoxes, row: Floats, away: Floats) -> int:
    """Write how far away each box is, squared; give the first of the nearest."""
    away[:] = 0.0
    for column in range(len(row)):
        x = row[column]
        for block in range(len(away)):
            gap = max(boxes.low[column, block] - x, x - boxes.high[column, block], 0.0)
            away[block] += gap * gap
    return int(np.argmin(away))


@jit
def _scan_box(
    boxes: BoundingBoxes, block: int, row: Floats, weight: float, own: int, place: int, least: float, squares: Floats
) -> tuple[int, float]:
    """Look for a cheaper row in one block: a division for each row only where there may be one."""
    squares[:] = 0.0
    for column in range(len(row)):
        x = row[column]
        for i in range(BLOCK):
            gap = boxes.rows[block, column, i] - x
            squares[i] += gap * gap
    bound, promising = least * _SLACK, 0
    for i in range(BLOCK):
        heavy = boxes.weights[block, i]
        promising += squares[i] * (weight * heavy) <= bound * (weight + heavy)
    if promising == 0:
        return place, least
    for i in range(BLOCK):
        heavy = boxes.weights[block, i]
        cost = squares[i] * (weight * heavy / (weight + heavy))
        if cost < least and block * BLOCK + i != own:
            place, least = block * BLOCK + i, cost
    return place, least
