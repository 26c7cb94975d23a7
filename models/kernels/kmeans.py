"""K-Means for many points: starts on a sample, then passes over all of them from the best.

No start waits for another: each has a thread for itself. All points are read once for each pass, and from the end of
a sample few passes are left to do.
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

TRIES: Final = 3  # starts for each that is asked for: on few points they cost little
REHEARSAL: Final = 4_096
SAMPLE: Final = 32_768
CHUNK: Final = 32_768
LOOSE: Final = 1e-3  # how far centers may still move, in variances, where starts are only compared
STEPS: Final = 1_000  # of float32 within the radius of a segment, or starts take float64

Points = NDArray[np.float64]
_Start = tuple[Points, float]  # centers and their inertia


@dataclass(frozen=True, kw_only=True)
class Search:
    """How to look for k centers; its words are those of scikit-learn's K-Means."""

    k: int
    n_init: int
    init: Literal["k-means++", "random"]
    max_iter: int
    tol: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class KMeansResult:
    """Centers, and what all points say about them.

    Attributes
    ----------
    centers
        Shape (k, d).
    labels
        Shape (n,), the nearest center.
    inertia
        The sum of squared distances to it.
    passes
        How often the centers moved to the means of all their points.
    seen
        How many points the starts saw.
    """

    centers: Points
    labels: Labels
    inertia: float
    passes: int
    seen: int


def kmeans(points: Points, search: Search) -> KMeansResult:
    """Find k centers by Lloyd's algorithm (Lloyd 1982) from several starts (Arthur & Vassilvitskii 2007).

    Three starts for each that is asked for are compared on 4,096 random points, once their centers hardly move, and the
    best third of them on 32,768; on all points where they are no more. From the best one on, centers move to the means
    of all their points until they rest: the squares of their next moves would add up to no more than `tol` mean
    variances of a column of the sample, or `max_iter` is reached. A center that no point is nearest to goes to the
    point that is farthest from all centers.

    Starts are compared in float32, around the mean, where the radius of a segment is at least 1,000 steps of float32 at
    the outermost point; else, and from there on, all is float64. The same points and search give the same answer, bit
    for bit, with any number of threads.

    Parameters
    ----------
    points
        Shape (n, d), n >= k.
    search
        What to look for.
    """
    points = np.require(points, np.float64, ["C", "W"])
    sample = _draw(points, SAMPLE, search.seed)
    middle = sample.mean(axis=0)
    around = sample - middle
    variance = float(np.einsum("nd,nd->", around, around)) / around.size
    with threads_for(points.size) as each:
        start = _best_start(around, search, variance, each)
        passes = _FullPasses(points, middle, search.k, each)
        passes.rest(start, at=search.tol * variance, most=search.max_iter)
    return KMeansResult(
        centers=passes.centers + middle,
        labels=passes.labels,
        inertia=passes.inertia,
        passes=passes.n,
        seen=len(sample),
    )


def _draw(points: Points, most: int, seed: int) -> Points:
    if len(points) <= most:
        return points
    drawn = np.zeros(len(points), np.bool_)
    drawn[np.random.default_rng([seed, most]).choice(len(points), most, replace=False, shuffle=False)] = True
    return points.compress(drawn, axis=0)


def _best_start(sample: Points, search: Search, variance: float, each: Map) -> Points:
    reach = float(max(sample.max(), -sample.min()))
    if 1e-15 < reach < 1e15:  # noqa: PLR2004 - beyond, squares leave float32
        centers, inertia = _compare(sample, np.float32, search, variance, each)
        step = reach * float(np.finfo(np.float32).eps)
        if inertia >= sample.size * (STEPS * step) ** 2:
            return centers
    return _compare(sample, np.float64, search, variance, each)[0]


def _compare(sample: Points, dtype: type[np.floating], search: Search, variance: float, each: Map) -> _Start:
    """Narrow the starts down to the best one, and let it rest on the sample."""
    loose = max(search.tol, LOOSE) * variance
    few = _draw(sample, REHEARSAL, search.seed)
    begin = partial(_begin, in_tiles(few, dtype), len(few), search, loose)
    ranked = sorted(each(begin, range(TRIES * search.n_init)), key=_inertia)
    go_on = partial(_go_on, in_tiles(sample, dtype), len(sample), search.max_iter)
    if len(few) < len(sample):
        ranked = list(each(partial(go_on, loose), ranked[: search.n_init]))
    return go_on(search.tol * variance, min(ranked, key=_inertia))


def _begin(tiles: Floats, n: int, search: Search, rest: float, number: int) -> _Start:
    rng = np.random.default_rng([search.seed, number])
    if search.init == "random":
        rows = rng.choice(n, search.k, replace=False)
    else:
        rows = kmeans_plus_plus(tiles, n, random_draws(search.k, rng))
    return _go_on(
        tiles, n, search.max_iter, rest, (np.asarray(tiles[rows // TILE, :, rows % TILE], np.float64), np.inf)
    )


def _go_on(tiles: Floats, n: int, most: int, rest: float, start: _Start) -> _Start:
    centers = start[0].copy()
    return centers, lloyd(tiles, n, centers, rest, most)


def _inertia(start: _Start) -> float:
    return start[1]


class _FullPasses:
    """Passes over all points, in chunks that are added up in their order whichever thread was first."""

    def __init__(self, points: Points, middle: Points, k: int, each: Map) -> None:
        self._points, self._middle, self._each = points, middle, each
        self._sums, self._counts = np.zeros((k, points.shape[1])), np.zeros(k)
        self.labels = np.full(len(points), -1, np.int32)
        self.inertia, self.n = 0.0, 0

    def rest(self, centers: Points, *, at: float, most: int) -> None:
        """Move centers to the means of their points, once at least, until they would hardly move again."""
        self.centers = centers
        while True:
            self._place()
            means = self._means()
            if self.n >= most or (self.n and np.sum((means - self.centers) ** 2) <= at):
                return
            self.centers, self.n = means, self.n + 1

    def _place(self) -> None:
        parts = list(self._each(self._place_chunk, range(0, len(self._points), CHUNK)))
        for _, sums, counts in parts:
            self._sums += sums
            self._counts += counts
        self.inertia = sum(inertia for inertia, _, _ in parts)

    def _place_chunk(self, first: int) -> tuple[float, Sums, Sums]:
        chunk = slice(first, first + CHUNK)
        sums, counts = np.zeros_like(self._sums), np.zeros_like(self._counts)
        points, labels = self._points[chunk], self.labels[chunk]
        inertia, _ = pass_over_rows(points, self._middle, self.centers, labels, sums, counts)
        return inertia, sums, counts

    def _means(self) -> Points:
        empty = np.flatnonzero(self._counts == 0)
        means = np.where(self._counts[:, None] > 0, self._sums / np.maximum(self._counts, 1)[:, None], self.centers)
        return self._filled(means, empty) if len(empty) else means

    def _filled(self, centers: Points, empty: NDArray[np.int64]) -> Points:
        """Send empty centers to the points that are farthest from all centers, one after the other."""
        points = self._points - self._middle
        away = np.sum((points - self.centers[self.labels]) ** 2, axis=1)
        for segment in empty:
            centers[segment] = points[away.argmax()]
            away = np.minimum(away, np.sum((points - centers[segment]) ** 2, axis=1))
        return centers
