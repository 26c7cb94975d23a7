"""Bootstrap stability: agreement of the segments of two resamples of the customers."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from models.contingency import adjusted_rand_index, contingency
from models.criteria.base import Verdict, argmax_verdict, by_k
from models.criteria.data import CriterionData
from models.criteria.partitions import Floats, Labels, subsample
from models.kernels.partition import nearest
from models.kernels.small_kmeans import small_kmeans

PAIRS: Final = 8
SAMPLE: Final = 500


@dataclass(frozen=True, kw_only=True)
class BootstrapStability:
    """The k whose segments agree best between pairs of bootstrap resamples (Fang & Wang 2012).

    It never chooses one.
    """

    name: Literal["bootstrap_stability"] = "bootstrap_stability"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k >= 2 by the mean adjusted Rand index (Hubert & Arabie 1985) of 8 pairs."""
        rng = evidence.rng(self.name)
        points = subsample(evidence.points, SAMPLE, rng)
        ks = [k for k in evidence.ks if 1 < k <= len(points) // 4]
        agreement = np.array(
            [[_resample_agreement(points, k, rng) for k in ks] for _ in range(PAIRS)]
        )
        means, errors = agreement.mean(axis=0), agreement.std(axis=0) / (PAIRS - 1) ** 0.5
        return argmax_verdict(self.name, by_k(ks, means), by_k(ks, errors))


def _resample_agreement(points: Floats, k: int, rng: np.random.Generator) -> float:
    labels = _assign_by_resample(points, k, rng), _assign_by_resample(points, k, rng)
    return adjusted_rand_index(contingency(*labels, shape=(k, k)))


def _assign_by_resample(points: Floats, k: int, rng: np.random.Generator) -> Labels:
    resample = points[rng.integers(len(points), size=len(points))]
    centers = small_kmeans(resample, k, 1, rng).centers
    return nearest(points, centers)
