"""Recursive splitting: split segments while a statistic of their projection exceeds a limit."""

from collections.abc import Callable
from typing import Final

import numpy as np

from models.criteria.data import CriterionData
from models.criteria.partitions import Floats
from models.kernels.partition import Partition
from models.kernels.small_kmeans import lloyd, small_kmeans

STARTS: Final = 4

Statistic = Callable[[Floats], float]


def split_until(
    evidence: CriterionData, statistic: Statistic, limit: float, name: str
) -> tuple[int, dict[int, float]]:
    """Split by 2-means while the statistic of a segment's projection exceeds a limit.

    Returns
    -------
    tuple
        The final number of segments, and the largest statistic of a segment at each number of
        segments.
    """
    rng = evidence.rng(name)
    partition = lloyd(evidence.points, evidence.points.mean(axis=0)[None])
    largest: dict[int, float] = {}
    while True:
        k = len(partition.centers)
        halves = [
            _split_in_two(evidence.points[partition.labels == i], statistic, rng) for i in range(k)
        ]
        largest[k] = max(value for value, _ in halves)
        centers = _split(partition, halves, limit, room=evidence.k_max - k)
        if len(centers) == k:
            return k, largest
        partition = lloyd(evidence.points, centers)


def _split_in_two(
    members: Floats, statistic: Statistic, rng: np.random.Generator
) -> tuple[float, Floats]:
    if not len(members) or not np.ptp(members, axis=0).any():
        return 0.0, members[:1]
    centers = small_kmeans(members, 2, STARTS, rng).centers
    return statistic(np.sort(members @ (centers[1] - centers[0]))), centers


def _split(
    partition: Partition, halves: list[tuple[float, Floats]], limit: float, *, room: int
) -> Floats:
    """Replace the center of segments above the limit by two.

    The highest statistics first, at most `room` of them.
    """
    exceeding = sorted(
        (i for i, (value, _) in enumerate(halves) if value > limit), key=lambda i: -halves[i][0]
    )[:room]
    centers = [center[None] for center in partition.centers]
    for i in exceeding:
        _, centers[i] = halves[i]
    return np.concatenate(centers)
