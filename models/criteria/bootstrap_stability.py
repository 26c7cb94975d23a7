"""Bootstrap stability: do two resamples of the customers give the same segments."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from models.criteria.evidence import Evidence
from models.criteria.partitions import Floats, Labels, thinned
from models.criteria.verdict import Verdict, by_k, highest
from models.kernels.lloyd import best_of, nearest

PAIRS: Final = 8
SAMPLE: Final = 500


@dataclass(frozen=True, kw_only=True)
class BootstrapStability:
    """The k whose segments agree most between pairs of bootstrap resamples (Fang & Wang 2012); it can never say one."""

    name: Literal["bootstrap_stability"] = "bootstrap_stability"

    def judge(self, evidence: Evidence) -> Verdict:
        """Score each k from 2 by the mean adjusted Rand index (Hubert & Arabie 1985) of eight pairs."""
        rng = evidence.rng(self.name)
        points = thinned(evidence.points, SAMPLE, rng)
        ks = [k for k in evidence.ks if 1 < k <= len(points) // 4]
        agreement = np.array([[_agreement(points, k, rng) for k in ks] for _ in range(PAIRS)])
        means, errors = agreement.mean(axis=0), agreement.std(axis=0) / (PAIRS - 1) ** 0.5
        return highest(self.name, by_k(ks, means), by_k(ks, errors))


def _agreement(points: Floats, k: int, rng: np.random.Generator) -> float:
    return adjusted_rand(_placed_by_resample(points, k, rng), _placed_by_resample(points, k, rng), k)


def _placed_by_resample(points: Floats, k: int, rng: np.random.Generator) -> Labels:
    resample = points[rng.integers(len(points), size=len(points))]
    centers = best_of(resample, k, 1, rng).centers
    return nearest(points, centers)


def adjusted_rand(a: Labels, b: Labels, k: int) -> float:
    """Give the agreement of two partitions into at most k segments, 1 where they are the same, 0 by chance."""
    counts = np.bincount(a * k + b, minlength=k * k).reshape(k, k).astype(np.float64)
    both, in_a, in_b = (_pairs(part).sum() for part in (counts, counts.sum(axis=1), counts.sum(axis=0)))
    by_chance = in_a * in_b / _pairs(counts.sum())
    most = (in_a + in_b) / 2
    return float((both - by_chance) / (most - by_chance)) if most > by_chance else 1.0


def _pairs(counts: Floats) -> Floats:
    return counts * (counts - 1) / 2
