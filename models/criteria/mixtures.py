"""Gaussian mixtures of the points, one for each number of components."""

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.criteria.evidence import Evidence, Floats, Labels, means

SAMPLE: Final = 1000
ITERATIONS: Final = 30
MEMBERS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """How well a mixture describes the points: its BIC and ICL, both per point."""

    bic: float
    icl: float


def mixtures(evidence: Evidence) -> dict[int, Mixture]:
    """Fit mixtures with full covariances, each started from the K-Means partition into as many segments."""
    n = min(len(evidence.points), SAMPLE)
    sample = np.sort(evidence.rng("mixtures").choice(len(evidence.points), n, replace=False))
    points = evidence.points[sample]
    found = {}
    for k, partition in evidence.kmeans.items():
        labels = partition.labels[sample]
        if np.bincount(labels, minlength=k).min() >= MEMBERS:
            found[k] = _fit(points, labels, k)
    return found


def _fit(points: Floats, labels: Labels, k: int) -> Mixture:
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - the api knows the criteria by name
    from sklearn.mixture import GaussianMixture  # noqa: PLC0415 - as above

    mixture = GaussianMixture(
        k,
        max_iter=ITERATIONS,
        reg_covar=1e-3,
        weights_init=np.bincount(labels, minlength=k) / len(labels),
        means_init=means(points, labels, k),
        precisions_init=_precisions(points, labels, k),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # thirty rounds from a good start are enough to compare
        bic = mixture.fit(points).bic(points) / len(points)
    share = mixture.predict_proba(points)
    entropy = -np.sum(share * np.log(np.maximum(share, 1e-300))) / len(points)
    return Mixture(bic=float(bic), icl=float(bic + 2 * entropy))


def _precisions(points: Floats, labels: Labels, k: int) -> Floats:
    d = points.shape[1]
    return np.stack(
        [
            np.linalg.inv(np.cov(points[labels == i], rowvar=False, bias=True).reshape(d, d) + 1e-2 * np.eye(d))
            for i in range(k)
        ]
    )
