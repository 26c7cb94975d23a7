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
from bench.markdown import head, row, say
from bench.rounds import MEDIANS, ROUNDS, Figure
from models.algorithms.hierarchical import CONDENSED_TO
from models.kernels.condensing import condense
from models.kernels.ward import ward
from models.tree import cut

D, K = 8, 8
EXACT, MANY = 20_000, (100_000, 200_000, 2_000_000, 10_000_000)
COMPARED, CUTS = (20_000, 50_000), (4, 8, 16)
SMALL = "np.random.default_rng(0).normal(size=(300, 8))"
GROW = """
import sys, time
from pathlib import Path
import numpy as np
{setup}
def held(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name))
points = np.load(sys.argv[1])
Path("/proc/self/clear_refs").write_text("5")  # the most that is held is counted from here on
before = held("VmRSS")
wall, busy = time.perf_counter(), time.process_time()
found = {work}
wall, busy = time.perf_counter() - wall, time.process_time() - busy
print(wall, busy, (held("VmHWM") - before) / 1024)
np.save(sys.argv[2], {kept})
"""
WARD = f"from models.kernels.ward import ward; ward({SMALL})"
LEARN = "from models.warming import warm_up; from models.algorithms import Hierarchical, KMeans; warm_up()"
SCIPY = "from scipy.cluster.hierarchy import linkage"
FASTCLUSTER = "from fastcluster import linkage_vector"

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Grown:
    """What one process took."""

    seconds: float
    busy: float
    mebibytes: float


def main() -> None:
    """Measure everything."""
    say(MEDIANS.format(ROUNDS))
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
    learn = partial(_script, LEARN, kept="found.centers")
    candidates = {
        "hierarchical": learn(f"Hierarchical().learn(points, k={K}, seed=0)"),
        "K-Means, 10 starts": learn(f"KMeans().learn(points, k={K}, seed=0)"),
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
    """Compare the segments of trees of groups with those of the exact tree, where that can be had."""
    head("sums of squares, groups / exact; adjusted Rand index", *(f"k = {k}" for k in CUTS))
    for n in COMPARED:
        for name, points in _tables(n).items():
            exact = ward(points)
            others = [_cuts_of_groups(points, seed) for seed in range(ROUNDS)]
            compared = (_compared(points, cut(exact, k), [segments[k] for segments in others]) for k in CUTS)
            row(f"{n:,} x {points.shape[1]}, {name}", *compared)


def _cuts_of_groups(points: Floats, seed: int) -> dict[int, Labels]:
    """Give the segments of each customer by a tree of weighted groups, by their number."""
    condensed = condense(points, CONDENSED_TO, seed)
    tree = ward(condensed.centers, condensed.weights)
    return {k: cut(tree, k)[condensed.groups] for k in CUTS}


def _tables(n: int) -> dict[str, Floats]:
    random = np.random.default_rng(n)
    group = random.integers(5, size=n)
    grid = np.stack([8 * (group % 3), 8 * (group // 3), np.zeros(n)], axis=1) + random.normal(size=(n, 3))
    return {
        "far apart": draw(n, 6.0),
        "overlapping": draw(n, 1.5),
        "one cloud": draw(n, 0.0),
        "one skewed cloud": np.exp(0.7 * random.normal(size=(n, D))),
        "five on a grid": grid / grid.std(axis=0),
    }


def draw(n: int, apart: float) -> Floats:
    """Draw points in eight round groups whose centers are so far apart, in their own standard deviations."""
    random = np.random.default_rng([n, int(10 * apart)])
    centers = random.normal(size=(K, D))
    centers *= apart / 4  # as drawn, two of them are about 4 apart
    return centers[random.integers(K, size=n)] + random.normal(size=(n, D))


def _compared(points: Floats, exact: Labels, others: Sequence[Labels]) -> str:
    ratios = [_within(points, other) / _within(points, exact) for other in others]
    alike = median(adjusted_rand_score(exact, other) for other in others)
    return f"{median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}); {alike:.2f}"


def _within(points: Floats, segment: Labels) -> float:
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
