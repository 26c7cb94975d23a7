"""Gaussian mixtures of the points, one for each number of components."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from models.criteria.partitions import Floats, Labels, means

ITERATIONS: Final = 20
FLOOR: Final = 1e-3
SHAPES: Final[tuple["Shape", ...]] = ("tied", "full")

Shape = Literal["tied", "full"]


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """How well a mixture describes the points.

    Attributes
    ----------
    bic
        Minus twice the log likelihood, plus the price of its parameters, per point (Schwarz 1978).
    icl
        The same, plus twice the entropy of who belongs where (Biernacki, Celeux & Govaert 2000).
    """

    bic: float
    icl: float


def fit_mixtures(points: Floats, k: int, starts: Sequence[Labels]) -> Mixture | None:
    """Fit mixtures of k components, each of one shape or each of its own, from several partitions.

    Returns
    -------
    Mixture or None
        The least BIC and ICL; None where no partition leaves enough members to each component.
    """
    fits = [_fit(points, labels, k, shape) for labels in starts for shape in _affordable(labels, k)]
    return Mixture(bic=min(fit.bic for fit in fits), icl=min(fit.icl for fit in fits)) if fits else None


def _affordable(labels: Labels, k: int) -> Iterator[Shape]:
    least = np.bincount(labels, minlength=k).min()
    yield from (shape for shape in SHAPES if least >= {"tied": 2, "full": 5}[shape])


def _fit(points: Floats, labels: Labels, k: int, shape: Shape) -> Mixture:
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - the api knows the criteria by name
    from sklearn.mixture import GaussianMixture  # noqa: PLC0415 - as above

    centers = means(points, labels, k)
    mixture = GaussianMixture(
        k,
        covariance_type=shape,
        max_iter=ITERATIONS,
        reg_covar=FLOOR,
        weights_init=np.bincount(labels, minlength=k) / len(labels),
        means_init=centers,
        precisions_init=_precisions(points - centers[labels], labels, k, shape),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # twenty rounds from a good start are enough to compare
        bic = mixture.fit(points).bic(points) / len(points)
    shares = mixture.predict_proba(points)
    entropy = -np.sum(shares * np.log(np.maximum(shares, np.finfo(np.float64).tiny))) / len(points)
    return Mixture(bic=float(bic), icl=float(bic + 2 * entropy))


def _precisions(around: Floats, labels: Labels, k: int, shape: Shape) -> Floats:
    """Invert the covariances around the centers, with a little added so that none is singular."""
    groups = [around] if shape == "tied" else [around[labels == i] for i in range(k)]
    least = 10 * FLOOR * np.eye(around.shape[1])
    inverses = [np.linalg.inv(group.T @ group / len(group) + least) for group in groups]
    return inverses[0] if shape == "tied" else np.stack(inverses)
