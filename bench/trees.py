"""`python -m bench.trees`.

How long a tree takes to grow, what memory it needs, how wide its segments are.

Each tree that is timed grows in a process of its own: what it needs is by how much that grows at
the most.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
from sklearn.metrics import adjusted_rand_score

from bench.apart import Work, draw_points, show_taken
from bench.environments import make_environment
from bench.markdown import head, row, say
from bench.rounds import MEDIANS, ROUNDS
from models.algorithms.hierarchical import CONDENSED_TO
from models.kernels.micro_clusters import build_micro_clusters
from models.kernels.ward import ward
from models.tree import cut

D, K = 8, 8
EXACT = 20_000
COMPARED, CUTS = (20_000, 50_000), (4, 8, 16)
WARD = "from models.kernels.ward import ward"
SCIPY, SCIPY_WORK = "from scipy.cluster.hierarchy import linkage", "linkage(points, 'ward')"
FASTCLUSTER, FASTCLUSTER_WORK = (
    "from fastcluster import linkage_vector",
    "linkage_vector(points, 'ward')",
)

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def main() -> None:
    """Measure everything."""
    say(MEDIANS.format(ROUNDS))
    with TemporaryDirectory() as name:
        measure_exact(Path(name))
    measure_width()


def measure_exact(directory: Path) -> None:
    """Grow the same exact tree by every peer in turns, and compare the heights."""
    points = directory / "points.npy"
    np.save(points, draw_points(EXACT, D, K, 3.0))
    tree = partial(Work, kept="found[:, 2]")
    candidates = {
        "this service": tree(setup=WARD, work="ward(points)"),
        "scipy": tree(setup=SCIPY, work=SCIPY_WORK),
    }
    if peer := make_environment(directory / "fastcluster", "fastcluster"):
        candidates["fastcluster"] = tree(setup=FASTCLUSTER, work=FASTCLUSTER_WORK, python=peer)
    heights = {name: directory / f"{name}.npy" for name in candidates}
    taken = [
        {name: work.run(points, heights[name]) for name, work in candidates.items()}
        for _ in range(ROUNDS)
    ]
    first, *others = (np.load(path) for path in heights.values())
    if not all(np.allclose(first, other, rtol=1e-5) for other in others):
        raise RuntimeError("The trees differ")
    show_taken(
        f"exact Ward, {EXACT:,} x {D}",
        {name: [each[name] for each in taken] for name in candidates},
    )


def measure_width() -> None:
    """Compare the segments of trees of micro-clusters with those of the exact tree if possible."""
    head("sums of squares, groups / exact; adjusted Rand index", *(f"k = {k}" for k in CUTS))
    for n in COMPARED:
        for name, points in _tables(n).items():
            exact = ward(points)
            others = [_cuts_of_groups(points, seed) for seed in range(ROUNDS)]
            compared = (
                _compared(points, cut(exact, k), [segments[k] for segments in others]) for k in CUTS
            )
            row(f"{n:,} x {points.shape[1]}, {name}", *compared)


def _cuts_of_groups(points: Floats, seed: int) -> dict[int, Labels]:
    """Give the segments of each customer by a tree of weighted groups, by their number."""
    condensed = build_micro_clusters(points, CONDENSED_TO, seed)
    tree = ward(condensed.centers, condensed.weights)
    return {k: cut(tree, k)[condensed.groups] for k in CUTS}


def _tables(n: int) -> dict[str, Floats]:
    random = np.random.default_rng(n)
    group = random.integers(5, size=n)
    grid = np.stack([8 * (group % 3), 8 * (group // 3), np.zeros(n)], axis=1) + random.normal(
        size=(n, 3)
    )
    return {
        "far apart": draw_points(n, D, K, 6.0),
        "overlapping": draw_points(n, D, K, 1.5),
        "one cloud": draw_points(n, D, K, 0.0),
        "one skewed cloud": np.exp(0.7 * random.normal(size=(n, D))),
        "five on a grid": grid / grid.std(axis=0),
    }


def _compared(points: Floats, exact: Labels, others: Sequence[Labels]) -> str:
    ratios = [_within(points, other) / _within(points, exact) for other in others]
    alike = median(adjusted_rand_score(exact, other) for other in others)
    return f"{median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}); {alike:.2f}"


def _within(points: Floats, segment: Labels) -> float:
    return sum(
        float(part.var(axis=0).sum()) * len(part)
        for part in (points[segment == i] for i in np.unique(segment))
    )


if __name__ == "__main__":
    main()
