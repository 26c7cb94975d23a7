"""Mean silhouettes of several partitions of the same points, in one pass over the distances.

Points are sorted by cell, the points that share their segment in every partition: their distances
are summed up once, and the sum is added to one segment of each partition. `silhouettes` is the
reference implementation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.kernels.jit import jit
from models.kernels.parallel import threads_for
from models.kernels.silhouettes import Floats, Labels, from_sums
from models.kernels.tiles import TILE, in_tiles, measure

EXACT_UP_TO: Final = 20_000
QUERIES: Final = 4_096

Rows = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class MeanSilhouettes:
    """The mean silhouette of each partition, and its standard error.

    Attributes
    ----------
    means, errors
        Shape (m,); errors are sampling errors.
    n_asked
        Number of points whose silhouettes were computed.
    """

    means: Floats
    errors: Floats
    n_asked: int


def mean_silhouettes(points: Floats, partitions: Sequence[Labels], seed: int) -> MeanSilhouettes:
    """Compute mean silhouettes (Rousseeuw 1987).

    Beyond 20,000 points, of 4,096 points against a sample of 20,000.

    The same points, partitions and seed return the same result, bit for bit, with any number of
    threads.

    Parameters
    ----------
    points
        Shape (n, d).
    partitions
        Each of shape (n,), two segments or more, numbered from 0; empty segments are ignored.
    seed
        Seed of the sample.
    """
    rows = _rows(len(points), seed)
    points, labels = (
        points[rows],
        np.stack([own[rows] for own in partitions], axis=1).astype(np.int64),
    )
    n = len(points) if len(points) == len(partitions[0]) else QUERIES
    each = _silhouettes(points - points.mean(axis=0), labels, n)
    return MeanSilhouettes(means=each.mean(axis=1), errors=each.std(axis=1) / n**0.5, n_asked=n)


def _rows(n: int, seed: int) -> Rows:
    if n <= EXACT_UP_TO:
        return np.arange(n)
    return np.random.default_rng([seed, n]).choice(n, EXACT_UP_TO, replace=False)


def _silhouettes(points: Floats, labels: Rows, n: int) -> Floats:
    """Compute the silhouettes of the first n points, shape (m, n)."""
    ends = np.cumsum(labels.max(axis=0) + 1)
    starts = np.concatenate([[0], ends[:-1]])
    sums = _sums(points, labels + starts, n, int(ends[-1]))
    return np.stack(
        [
            from_sums(sums[start:end], np.bincount(own, minlength=end - start), own[:n])
            for start, end, own in zip(starts, ends, labels.T, strict=True)
        ]
    )


def _sums(points: Floats, segments: Rows, n: int, n_segments: int) -> Floats:
    """Sum the distances of the first n points to each segment's points, shape (n_segments, n)."""
    # Points in a cell share their segment in every partition.
    cells = np.zeros(len(segments), np.int64)
    for own in segments.T:
        _, cells = np.unique(cells * (own.max() + 1) + own, return_inverse=True)
    _, first = np.unique(cells, return_index=True)
    order = np.argsort(cells, kind="stable")
    tile_sums = partial(_tile_sums, points[order], cells[order], segments[first], n_segments)
    with threads_for(n * len(points) // TILE) as each:
        return np.concatenate(list(each(tile_sums, in_tiles(points[:n], np.float64))), axis=1)[
            :, :n
        ]


def _tile_sums(
    points: Floats, cells: Rows, segments: Rows, n_segments: int, tile: Floats
) -> Floats:
    sums = np.zeros((n_segments, TILE))
    _add_distance_sums(tile, points, cells, segments, sums)
    return sums


@jit
def _add_distance_sums(
    tile: Floats, points: Floats, cells: Rows, segments: Rows, sums: Floats
) -> None:
    """Add the distances from the points of a tile to all points to the sums of their segments.

    Parameters
    ----------
    tile
        Shape (d, 256), as returned by `in_tiles`.
    points
        Shape (n, d).
    cells
        Shape (n,), ascending; points with the same number are in the same segments.
    segments
        Shape (c, m), the row of `sums` for each cell and partition.
    sums
        Shape (rows, 256), updated in place.
    """
    away, run = np.empty(TILE), np.zeros(TILE)
    for j in range(len(points)):
        measure(tile, points[j], away)
        for i in range(TILE):
            run[i] += np.sqrt(away[i])
        if j + 1 == len(points) or cells[j + 1] != cells[j]:
            for row in segments[cells[j]]:
                for i in range(TILE):
                    sums[row, i] += run[i]
            run[:] = 0
