"""The nearest center of each point, and the nearest center of another segment (the rival)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Distances per block: it fits the CPU cache, and its memory is reused.
_CELLS_AT_ONCE: Final = 16_000

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """The nearest center and the rival of n points, and the squared distances to both.

    `gap` is the squared distance between the two centers. With one segment there is no rival:
    `has_runner_up` is False, and the values of the rival are meaningless.
    """

    center: Rows
    rival: Rows
    squared: Floats
    rival_squared: Floats
    gap: Floats

    @property
    def has_runner_up(self) -> NDArray[np.bool_]:
        """Whether there is another segment."""
        return np.isfinite(self.rival_squared)

    @property
    def distance(self) -> Floats:
        """The distance to the nearest center."""
        return np.sqrt(self.squared)

    @property
    def margin(self) -> Floats:
        """The relative distance to the border with the rival.

        0 on it, 1 at the center and beyond.
        """
        return np.clip(
            self.per_gap(np.where(self.has_runner_up, self.rival_squared - self.squared, 0)), 0, 1
        )

    def per_gap(self, difference: Floats) -> Floats:
        """Divide a difference of squared distances by the gap; 0 if both centers coincide."""
        return np.divide(difference, self.gap, out=np.zeros_like(difference), where=self.gap > 0)


def margin(squared: float, rival_squared: float, gap: float) -> float:
    """Compute `Nearest.margin` of one point, without the overhead of arrays."""
    return min(max((rival_squared - squared) / gap, 0.0), 1.0) if gap > 0 else 0.0


def find_nearest(
    squared_of: Callable[[slice], Floats], n_rows: int, *, centers: Floats, segment_of_center: Rows
) -> Nearest:
    """Find the nearest centers of n points, block by block.

    Parameters
    ----------
    squared_of
        Function that returns the squared distances of a block of points to all m centers, shape (m,
        n_block).
    n_rows
        The number of points.
    centers
        Shape (m, d).
    segment_of_center
        Shape (m,).
    """
    step = max(1, _CELLS_AT_ONCE // len(centers))
    blocks = [slice(start, start + step) for start in range(0, max(n_rows, 1), step)]
    found = [_nearest_two(squared_of(block), segment_of_center) for block in blocks]
    center, rival, squared, rival_squared = (
        np.concatenate(parts) for parts in zip(*found, strict=True)
    )
    gap = _gaps(centers, center, rival)
    return Nearest(
        center=center, rival=rival, squared=squared, rival_squared=rival_squared, gap=gap
    )


def _nearest_two(squared: Floats, segment_of_center: Rows) -> tuple[Rows, Rows, Floats, Floats]:
    center = squared.argmin(axis=0)
    others = np.where(segment_of_center[center] == segment_of_center[:, None], np.inf, squared)
    return center, others.argmin(axis=0), squared.min(axis=0), others.min(axis=0)


def _gaps(centers: Floats, one: Rows, other: Rows) -> Floats:
    """Compute the squared distances between pairs of centers.

    Once per distinct pair if there are fewer of these.
    """
    if len(centers) ** 2 > len(one):
        return np.asarray(np.sum((centers[other] - centers[one]) ** 2, axis=1))
    return np.asarray(np.sum((centers - centers[:, None]) ** 2, axis=2)[one, other])
