"""Nearest-neighbour search in bounding boxes, like the leaves of a k-d tree (Bentley 1975).

Returns bit for bit the result of a brute-force search.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.kernels.jit import jit

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

BLOCK: Final = 64
_SLACK: Final = 1 + 1e-9  # keeps the bound valid in spite of rounding errors


class BoundingBoxes(NamedTuple):
    """Rows in slots, 64 per block: slot p is in block p // 64.

    Unused slots of the last block are infinitely far.

    Attributes
    ----------
    rows
        Shape (b, d, 64), the coordinates, block by block.
    weights
        Shape (b, 64).
    low, high
        Shape (d, b), the edges of the box around each block.
    min_weights
        Shape (b,), a lower bound of the weights in each block.
    order
        Shape (n,), the row in each slot.
    """

    rows: Floats
    weights: Floats
    low: Floats
    high: Floats
    min_weights: Floats
    order: Rows


def build_bounding_boxes(points: Floats, weights: Floats) -> BoundingBoxes:
    """Build the blocks and boxes of rows, shape (n, d), with weights, shape (n,)."""
    n, d = points.shape
    order = _spatial_order(points)
    n_blocks = -(-n // BLOCK)
    rows = np.full((n_blocks * BLOCK, d), np.inf)
    rows[:n] = points[order]
    rows = np.ascontiguousarray(rows.reshape(n_blocks, BLOCK, d).transpose(0, 2, 1))
    heavy = np.ones(n_blocks * BLOCK)
    heavy[:n] = weights[order]
    heavy = heavy.reshape(n_blocks, BLOCK)
    high = np.where(np.isinf(rows), -np.inf, rows).max(axis=2).T
    low = rows.min(axis=2).T
    return BoundingBoxes(
        rows, heavy, np.ascontiguousarray(low), np.ascontiguousarray(high), heavy.min(axis=1), order
    )


def _spatial_order(points: Floats) -> Rows:
    """Order rows so that each block of 64 is compact.

    Split recursively at the median of the widest column.
    """
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
    boxes: BoundingBoxes,
    row: Floats,
    weight: float,
    own: int,
    place: int,
    min_cost: float,
    away: Floats,
    squares: Floats,
) -> tuple[int, float]:
    """Find the slot whose merge with `row` has the lowest Ward cost.

    Ties go to `place`, then to the first found.

    Parameters
    ----------
    boxes
        The rows to search.
    row, weight
        The query row, shape (d,), and its weight.
    own
        The slot of the query row itself, which is excluded; -1 if it has none.
    place, least
        A known candidate and its cost, replaced only by a cheaper one; -1 and inf without a
        candidate.
    away, squares
        Work arrays of shapes (b,) and (64,).

    Returns
    -------
    tuple
        The slot, and the cost w v / (w + v) |r - s|^2.
    """
    first = _scan_boxes(boxes, row, away)
    place, min_cost = _scan_box(boxes, first, row, weight, own, place, min_cost, squares)
    for block in range(len(away)):
        lightest = boxes.min_weights[block]
        if block != first and away[block] * (weight * lightest) <= min_cost * _SLACK * (
            weight + lightest
        ):
            place, min_cost = _scan_box(boxes, block, row, weight, own, place, min_cost, squares)
    return place, min_cost


@jit
def _scan_boxes(boxes: BoundingBoxes, row: Floats, away: Floats) -> int:
    """Write the squared distance to each box into `away`.

    Return the nearest box, the first one on ties.
    """
    away[:] = 0.0
    for column in range(len(row)):
        x = row[column]
        for block in range(len(away)):
            gap = max(boxes.low[column, block] - x, x - boxes.high[column, block], 0.0)
            away[block] += gap * gap
    return int(np.argmin(away))


@jit
def _scan_box(
    boxes: BoundingBoxes,
    block: int,
    row: Floats,
    weight: float,
    own: int,
    place: int,
    min_cost: float,
    squares: Floats,
) -> tuple[int, float]:
    """Search one block for a cheaper row; divides only if the block can contain one."""
    squares[:] = 0.0
    for column in range(len(row)):
        x = row[column]
        for i in range(BLOCK):
            gap = boxes.rows[block, column, i] - x
            squares[i] += gap * gap
    bound, promising = min_cost * _SLACK, 0
    for i in range(BLOCK):
        heavy = boxes.weights[block, i]
        promising += squares[i] * (weight * heavy) <= bound * (weight + heavy)
    if promising == 0:
        return place, min_cost
    for i in range(BLOCK):
        heavy = boxes.weights[block, i]
        cost = squares[i] * (weight * heavy / (weight + heavy))
        if cost < min_cost and block * BLOCK + i != own:
            place, min_cost = block * BLOCK + i, cost
    return place, min_cost
