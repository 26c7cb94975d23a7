"""Gap statistic: inertia of the points compared with that of reference points without segments."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from models.criteria.base import Verdict, by_k
from models.criteria.data import CriterionData
from models.criteria.partitions import Floats, subsample
from models.kernels.small_kmeans import lloyd, small_kmeans

REFERENCES: Final = 10
SAMPLE: Final = 500
STARTS: Final = 2
TINY: Final = float(np.finfo(np.float64).tiny)  # keeps the logarithm of an inertia of 0 finite

Draw = Callable[[Floats, np.random.Generator], Floats]


@dataclass(frozen=True, kw_only=True)
class Gap:
    """The first k whose gap is within one standard error of the next (Tibshirani et al. 2001).

    Reference points are uniform in the bounding box of the columns.
    """

    name: Literal["gap"] = "gap"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k by the mean log inertia of ten references minus that of the points."""
        return _gap_verdict(self.name, evidence, _uniform)


@dataclass(frozen=True, kw_only=True)
class GapPCA:
    """The gap statistic with uniform references in the box of the principal components."""

    name: Literal["gap_pca"] = "gap_pca"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k as `Gap` does."""
        return _gap_verdict(self.name, evidence, _in_pca_box)


def _uniform(points: Floats, rng: np.random.Generator) -> Floats:
    return rng.uniform(points.min(axis=0), points.max(axis=0), size=points.shape)


def _in_pca_box(points: Floats, rng: np.random.Generator) -> Floats:
    _, _, axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    return np.asarray(_uniform(points @ axes.T, rng) @ axes)


def _gap_verdict(name: str, evidence: CriterionData, draw: Draw) -> Verdict:
    rng = evidence.rng(name)
    points = subsample(evidence.points, SAMPLE, rng)
    ks = [k for k in evidence.ks if k < len(points)]
    # K-Means of the sample may get stuck, so it also starts from the centers of all points.
    from_all = np.log([max(lloyd(points, evidence.kmeans[k].centers).inertia, TINY) for k in ks])
    observed = np.minimum(_log_inertia(points, ks, rng), from_all)
    expected = np.array([_log_inertia(draw(points, rng), ks, rng) for _ in range(REFERENCES)])
    gaps = expected.mean(axis=0) - observed
    errors = expected.std(axis=0) * (1 + 1 / REFERENCES) ** 0.5
    return Verdict(
        criterion=name,
        k=_first_within_one_error(ks, gaps, errors),
        scores=by_k(ks, gaps),
        higher_is_better=True,
        errors=by_k(ks, errors),
    )


def _log_inertia(points: Floats, ks: list[int], rng: np.random.Generator) -> Floats:
    return np.log([max(small_kmeans(points, k, STARTS, rng).inertia, TINY) for k in ks])


def _first_within_one_error(ks: list[int], gaps: Floats, errors: Floats) -> int | None:
    enough = np.flatnonzero(gaps[:-1] >= gaps[1:] - errors[1:])
    return ks[int(enough[0])] if len(enough) else ks[-1] if ks else None
