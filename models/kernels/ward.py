"""Ward's method (1963) by the nearest-neighbour chain algorithm, in linear memory.

A chain of nearest neighbours is followed until two rows are nearest to each other; these are merged
(Murtagh 1983). A merged row is stored as its center and weight, which suffice to compute the cost
of a merge. Agrees with the reference implementation `greedy_ward`, and for rows of weight 1 with
scipy's `linkage(method="ward")`.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.kernels.bounding_boxes import (
    BLOCK,
    BoundingBoxes,
    build_bounding_boxes,
    nearest_in_boxes,
)
from models.kernels.jit import jit

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_FEW: Final = 4 * BLOCK  # rows below which boxes are not rebuilt


def ward(points: Floats, weights: Floats | None = None) -> Floats:
    """Build Ward's tree.

    Parameters
    ----------
    points
        Shape (n, d), finite.
    weights
        Shape (n,), greater than 0, the number of customers of each point; 1 by default.

    Returns
    -------
    ndarray
        Shape (n - 1, 4), in the format of scipy's linkage matrix, by height: the merged nodes,
        sqrt(2 cost), and their total weight. The cost of a merge is the increase of the sum of
        squares within groups.

    Notes
    -----
    Ward 1963, "Hierarchical grouping to optimize an objective function", JASA 58: 236-244; Murtagh
    1983, "A survey of recent advances in hierarchical clustering algorithms", The Computer Journal
    26: 354-359.
    """
    n = len(points)
    weights = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    pairs, costs = np.empty((n - 1, 2), dtype=np.int64), np.empty(n - 1)
    rows, heavy, names = np.asarray(points, dtype=np.float64), weights, np.arange(n)
    while len(rows) > 1:
        boxes = build_bounding_boxes(rows, heavy)
        names = names[boxes.order]
        left = len(rows) // 2 if len(rows) > _FEW else 1
        done = n - len(rows)
        alive = _merge(boxes, names, left, pairs[done:], costs[done:])
        rows = np.asarray(boxes.rows[alive // BLOCK, :, alive % BLOCK])
        heavy, names = boxes.weights.ravel()[alive], names[alive]
    order = np.argsort(costs, kind="stable")
    return _sorted_linkage(pairs[order], np.sqrt(2 * costs[order]), weights)


@jit
def _merge(boxes: BoundingBoxes, names: Rows, left: int, pairs: Rows, costs: Floats) -> Rows:
    """Merge until `left` rows remain.

    Write the names and cost of each pair; return the slots of the remaining rows.
    """
    n, d = len(names), boxes.rows.shape[1]
    alive = np.ones(n, dtype=np.bool_)
    chain, links = np.empty(n, dtype=np.int64), np.empty(n)
    row, away, squares = np.empty(d), np.empty(len(boxes.min_weights)), np.empty(BLOCK)
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
        _store_merged(boxes, before, own)
        alive[own] = False
        done, length = done + 1, length - 2
    return np.flatnonzero(alive)


@jit
def _store_merged(boxes: BoundingBoxes, kept: int, gone: int) -> None:
    """Store the merged row in the slot of one of the two rows, and clear the slot of the other."""
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
    """Build the linkage matrix: number the nodes by height and sum up their weights."""
    n = len(weights)
    merges = np.empty((n - 1, 4))
    parent, total, node = np.arange(n), weights.copy(), np.arange(n)
    for merge in range(n - 1):
        a, b = _find_root(parent, pairs[merge, 0]), _find_root(parent, pairs[merge, 1])
        total[a] += total[b]
        merges[merge, 0], merges[merge, 1] = min(node[a], node[b]), max(node[a], node[b])
        merges[merge, 2], merges[merge, 3] = heights[merge], total[a]
        parent[b], node[a] = a, n + merge
    return merges


@jit
def _find_root(parent: Rows, row: int) -> int:
    """Find the root of a row (union-find with path halving)."""
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = parent[row]
    return row
