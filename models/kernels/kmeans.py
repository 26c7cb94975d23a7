"""K-Means for many points.

Compare starts on a sample, then refine the best one in passes over all points.

Starts run in parallel, one per thread. Each pass reads all points once; since the sample has
converged, few are needed.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from models.kernels.kmeans_plus_plus import kmeans_plus_plus, random_draws
from models.kernels.lloyd import lloyd
from models.kernels.parallel import Map, threads_for
from models.kernels.tiles import TILE, Floats, Labels, Sums, in_tiles, pass_over_rows

STARTS_PER_INIT: Final = 3  # starts compared per requested start, cheap on the smaller sample
SMALL_SAMPLE: Final = 4_096
SAMPLE: Final = 32_768
CHUNK: Final = 32_768
LOOSE_TOL: Final = 1e-3  # convergence tolerance, in variances, for the comparison of starts
# Minimum radius of a segment, in float32 steps, to compare starts in float32.
MIN_FLOAT32_STEPS: Final = 1_000

Points = NDArray[np.float64]
_Start = tuple[Points, float]  # centers and their inertia


@dataclass(frozen=True, kw_only=True)
class Search:
    """Parameters of a K-Means fit, named as in scikit-learn."""

    k: int
    n_init: int
    init: Literal["k-means++", "random"]
    max_iter: int
    tol: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class KMeansResult:
    """Result of a K-Means fit.

    Attributes
    ----------
    centers
        Shape (k, d).
    labels
        Shape (n,), the nearest center.
    inertia
        The sum of squared distances to it.
    passes
        Number of updates of the centers on all points.
    seen
        Number of points in the sample on which the starts were compared.
    """

    centers: Points
    labels: Labels
    inertia: float
    passes: int
    seen: int


def kmeans(points: Points, search: Search) -> KMeansResult:
    """Fit k centers by Lloyd's algorithm (1982) from several starts (Arthur & Vassilvitskii 2007).

    Three starts per `n_init` are compared on 4,096 random points, each run to a loose tolerance,
    and the best third of them on 32,768 points (or all, if there are fewer). The best one is
    refined on all points until convergence: the sum of squared moves is at most `tol` times the
    mean variance of a column of the sample, or `max_iter` is reached. An empty center moves to the
    point farthest from all centers.

    Starts are compared in float32, centered on the mean, if the radius of a segment is at least
    1,000 float32 steps at the outermost point, else in float64; the refinement is in float64. The
    same points and search return the same result, bit for bit, with any number of threads.

    Parameters
    ----------
    points
        Shape (n, d), n >= k.
    search
        The parameters.
    """
    points = np.require(points, np.float64, ["C", "W"])
    sample = _draw(points, SAMPLE, search.seed)
    middle = sample.mean(axis=0)
    around = sample - middle
    variance = float(np.einsum("nd,nd->", around, around)) / around.size
    with threads_for(points.size) as each:
        start = _best_start(around, search, variance, each)
        passes = _ParallelLloyd(points, middle, search.k, each)
        passes.run(start, tol=search.tol * variance, max_iter=search.max_iter)
    return KMeansResult(
        centers=passes.centers + middle,
        labels=passes.labels,
        inertia=passes.inertia,
        passes=passes.n,
        seen=len(sample),
    )


def _draw(points: Points, n_max: int, seed: int) -> Points:
    if len(points) <= n_max:
        return points
    drawn = np.zeros(len(points), np.bool_)
    drawn[
        np.random.default_rng([seed, n_max]).choice(
            len(points), n_max, replace=False, shuffle=False
        )
    ] = True
    return points.compress(drawn, axis=0)


def _best_start(sample: Points, search: Search, variance: float, each: Map) -> Points:
    reach = float(max(sample.max(), -sample.min()))
    if 1e-15 < reach < 1e15:  # noqa: PLR2004 - range in which squares stay within float32
        centers, inertia = _compare(sample, np.float32, search, variance, each)
        step = reach * float(np.finfo(np.float32).eps)
        if inertia >= sample.size * (MIN_FLOAT32_STEPS * step) ** 2:
            return centers
    return _compare(sample, np.float64, search, variance, each)[0]


def _compare(
    sample: Points, dtype: type[np.floating], search: Search, variance: float, each: Map
) -> _Start:
    """Compare starts in two rounds, and run the best one to convergence on the sample."""
    loose_tol = max(search.tol, LOOSE_TOL) * variance
    small_sample = _draw(sample, SMALL_SAMPLE, search.seed)
    run_start = partial(
        _run_start, in_tiles(small_sample, dtype), len(small_sample), search, loose_tol
    )
    ranked = sorted(each(run_start, range(STARTS_PER_INIT * search.n_init)), key=_inertia)
    run_lloyd = partial(_run_lloyd, in_tiles(sample, dtype), len(sample), search.max_iter)
    if len(small_sample) < len(sample):
        ranked = list(each(partial(run_lloyd, loose_tol), ranked[: search.n_init]))
    return run_lloyd(search.tol * variance, min(ranked, key=_inertia))


def _run_start(tiles: Floats, n: int, search: Search, tol: float, number: int) -> _Start:
    rng = np.random.default_rng([search.seed, number])
    if search.init == "random":
        rows = rng.choice(n, search.k, replace=False)
    else:
        rows = kmeans_plus_plus(tiles, n, random_draws(search.k, rng))
    return _run_lloyd(
        tiles,
        n,
        search.max_iter,
        tol,
        (np.asarray(tiles[rows // TILE, :, rows % TILE], np.float64), np.inf),
    )


def _run_lloyd(tiles: Floats, n: int, max_iter: int, tol: float, start: _Start) -> _Start:
    centers = start[0].copy()
    return centers, lloyd(tiles, n, centers, tol, max_iter)


def _inertia(start: _Start) -> float:
    return start[1]


class _ParallelLloyd:
    """Passes over all points in parallel chunks, summed up in a fixed order for reproducibility."""

    def __init__(self, points: Points, middle: Points, k: int, each: Map) -> None:
        self._points, self._middle, self._each = points, middle, each
        self._sums, self._counts = np.zeros((k, points.shape[1])), np.zeros(k)
        self.labels = np.full(len(points), -1, np.int32)
        self.inertia, self.n = 0.0, 0

    def run(self, centers: Points, *, tol: float, max_iter: int) -> None:
        """Update the centers, at least once, until the sum of squared moves is at most `tol`."""
        self.centers = centers
        while True:
            parts = list(self._each(self._assign_chunk, range(0, len(self._points), CHUNK)))
            for _, sums, counts in parts:
                self._sums += sums
                self._counts += counts
            self.inertia = sum(inertia for inertia, _, _ in parts)
            means = self._means()
            if self.n >= max_iter or (self.n and np.sum((means - self.centers) ** 2) <= tol):
                return
            self.centers, self.n = means, self.n + 1

    def _assign_chunk(self, first: int) -> tuple[float, Sums, Sums]:
        chunk = slice(first, first + CHUNK)
        sums, counts = np.zeros_like(self._sums), np.zeros_like(self._counts)
        points, labels = self._points[chunk], self.labels[chunk]
        inertia, _ = pass_over_rows(points, self._middle, self.centers, labels, sums, counts)
        return inertia, sums, counts

    def _means(self) -> Points:
        empty = np.flatnonzero(self._counts == 0)
        means = np.where(
            self._counts[:, None] > 0,
            self._sums / np.maximum(self._counts, 1)[:, None],
            self.centers,
        )
        return self._relocate_empty(means, empty) if len(empty) else means

    def _relocate_empty(self, centers: Points, empty: NDArray[np.int64]) -> Points:
        """Move empty centers, one after the other, to the point farthest from all centers."""
        points = self._points - self._middle
        away = np.sum((points - self.centers[self.labels]) ** 2, axis=1)
        for segment in empty:
            centers[segment] = points[away.argmax()]
            away = np.minimum(away, np.sum((points - centers[segment]) ** 2, axis=1))
        return centers
