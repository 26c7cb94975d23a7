"""`python -m bench.kmeans`: how long K-Means takes beside scikit-learn and its extension, and how that grows with n.

Each fit runs in a process of its own, and once on few points before it is timed. Points are float64, as a fit has them.
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

from bench.environments import make_environment
from bench.markdown import head, row, say
from bench.rounds import ROUNDS, Figure

D, K = 16, 8
SIZES = (2_000, 20_000, 200_000, 2_000_000, 10_000_000)
WORST = 1.001  # times the least inertia that any of them has found
ROUNDS_OF_SIZES = 3
FIT = """
import resource, sys, time
import numpy as np
{setup}
def fit(points, starts):
    return {work}
fit(np.random.default_rng(0).normal(size=(300, 3)), 1)
points, starts = np.load(sys.argv[1]), int(sys.argv[2])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
wall, busy = time.perf_counter(), time.process_time()
found = fit(points, starts)
wall, busy = time.perf_counter() - wall, time.process_time() - busy
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(wall, busy, grown / 1024, found.inertia_)
"""
LEARN = "KMeans(n_init=starts).learn(points, k=8, seed=0).estimator"
OURS = FIT.format(
    setup="from models.warming import warm_up; warm_up(); from models.algorithms import KMeans", work=LEARN
)
PLAIN = "KMeans(8, n_init=starts, random_state=0).fit(points)"
SCIKIT = FIT.format(setup="from sklearn.cluster import KMeans", work=PLAIN)
INTELEX = FIT.format(setup="from sklearnex.cluster import KMeans", work=PLAIN)


@dataclass(frozen=True)
class Fit:
    """What one fit took, and what it reached."""

    seconds: float
    busy: float
    mebibytes: float
    inertia: float


def main() -> None:
    """Measure everything."""
    say(f"Medians of {ROUNDS} rounds taken in turns, of {ROUNDS_OF_SIZES} for each size (the least to the greatest).")
    with TemporaryDirectory() as name:
        directory = Path(name)
        extension = make_environment(directory / "intelex", "scikit-learn-intelex")
        compare(directory, 200_000, starts=(10, 10, 10), extension=extension)
        compare(directory, 2_000_000, starts=(10, 1, 1), extension=extension)
        measure_growth(directory)


def compare(directory: Path, n: int, *, starts: Sequence[int], extension: Path | None) -> None:
    """Fit the same points by every peer in turns, once each is known to be as good as the best of them."""
    points, ours = _saved(directory, n), Path(sys.executable)
    candidates = {
        f"this service, {starts[0]} starts": partial(_fit, ours, OURS, points, starts[0]),
        f"scikit-learn, {starts[1]}": partial(_fit, ours, SCIKIT, points, starts[1]),
    }
    if extension:
        candidates[f"scikit-learn-intelex, {starts[2]}"] = partial(_fit, extension, INTELEX, points, starts[2])
    taken = [{name: work() for name, work in candidates.items()} for _ in range(ROUNDS)]
    points.unlink()
    first = next(iter(candidates))
    best = min(fit.inertia for each in taken for fit in each.values())
    if any(each[first].inertia > WORST * best for each in taken):
        raise RuntimeError("A peer has found segments that are closer together")
    _show(f"{n:,} x {D}, k = {K}", {name: [each[name] for each in taken] for name in candidates}, best)


def measure_growth(directory: Path) -> None:
    """Fit more and more points, and say by which power of n the cost grows."""
    took: list[float] = []
    head("n, ten starts", "s", "processor s", "extra MiB")
    for n in SIZES:
        points = _saved(directory, n)
        fits = [_fit(Path(sys.executable), OURS, points, 10) for _ in range(ROUNDS_OF_SIZES)]
        points.unlink()
        took.append(median(fit.busy for fit in fits))
        row(f"{n:,}", *_figures(fits))
    exponent = np.polyfit(np.log(SIZES), np.log(took), 1)[0]
    say(f"\nProcessor time grows with n to the power of {exponent:.2f}.")


def _saved(directory: Path, n: int) -> Path:
    random = np.random.default_rng(n)
    centers = 1.5 * random.normal(size=(K, D))
    path = directory / f"{n}.npy"
    np.save(path, centers[random.integers(K, size=n)] + random.normal(size=(n, D)))
    return path


def _fit(python: Path, script: str, points: Path, starts: int) -> Fit:
    command = [python, "-c", script, points, str(starts)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    return Fit(*map(float, ran.stdout.split()))


def _show(what: str, taken: Mapping[str, Sequence[Fit]], best: float) -> None:
    head(what, "s", "processor s", "extra MiB", "inertia / the least")
    for name, fits in taken.items():
        row(name, *_figures(fits), f"{median(fit.inertia for fit in fits) / best:.6f}")


def _figures(fits: Sequence[Fit]) -> list[str]:
    return [str(Figure([getattr(fit, field) for fit in fits])) for field in ("seconds", "busy", "mebibytes")]


if __name__ == "__main__":
    main()
