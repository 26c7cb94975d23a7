"""Micro-clusters: condense many points to a few thousand weighted centers to build a tree."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numba
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
Groups = NDArray[np.int32]

SAMPLE: Final = 65_536
PASSES: Final = 5
_CHUNK: Final = 32_768
_FIRST: Final = 8  # one center in 8 is drawn without regard to distances


@dataclass(frozen=True, kw_only=True)
class NearestMicroClusters:
    """Assignment of points to the nearest of m centers.

    Attributes
    ----------
    groups
        Shape (n,), the center of each point.
    away
        Shape (n,), the squared distance to it.
    sums, counts
        Shapes (m, d) and (m,), the sum and the number of the points of each center.
    """

    groups: Groups
    away: Floats
    sums: Floats
    counts: Floats


@dataclass(frozen=True, kw_only=True)
class MicroClusters:
    """Centers (m, d) of groups of points, their sizes (m,), and the group of each point (n,)."""

    centers: Floats
    weights: Floats
    groups: Groups


def build_micro_clusters(points: Floats, m: int, seed: int) -> MicroClusters:
    """Group points by K-Means on a sample of 65,536 of them.

    Then assign every point to the nearest center.

    Centers are drawn with probability proportional to the squared distance from those drawn before,
    doubling their number each round (after Bahmani et al. 2012, "Scalable K-Means++"), and refined
    by 5 iterations. If the sample has at most m distinct points, these become the centers, plus up
    to m points that the sample missed. The same points and seed return the same groups with any
    number of threads.

    Parameters
    ----------
    points
        Shape (n, d).
    m
        The number of groups; empty ones are dropped.
    seed
        Seed of the sample and of the initial centers.
    """
    rng = np.random.default_rng(seed)
    sample = points[
        np.sort(rng.choice(len(points), min(SAMPLE, len(points)), replace=False, shuffle=False))
    ]
    distinct, counts = np.unique(sample, axis=0, return_counts=True)
    if len(distinct) <= m:
        return _means(_assign_and_refine(points, distinct, m, rng))
    centers = _initial_centers(distinct, counts / len(sample), m, rng)
    for _ in range(PASSES):
        assigned = assign_to_micro_clusters(sample, centers)
        occupied = assigned.counts > 0
        centers = assigned.sums[occupied] / assigned.counts[occupied, None]
    return _means(assign_to_micro_clusters(points, centers))


def assign_to_micro_clusters(points: Floats, centers: Floats) -> NearestMicroClusters:
    """Assign each point to the nearest center.

    Chunks are summed up in a fixed order, so results are deterministic.
    """
    boxes = build_bounding_boxes(centers, np.ones(len(centers)))
    groups, away = np.empty(len(points), dtype=np.int32), np.empty(len(points))

    def assign_chunk(start: int) -> tuple[Floats, Floats]:
        chunk = slice(start, start + _CHUNK)
        sums, counts = np.zeros_like(centers), np.zeros(len(centers))
        _assign_chunk(
            boxes, np.ascontiguousarray(points[chunk]), groups[chunk], away[chunk], sums, counts
        )
        return sums, counts

    sums, counts = np.zeros_like(centers), np.zeros(len(centers))
    with ThreadPoolExecutor(numba.get_num_threads()) as pool:
        for more_sums, more_counts in pool.map(assign_chunk, range(0, len(points), _CHUNK)):
            sums += more_sums
            counts += more_counts
    return NearestMicroClusters(groups=groups, away=away, sums=sums, counts=counts)


def _initial_centers(distinct: Floats, shares: Floats, m: int, rng: np.random.Generator) -> Floats:
    """Draw up to m distinct points, weighted by frequency and by distance to those drawn before."""
    drawn = rng.choice(len(distinct), max(m // _FIRST, 1), replace=False, p=shares)
    while len(drawn) < m:
        weights = shares * assign_to_micro_clusters(distinct, distinct[drawn]).away
        n_new = min(len(drawn), m - len(drawn), int(np.count_nonzero(weights)))
        if n_new == 0:  # the remaining points differ by rounding errors only
            break
        drawn = np.append(
            drawn, rng.choice(len(distinct), n_new, replace=False, p=weights / weights.sum())
        )
    return distinct[drawn]


def _assign_and_refine(
    points: Floats, centers: Floats, m: int, rng: np.random.Generator
) -> NearestMicroClusters:
    assigned = assign_to_micro_clusters(points, centers)
    missed = np.unique(points[assigned.away > 0], axis=0)
    if not len(missed):
        return assigned
    chosen = rng.choice(len(missed), min(m, len(missed)), replace=False)
    return assign_to_micro_clusters(points, np.concatenate([centers, missed[chosen]]))


def _means(assigned: NearestMicroClusters) -> MicroClusters:
    """Compute the center of each group, without empty groups."""
    occupied = assigned.counts > 0
    number = (np.cumsum(occupied) - 1).astype(np.int32)
    counts = assigned.counts[occupied]
    return MicroClusters(
        centers=assigned.sums[occupied] / counts[:, None],
        weights=counts,
        groups=number[assigned.groups],
    )


@jit
def _assign_chunk(
    boxes: BoundingBoxes, points: Floats, groups: Groups, away: Floats, sums: Floats, counts: Floats
) -> None:
    to_boxes, squares = np.empty(len(boxes.min_weights)), np.empty(BLOCK)
    for i in range(len(points)):
        at, cost = nearest_in_boxes(boxes, points[i], 1.0, -1, -1, np.inf, to_boxes, squares)
        group = boxes.order[at]
        groups[i], away[i] = group, 2 * cost
        counts[group] += 1
        for column in range(points.shape[1]):
            sums[group, column] += points[i, column]
