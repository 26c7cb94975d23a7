"""`python -m bench.trees`: how long a tree takes to grow, what memory it needs, how wide its segments are.

Each tree grows in a process of its own: what it needs is by how much that process has grown at the most.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
from sklearn.metrics import adjusted_rand_score

from bench.environments import make_environment
from bench.machine import describe_machine
from bench.markdown import head, row, say
from bench.rounds import ROUNDS, Figure

D, K = 8, 8
EXACT, MANY = 20_000, (100_000, 200_000, 2_000_000, 10_000_000)
COMPARED, CUTS = (20_000, 50_000), (4, 8, 16)
SMALL = "np.random.default_rng(0).normal(size=(300, 8))"
GROW = """
import resource, sys, time
import numpy as np
{setup}
points = np.load(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
wall, busy = time.perf_counter(), time.process_time()
found = {work}
wall, busy = time.perf_counter() - wall, time.process_time() - busy
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
np.save(sys.argv[2], {kept})
print(wall, busy, grown / 1024)
"""
WARD = f"from models.kernels.ward import ward; ward({SMALL})"
CONDENSE = f"from models.warming import warm_up; from models.kernels.condensing import place; warm_up(); \
p = {SMALL}; place(p, p); from models.algorithms import *"
SCIPY = "from scipy.cluster.hierarchy import linkage"
FASTCLUSTER = "from fastcluster import linkage_vector"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Grown:
    """What one process took."""

    seconds: float
    busy: float
    mebibytes: float


def main() -> None:
    """Measure everything."""
    say(f"Trees, on {describe_machine()}; medians of {ROUNDS} (the least to the greatest).")
    with TemporaryDirectory() as name:
        directory = Path(name)
        measure_exact(directory)
        measure_many(directory)
    measure_width()


def measure_exact(directory: Path) -> None:
    """Grow the same exact tree by every peer in turns, and compare the heights."""
    points = _saved(directory, EXACT)
    candidates = {"this service": _script(WARD, "ward(points)"), "scipy": _script(SCIPY, "linkage(points, 'ward')")}
    pythons = {name: Path(sys.executable) for name in candidates}
    peer = make_environment(directory / "fastcluster", "fastcluster")
    if peer:
        candidates["fastcluster"] = _script(FASTCLUSTER, "linkage_vector(points, 'ward')")
        pythons["fastcluster"] = peer
    heights = {name: directory / f"{name}.npy" for name in candidates}
    grow = {name: partial(_grow, pythons[name], script, points, heights[name]) for name, script in candidates.items()}
    taken = [{name: work() for name, work in grow.items()} for _ in range(ROUNDS)]
    first, *others = (np.load(path) for path in heights.values())
    if not all(np.allclose(first, other, rtol=1e-5) for other in others):
        raise RuntimeError("The trees differ")
    _show(f"exact Ward, {EXACT:,} x {D}", {name: [each[name] for each in taken] for name in candidates})


def measure_many(directory: Path) -> None:
    """Grow trees of more customers than an exact one takes, beside one K-Means fit of the same."""
    learn = partial(_script, CONDENSE, kept="found.centers")
    candidates = {
        "hierarchical": learn(f"Hierarchical().learn(points, k={K}, seed=0)"),
        "kmeans": learn(f"KMeans().learn(points, k={K}, seed=0)"),
    }
    took: list[float] = []
    for n in MANY:
        points, kept = _saved(directory, n), directory / "kept.npy"
        taken = [
            {name: _grow(Path(sys.executable), script, points, kept) for name, script in candidates.items()}
            for _ in range(ROUNDS)
        ]
        points.unlink()
        took.append(median(each["hierarchical"].busy for each in taken))
        _show(f"{n:,} x {D}, k = {K}", {name: [each[name] for each in taken] for name in candidates})
    exponent = np.polyfit(np.log(MANY), np.log(took), 1)[0]
    say(f"\nProcessor time of hierarchical grows with n to the power of {exponent:.2f}.")


def measure_width() -> None:
    """Compare the segments of a tree of groups with those of the exact tree, where that can be had."""
    from models.kernels.condensing import condense  # noqa: PLC0415 - compiled code is imported where it is timed
    from models.kernels.ward import ward  # noqa: PLC0415 - as above
    from models.tree import cut  # noqa: PLC0415 - as above

    head("sums of squares, groups / exact; adjusted Rand index", *(f"k = {k}" for k in CUTS))
    for n in COMPARED:
        for name, points in {"groups apart": draw(n, 6.0), "overlapping": draw(n, 1.5), "none": draw(n, 0.0)}.items():
            condensed = condense(points, 2_000, 0)
            exact, grouped = ward(points), ward(condensed.centers, condensed.weights)
            both = [(cut(grouped, k)[condensed.groups], cut(exact, k)) for k in CUTS]
            row(
                f"{n:,} x {D}, {name}", *(f"{_ratio(points, *pair)}; {adjusted_rand_score(*pair):.2f}" for pair in both)
            )


def draw(n: int, apart: float) -> Floats:
    """Draw points in eight round groups whose centers are so far apart, in their own standard deviations."""
    random = np.random.default_rng([n, int(10 * apart)])
    centers = random.normal(size=(K, D))
    centers *= apart / 4  # two of eight columns are about 4 apart
    return centers[random.integers(K, size=n)] + random.normal(size=(n, D))


def _ratio(points: Floats, segment: npt.NDArray[np.int64], exact: npt.NDArray[np.int64]) -> str:
    return f"{_within(points, segment) / _within(points, exact):.3f}"


def _within(points: Floats, segment: npt.NDArray[np.int64]) -> float:
    return sum(float(part.var(axis=0).sum()) * len(part) for part in (points[segment == i] for i in np.unique(segment)))


def _saved(directory: Path, n: int) -> Path:
    path = directory / f"{n}.npy"
    np.save(path, draw(n, 3.0))
    return path


def _script(setup: str, work: str, kept: str = "found[:, 2]") -> str:
    return GROW.format(setup=setup, work=work, kept=kept)


def _grow(python: Path, script: str, points: Path, kept: Path) -> Grown:
    ran = subprocess.run([python, "-c", script, points, kept], capture_output=True, text=True, check=True)  # noqa: S603 - our own
    return Grown(*map(float, ran.stdout.split()))


def _show(what: str, taken: Mapping[str, Sequence[Grown]]) -> None:
    head(what, "s", "processor s", "extra MiB")
    for name, each in taken.items():
        row(name, *(str(Figure([getattr(one, field) for one in each])) for field in ("seconds", "busy", "mebibytes")))


if __name__ == "__main__":
    main()
