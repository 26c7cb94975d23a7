"""Prediction strength: agreement of segments fitted on two halves of the customers."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from models.criteria.base import Verdict, by_k
from models.criteria.data import CriterionData
from models.criteria.partitions import Floats, Labels, subsample
from models.kernels.partition import nearest
from models.kernels.small_kmeans import small_kmeans

SPLITS: Final = 6
SAMPLE: Final = 1000
STARTS: Final = 2  # few, as every split fits each k twice
MIN_STRENGTH: Final = 0.8  # Tibshirani & Walther (2005) advise 0.8 to 0.9


@dataclass(frozen=True, kw_only=True)
class PredictionStrength:
    """The largest k with strength plus one standard error ≥ .8 (Tibshirani & Walther 2005)."""

    name: Literal["prediction_strength"] = "prediction_strength"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k by the mean strength of six random halvings, from 0 to 1."""
        rng = evidence.rng(self.name)
        points = subsample(evidence.points, SAMPLE, rng)
        ks = [k for k in evidence.ks if k <= len(points) // 4]
        strengths = np.array(
            [[_strength(*_halves(points, rng), k, rng) for k in ks] for _ in range(SPLITS)]
        )
        means, errors = strengths.mean(axis=0), strengths.std(axis=0) / (SPLITS - 1) ** 0.5
        strong = [
            k
            for k, mean, error in zip(ks, means, errors, strict=True)
            if mean + error >= MIN_STRENGTH
        ]
        return Verdict(
            criterion=self.name,
            k=max(strong, default=None),
            scores=by_k(ks, means),
            higher_is_better=True,
            errors=by_k(ks, errors),
        )


def _halves(points: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    order = rng.permutation(len(points))
    middle = len(points) // 2
    return points[order[:middle]], points[order[middle:]]


def _strength(one: Floats, other: Floats, k: int, rng: np.random.Generator) -> float:
    """Return the lowest share, over segments, of pairs that the other half keeps together."""
    if k == 1:
        return 1.0
    centers = small_kmeans(one, k, STARTS, rng).centers
    assigned = nearest(other, centers)
    return _min_pair_share(small_kmeans(other, k, STARTS, rng).labels, assigned, k)


def _min_pair_share(own: Labels, assigned: Labels, k: int) -> float:
    together = np.zeros((k, k))
    np.add.at(together, (own, assigned), 1)
    sizes = together.sum(axis=1)
    several = sizes > 1
    kept = (together * (together - 1)).sum(axis=1)[several] / (sizes * (sizes - 1))[several]
    return float(kept.min()) if len(kept) else 0.0
