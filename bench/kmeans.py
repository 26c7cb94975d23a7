"""`python -m bench.kmeans`: how long K-Means takes beside scikit-learn and its extension.

Each fit runs in a process of its own, and once on few points before it is timed. Points are
float64, as a fit has them.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from bench.apart import Taken, Work, draw_points, figures_of
from bench.environments import make_environment
from bench.markdown import head, row, say
from bench.rounds import MEDIANS, ROUNDS

D, K, APART = 16, 8, 8.5
WORST = 1.001  # times the least inertia that any of them has found
OURS = "from models.precompile import warm_up; warm_up(); from models.algorithms import KMeans"
SCIKIT, INTELEX = "from sklearn.cluster import KMeans", "from sklearnex.cluster import KMeans"
LEARN = "KMeans(n_init={}).learn(points, k=8, seed=0).estimator"
FIT = "KMeans(8, n_init={}, random_state=0).fit(points)"


def main() -> None:
    """Measure everything."""
    say(MEDIANS.format(ROUNDS))
    with TemporaryDirectory() as name:
        directory = Path(name)
        extension = make_environment(directory / "intelex", "scikit-learn-intelex")
        compare(directory, 200_000, starts=(10, 10, 10), extension=extension)
        compare(directory, 2_000_000, starts=(10, 1, 1), extension=extension)


def compare(directory: Path, n: int, *, starts: Sequence[int], extension: Path | None) -> None:
    """Fit the same points by every peer in turns.

    Figures count only if each is as good as the best of them.
    """
    points, kept = directory / f"{n}.npy", directory / "inertia.npy"
    np.save(points, draw_points(n, D, K, APART))
    fit = {
        name: partial(_fit, work, points, kept)
        for name, work in _candidates(starts, extension).items()
    }
    taken = [{name: work() for name, work in fit.items()} for _ in range(ROUNDS)]
    points.unlink()
    best = min(inertia for each in taken for _, inertia in each.values())
    if any(next(iter(each.values()))[1] > WORST * best for each in taken):
        raise RuntimeError("A peer has found segments that are closer together")
    head(f"{n:,} x {D}, k = {K}", "s", "processor s", "extra MiB", "inertia / the least")
    for name in fit:
        reached = median(each[name][1] for each in taken) / best
        row(name, *figures_of([each[name][0] for each in taken]), f"{reached:.6f}")


def _candidates(starts: Sequence[int], extension: Path | None) -> dict[str, Work]:
    ours, theirs, extended = starts
    work = partial(Work, kept="found.inertia_")
    candidates = {
        f"this service, {ours} starts": work(setup=OURS, work=LEARN.format(ours)),
        f"scikit-learn, {theirs}": work(setup=SCIKIT, work=FIT.format(theirs)),
    }
    if extension:
        candidates[f"scikit-learn-intelex, {extended}"] = work(
            setup=INTELEX, work=FIT.format(extended), python=extension
        )
    return candidates


def _fit(work: Work, points: Path, kept: Path) -> tuple[Taken, float]:
    return work.run(points, kept), float(np.load(kept))


if __name__ == "__main__":
    main()
