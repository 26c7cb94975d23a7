"""`python -m bench.recommending`.

How long a recommendation takes beside the usual loop over scikit-learn.

The loop fits K-Means for 2 to 15 segments and asks for inertia, Caliński-Harabasz, Davies-Bouldin
and silhouette of each. A recommendation judges by eleven more criteria, prepares the table, and
says how sure it is.
"""

from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from time import perf_counter, process_time
from typing import Final, Generic, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.cluster import KMeans as ScikitKMeans
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

from bench.apart import draw_points
from bench.markdown import head, row, say
from bench.rounds import MEDIANS, ROUNDS, Figure
from models.algorithms import KMeans
from models.criteria import CriterionData
from models.criteria.calinski_harabasz import CalinskiHarabasz
from models.criteria.davies_bouldin import DaviesBouldin
from models.criteria.partitions import partition_of
from models.criteria.silhouette import Silhouette
from models.features import Feature
from models.kernels.mean_silhouettes import EXACT_UP_TO, QUERIES
from models.kernels.partition import Partition
from models.precompile import warm_up
from models.segmentation.prepared import prepare
from models.selection import Recommendation, recommend_k

D, K, APART = 8, 8, 6.0
KS: Final = range(2, 16)

Points = NDArray[np.float64]
Labels = NDArray[np.int64]
Curves = Mapping[str, Mapping[int, float]]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Timed(Generic[T]):
    """What something gave, and how long that took, by the clock and of the processor."""

    found: T
    seconds: float
    busy: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure both sizes."""
    parser = ArgumentParser(prog="python -m bench.recommending", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is measured")
    rounds = parser.parse_args(arguments).rounds
    warm_up()
    say(MEDIANS.format(rounds))
    compare(EXACT_UP_TO, n_init=10, rounds=rounds)
    compare(2_000_000, n_init=1, rounds=rounds)


def compare(n: int, *, n_init: int, rounds: int) -> None:
    """Ask both about the same customers in turns.

    Times count only if the figures of the same segments are equal.
    """
    table = pd.DataFrame(draw_points(n, D, K, APART), columns=[f"x{i}" for i in range(D)])
    features = [Feature(name=str(name), kind="numeric") for name in table]
    points = prepare(table, features).points
    ask, go_through = partial(recommend_k, table, features, KMeans()), partial(loop, points, n_init)
    taken = [(_timed(ask), _timed(go_through)) for _ in range(rounds)]
    labels, theirs = taken[0][1].found
    _require_equal(points, labels, theirs)
    head(f"{n:,} x {D}, k = 2 to 15", "s", "processor s")
    row("this service, 15 criteria", *_figures([ours for ours, _ in taken]))
    row(f"scikit-learn, 4 criteria, n_init = {n_init}", *_figures([loops for _, loops in taken]))
    shares = [(loops.seconds / ours.seconds, loops.busy / ours.busy) for ours, loops in taken]
    row("times as long", *(str(Figure(each)) for each in zip(*shares, strict=True)))
    say(f"\n{_accuracy(taken[0][0].found, theirs, n)}")


def loop(points: Points, n_init: int) -> tuple[dict[int, Labels], Curves]:
    """Do what one does with scikit-learn.

    Fit and score each k; silhouettes of a sample where there are too many.
    """
    fits = {k: ScikitKMeans(k, n_init=n_init, random_state=0).fit(points) for k in KS}
    labels = {k: fit.labels_.astype(np.int64) for k, fit in fits.items()}
    some = None if len(points) <= EXACT_UP_TO else QUERIES
    silhouette = partial(silhouette_score, points, sample_size=some, random_state=0)
    return labels, {
        "knee": {k: float(fit.inertia_) for k, fit in fits.items()},
        "calinski_harabasz": {
            k: float(calinski_harabasz_score(points, each)) for k, each in labels.items()
        },
        "davies_bouldin": {
            k: float(davies_bouldin_score(points, each)) for k, each in labels.items()
        },
        "silhouette": {k: float(silhouette(each)) for k, each in labels.items()},
    }


def _figures(taken: Sequence[Timed[T]]) -> list[str]:
    return [
        str(Figure([each.seconds for each in taken])),
        str(Figure([each.busy for each in taken])),
    ]


@dataclass(frozen=True, kw_only=True)
class _Fitted(CriterionData):
    """Points in the segments that scikit-learn has found."""

    labels: Mapping[int, Labels]

    @cached_property
    def kmeans(self) -> Mapping[int, Partition]:
        """Their segments, each center the mean of its points."""
        return {k: partition_of(self.points, own, k) for k, own in self.labels.items()}


def _require_equal(points: Points, fitted: Mapping[int, Labels], theirs: Curves) -> None:
    """Compare figures of the same segments; silhouettes of a sample agree but for their errors."""
    labels = {1: np.zeros(len(points), np.int64), **fitted}
    evidence = _Fitted(points=points, k_max=max(KS), seed=0, labels=labels)
    for ours in (
        CalinskiHarabasz().evaluate(evidence),
        DaviesBouldin().evaluate(evidence),
        Silhouette().evaluate(evidence),
    ):
        sampled = ours.criterion == "silhouette" and len(points) > EXACT_UP_TO
        for k, score in theirs[ours.criterion].items():
            allowed = 6 * ours.errors[k] if sampled else 1e-6 * abs(score)
            if abs(ours.scores[k] - score) > allowed:
                raise RuntimeError(f"The figures of {ours.criterion} differ")


def _accuracy(ours: Recommendation, theirs: Curves, n: int) -> str:
    """Compare the inertia per customer and the other figures with those of the peer."""
    shown = {verdict.criterion: verdict for verdict in ours.verdicts}
    per_customer = [shown["knee"].scores[k] / ours.n_measured / (theirs["knee"][k] / n) for k in KS]
    overlap, silhouette = (
        max(abs(shown[name].scores[k] - theirs[name][k]) for k in KS)
        for name in ("davies_bouldin", "silhouette")
    )
    return (
        f"Inertia for each customer over that of the loop: {min(per_customer):.4f} to "
        f"{max(per_customer):.4f}.\n"
        f"At most, Davies-Bouldin is {overlap:.3f} apart and the silhouette {silhouette:.4f}.\n"
        f"Recommended: {ours.k} (probability {ours.probability or 0:.2f}), of {K} drawn."
    )


def _timed(work: Callable[[], T]) -> Timed[T]:
    wall, busy = perf_counter(), process_time()
    found = work()
    return Timed(found=found, seconds=perf_counter() - wall, busy=process_time() - busy)


if __name__ == "__main__":
    main()
