"""Ward's tree in memory that grows with the number of rows, not with its square (Ward 1963).

A chain goes from a row to its nearest neighbour, from there to that one's, and so on, until two are nearest to each
other: these are merged, whatever else there is (Murtagh 1983). A merged row is its center and its weight, all that the
cost of a merge needs. Agrees with `greedy_ward`, and for rows of weight 1 with scipy's `linkage(method="ward")`.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.kernels.bounding_boxes import BLOCK, BoundingBoxes, build_boxes, nearest_in_boxes
from models.kernels.jit import jit

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_FEW: Final = 4 * BLOCK  # so few rows need no new boxes


def ward(points: Floats, weights: Floats | None = None) -> Floats:
    """Grow Ward's tree.

    Parameters
    ----------
    points
        Shape (n, d), finite.
    weights
        Shape (n,), greater than 0: how many customers each point stands for; 1 each by default.

    Returns
    -------
    ndarray
        Shape (n - 1, 4), laid out as scipy's linkage matrix, by height: the nodes that are merged, sqrt(2 cost), and
        the weight of both. The cost of a merge is by how much the sum of squares within groups grows.

    Notes
    -----
    Ward 1963, "Hierarchical grouping to optimize an objective function", JASA 58: 236-244; Murtagh 1983, "A survey of
    recent advances in hierarchical clustering algorithms", The Computer Journal 26: 354-359.
    """
    n = len(points)
    weights = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    pairs, costs = np.empty((n - 1, 2), dtype=np.int64), np.empty(n - 1)
    rows, heavy, names = np.asarray(points, dtype=np.float64), weights, np.arange(n)
    while len(rows) > 1:
        boxes = build_boxes(rows, heavy)
        names = names[boxes.order]
        left = len(rows) // 2 if len(rows) > _FEW else 1
        done = n - len(rows)
        alive = _merge(boxes, names, left, pairs[done:], costs[done:])
        rows, heavy, names = _at(boxes, alive), boxes.weights.ravel()[alive], names[alive]
    order = np.argsort(costs, kind="stable")
    return _sorted_linkage(pairs[order], np.sqrt(2 * costs[order]), weights)


def _at(boxes: BoundingBoxes, places: Rows) -> Floats:
    return np.asarray(boxes.rows[places // BLOCK, :, places % BLOCK])


@jit
def _merge(boxes: BoundingBoxes, names: Rows, left: int, pairs: Rows, costs: Floats) -> Rows:
    """Merge until so many rows are left; write each pair by name, and its cost; give the places of the rows left."""
    n, d = len(names), boxes.rows.shape[1]
    alive = np.ones(n, dtype=np.bool_)
    chain, links = np.empty(n, dtype=np.int64), np.empty(n)
    row, away, squares = np.empty(d), np.empty(len(boxes.least)), np.empty(BLOCK)
    length, first, done = 0, 0, 0
    while n - done > left:
        if length == 0:
            while not alive[first]:
                first += 1
            chain[0], links[0], length = first, np.inf, 1
        own = chain[length - 1]
        block, i = own // BLOCK, own % BLOCK
        row[:] = boxes.rows[block, :, i]
        before = chain[length - 2] if length > 1 else -1
        nearest, cost = nearest_in_boxes(
            boxes, row, boxes.weights[block, i], own, before, links[length - 1], away, squares
        )
        if nearest != before:
            chain[length], links[length] = nearest, cost
            length += 1
            continue
        pairs[done, 0], pairs[done, 1], costs[done] = names[own], names[before], cost
        _join(boxes, before, own)
        alive[own] = False
        done, length = done + 1, length - 2
    return np.flatnonzero(alive)


@jit
def _join(boxes: BoundingBoxes, kept: int, gone: int) -> None:
    """Put the center of two rows in the place of one; nobody is at the place of the other any more."""
    block, i, other, j = kept // BLOCK, kept % BLOCK, gone // BLOCK, gone % BLOCK
    v, w = boxes.weights[block, i], boxes.weights[other, j]
    for column in range(boxes.rows.shape[1]):
        center = (v * boxes.rows[block, column, i] + w * boxes.rows[other, column, j]) / (v + w)
        boxes.rows[block, column, i], boxes.rows[other, column, j] = center, np.inf
        boxes.low[column, block] = min(boxes.low[column, block], center)
        boxes.high[column, block] = max(boxes.high[column, block], center)
    boxes.weights[block, i], boxes.weights[other, j] = v + w, 1.0


@jit
def _sorted_linkage(pairs: Rows, heights: Floats, weights: Floats) -> Floats:
    """Give the nodes their numbers as they come, and add up their weights."""
    n = len(weights)
    merges = np.empty((n - 1, 4))
    above, total, node = np.arange(n), weights.copy(), np.arange(n)
    for merge in range(n - 1):
        a, b = _top(above, pairs[merge, 0]), _top(above, pairs[merge, 1])
        total[a] += total[b]
        merges[merge, 0], merges[merge, 1] = min(node[a], node[b]), max(node[a], node[b])
        merges[merge, 2], merges[merge, 3] = heights[merge], total[a]
        above[b], node[a] = a, n + merge
    return merges


@jit
def _top(above: Rows, row: int) -> int:
    """Find who stands for a row's group, and shorten the way there."""
    while above[row] != row:
        above[row] = above[above[row]]
        row = above[row]
    return row
