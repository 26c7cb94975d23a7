"""Many points become some thousand weighted centers: what a tree can grow from where there are too many points."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

from models.kernels.bounding_boxes import BLOCK, BoundingBoxes, build_boxes, nearest_in_boxes
from models.kernels.jit import jit

Floats = NDArray[np.float64]
Groups = NDArray[np.int32]

SAMPLE: Final = 65_536
PASSES: Final = 5
_CHUNK: Final = 32_768
_FIRST: Final = 8  # one center in so many is drawn before any distance is known


@dataclass(frozen=True, kw_only=True)
class NearestMicroClusters:
    """Points with the nearest of m centers.

    Attributes
    ----------
    groups
        Shape (n,), the center of each point.
    away
        Shape (n,), its squared distance.
    sums, counts
        Shapes (m, d) and (m,), of the points of each center.
    """

    groups: Groups
    away: Floats
    sums: Floats
    counts: Floats


@dataclass(frozen=True, kw_only=True)
class MicroClusters:
    """Means of groups of points, shape (m, d); how many points each stands for; the group of each point."""

    centers: Floats
    weights: Floats
    groups: Groups


def build_micro_clusters(points: Floats, m: int, seed: int) -> MicroClusters:
    """Put points into groups by K-Means on a sample of 65,536 of them; every point then counts for the nearest center.

    Centers are drawn with a chance that grows with the squared distance from those that are there, twice as many each
    time (after Bahmani et al. 2012, "Scalable K-Means++"), and move to the means of their points 5 times. Where the
    sample has no more than m different points, these are the centers, and up to m others that it has missed. The same
    points and seed give the same groups with any number of threads.

    Parameters
    ----------
    points
        Shape (n, d).
    m
        How many groups; they are fewer where nobody is near a center.
    seed
        Decides the sample and the first centers.
    """
    rng = np.random.default_rng(seed)
    sample = points[np.sort(rng.choice(len(points), min(SAMPLE, len(points)), replace=False, shuffle=False))]
    different, counts = np.unique(sample, axis=0, return_counts=True)
    if len(different) <= m:
        return _means(_assign_with_refinement(points, different, m, rng))
    centers = _initial_centers(different, counts / len(sample), m, rng)
    for _ in range(PASSES):
        placed = assign_to_micro_clusters(sample, centers)
        met = placed.counts > 0
        centers = placed.sums[met] / placed.counts[met, None]
    return _means(assign_to_micro_clusters(points, centers))


def assign_to_micro_clusters(points: Floats, centers: Floats) -> NearestMicroClusters:
    """Find the nearest center of each point; chunks are added up in their order, whichever thread was first."""
    boxes = build_boxes(centers, np.ones(len(centers)))
    groups, away = np.empty(len(points), dtype=np.int32), np.empty(len(points))

    def place_chunk(start: int) -> tuple[Floats, Floats]:
        chunk = slice(start, start + _CHUNK)
        sums, counts = np.zeros_like(centers), np.zeros(len(centers))
        _place(boxes, np.ascontiguousarray(points[chunk]), groups[chunk], away[chunk], sums, counts)
        return sums, counts

    sums, counts = np.zeros_like(centers), np.zeros(len(centers))
    with ThreadPoolExecutor(numba.get_num_threads()) as pool:
        for more_sums, more_counts in pool.map(place_chunk, range(0, len(points), _CHUNK)):
            sums += more_sums
            counts += more_counts
    return NearestMicroClusters(groups=groups, away=away, sums=sums, counts=counts)


def _initial_centers(different: Floats, shares: Floats, m: int, rng: np.random.Generator) -> Floats:
    """Draw m different points, far ones and frequent ones rather."""
    drawn = rng.choice(len(different), max(m // _FIRST, 1), replace=False, p=shares)
    while len(drawn) < m:
        chances = shares * assign_to_micro_clusters(different, different[drawn]).away
        most = min(len(drawn), m - len(drawn), int(np.count_nonzero(chances)))
        if most == 0:  # what is left differs by rounding only
            break
        drawn = np.append(drawn, rng.choice(len(different), most, replace=False, p=chances / chances.sum()))
    return different[drawn]


def _assign_with_refinement(points: Floats, centers: Floats, m: int, rng: np.random.Generator) -> NearestMicroClusters:
    placed = assign_to_micro_clusters(points, centers)
    missed = np.unique(points[placed.away > 0], axis=0)
    if not len(missed):
        return placed
    chosen = rng.choice(len(missed), min(m, len(missed)), replace=False)
    return assign_to_micro_clusters(points, np.concatenate([centers, missed[chosen]]))


def _means(placed: NearestMicroClusters) -> MicroClusters:
    """Leave out the centers that nobody is near."""
    met = placed.counts > 0
    number = (np.cumsum(met) - 1).astype(np.int32)
    counts = placed.counts[met]
    return MicroClusters(centers=placed.sums[met] / counts[:, None], weights=counts, groups=number[placed.groups])


@jit
def _place(boxes: BoundingBoxes, points: Floats, groups: Groups, away: Floats, sums: Floats, counts: Floats) -> None:
    to_boxes, squares = np.empty(len(boxes.least)), np.empty(BLOCK)
    for i in range(len(points)):
        at, cost = nearest_in_boxes(boxes, points[i], 1.0, -1, -1, np.inf, to_boxes, squares)
        group = boxes.order[at]
        groups[i], away[i] = group, 2 * cost
        counts[group] += 1
        for column in range(points.shape[1]):
            sums[group, column] += points[i, column]
