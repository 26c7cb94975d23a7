"""Indices of how well points fall into k segments, as NbClust computes them, and their vote.

The formulas and the rule by which each index chooses are those of Charrad, Ghazzali, Boiteau &
Niknafs (2014).
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

from bench.choosing.cuts import KS, Cuts

Index = Callable[[Cuts, int], float]
Scores = Mapping[int, float]
Choice = Callable[[Scores], int | None]


def highest(scores: Scores) -> int | None:
    """Choose the greatest score, of two alike that of fewer segments.

    None where no score is finite.
    """
    finite = {k: score for k, score in scores.items() if np.isfinite(score)}
    return max(finite, key=lambda k: (finite[k], -k)) if finite else None


def lowest(scores: Scores) -> int | None:
    """Choose the least score."""
    return highest({k: -score for k, score in scores.items()})


def widest_step(scores: Scores) -> int | None:
    """Choose where the score differs most from the one before."""
    return highest({k: abs(scores[k] - scores[k - 1]) for k in scores if k - 1 in scores})


def sharpest_bend(scores: Scores) -> int | None:
    """Choose where the score's second difference is greatest."""
    return highest(_bends(scores))


def sharpest_fall(scores: Scores) -> int | None:
    """Choose where the score's second difference is least."""
    return lowest(_bends(scores))


def silhouette(cuts: Cuts, k: int) -> float:
    """How much nearer a point is to its own segment than to the next (Rousseeuw 1987)."""
    return float(silhouette_score(cuts.distances, cuts.labels(k), metric="precomputed"))


def calinski_harabasz(cuts: Cuts, k: int) -> float:
    """Variance between segments over that within (Calinski & Harabasz 1974)."""
    return float(calinski_harabasz_score(cuts.points, cuts.labels(k)))


def davies_bouldin(cuts: Cuts, k: int) -> float:
    """Widths of the two most alike segments over their distance (Davies & Bouldin 1979)."""
    return float(davies_bouldin_score(cuts.points, cuts.labels(k)))


def krzanowski_lai(cuts: Cuts, k: int) -> float:
    """Fall of the scaled inertia to k over that to k + 1 (Krzanowski & Lai 1988)."""
    d = cuts.points.shape[1]
    scaled = {j: j ** (2 / d) * cuts.inertia(j) for j in (k - 1, k, k + 1)}
    return abs((scaled[k - 1] - scaled[k]) / (scaled[k] - scaled[k + 1]))


def hartigan(cuts: Cuts, k: int) -> float:
    """Relative fall of the inertia to k + 1 (Hartigan 1975)."""
    return (cuts.inertia(k) / cuts.inertia(k + 1) - 1) * (len(cuts.points) - k - 1)


def scott(cuts: Cuts, k: int) -> float:
    """Log of all volume over that within (Scott & Symons 1971)."""
    return len(cuts.points) * (_log_volume(cuts.scatter) - _log_volume(cuts.within(k)))


def marriot(cuts: Cuts, k: int) -> float:
    """Volume within, times k squared (Marriot 1971), as a share of all volume."""
    return k**2 / rubin(cuts, k)


def trace_of_covariance(cuts: Cuts, k: int) -> float:
    """Trace of the covariance of the scatter within (Milligan & Cooper 1985)."""
    return float(cuts.within(k).var(axis=0).sum())


def trace_within(cuts: Cuts, k: int) -> float:
    """Inertia (Edwards & Cavalli-Sforza 1965)."""
    return cuts.inertia(k)


def friedman(cuts: Cuts, k: int) -> float:
    """Scatter between in units of that within (Friedman & Rubin 1967)."""
    within = cuts.within(k)
    return float(np.trace(np.linalg.solve(within, cuts.scatter - within)))


def rubin(cuts: Cuts, k: int) -> float:
    """All volume over that within (Friedman & Rubin 1967)."""
    return float(np.exp(_log_volume(cuts.scatter) - _log_volume(cuts.within(k))))


def ratkowsky_lance(cuts: Cuts, k: int) -> float:
    """Share of each column's variance that is between, over k (Ratkowsky & Lance 1978)."""
    shares = 1 - np.diag(cuts.within(k)) / np.diag(cuts.scatter)
    return float(np.sqrt(shares.mean() / k))


def ball_hall(cuts: Cuts, k: int) -> float:
    """Inertia of one segment, on average (Ball & Hall 1965)."""
    return cuts.inertia(k) / k


def dunn(cuts: Cuts, k: int) -> float:
    """Least distance between segments over the greatest within (Dunn 1974)."""
    labels = cuts.labels(k)
    same = labels[:, None] == labels
    return float(cuts.distances[~same].min() / cuts.distances[same].max())


def mcclain_rao(cuts: Cuts, k: int) -> float:
    """Mean distance within over that between (McClain & Rao 1975)."""
    within, between = cuts.pairs(k)
    return within.mean / between.mean


def c_index(cuts: Cuts, k: int) -> float:
    """How far the distances within are from the least there could be (Hubert & Levin 1976)."""
    within, _ = cuts.pairs(k)
    sums = cuts.sums_of_least
    least, most = sums[within.n], sums[-1] - sums[-1 - within.n]
    return float((within.sum - least) / (most - least))


def point_biserial(cuts: Cuts, k: int) -> float:
    """Correlate the distance of a pair with whether it is parted (Milligan 1980)."""
    within, between = cuts.pairs(k)
    return (between.mean - within.mean) * (within.n * between.n) ** 0.5 / (within.n + between.n)


INDICES: Final[Mapping[str, tuple[Index, Choice]]] = {
    "KL": (krzanowski_lai, highest),
    "CH": (calinski_harabasz, highest),
    "Hartigan": (hartigan, widest_step),
    "Scott": (scott, widest_step),
    "Marriot": (marriot, sharpest_bend),
    "TrCovW": (trace_of_covariance, widest_step),
    "TraceW": (trace_within, sharpest_bend),
    "Friedman": (friedman, widest_step),
    "Rubin": (rubin, sharpest_fall),
    "DB": (davies_bouldin, lowest),
    "Silhouette": (silhouette, highest),
    "Ratkowsky": (ratkowsky_lance, highest),
    "Ball": (ball_hall, widest_step),
    "Dunn": (dunn, highest),
    "McClain": (mcclain_rao, lowest),
    "C-index": (c_index, lowest),
    "PtBiserial": (point_biserial, highest),
}


def score(cuts: Cuts, index: Index) -> dict[int, float]:
    """Give an index of each k from 2 to 15."""
    return {k: index(cuts, k) for k in KS}


def votes(cuts: Cuts) -> dict[str, int | None]:
    """Give what each index would choose; None for one that says nothing."""
    return {name: choose(score(cuts, index)) for name, (index, choose) in INDICES.items()}


def majority(chosen: Mapping[str, int | None]) -> int:
    """Choose what most indices choose, of two alike the smaller."""
    counts = Counter(k for k in chosen.values() if k is not None)
    return max(counts, key=lambda k: (counts[k], -k))


def _bends(scores: Scores) -> dict[int, float]:
    inner = [k for k in scores if k - 1 in scores and k + 1 in scores]
    return {k: scores[k + 1] - 2 * scores[k] + scores[k - 1] for k in inner}


def _log_volume(scatter: np.ndarray) -> float:
    return float(np.linalg.slogdet(scatter)[1])
