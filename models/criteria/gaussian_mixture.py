"""Gaussian mixture models, fitted by expectation maximization."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np

from models.criteria.partitions import Floats, Labels, means

ITERATIONS: Final = 20
TOLERANCE: Final = 1e-3  # of the mean log likelihood
FLOOR: Final = 1e-3  # added to each variance, so that no covariance is singular
SHAPES: Final[tuple["Shape", ...]] = ("tied", "full")
MIN_POINTS: Final = {"tied": 2, "full": 5}  # of the smallest component

Shape = Literal["tied", "full"]


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Information criteria of a fitted mixture.

    Attributes
    ----------
    bic
        Minus twice the log likelihood plus the penalty of the parameters, per point (Schwarz 1978).
    icl
        The BIC plus twice the entropy of the responsibilities, per point (Biernacki, Celeux &
        Govaert 2000).
    """

    bic: float
    icl: float


class Components(NamedTuple):
    """Gaussian components: weights (k,), centers (k, d), Cholesky factors of the precisions.

    The factors have shape (k, d, d), or (1, d, d) for a tied covariance.
    """

    weights: Floats
    centers: Floats
    factors: Floats


def fit_gaussian_mixtures(points: Floats, k: int, starts: Sequence[Labels]) -> Mixture | None:
    """Fit mixtures of k components, tied and full covariances, from the likeliest partition.

    Runs expectation maximization (Dempster, Laird & Rubin 1977) as scikit-learn's `GaussianMixture`
    does, without its overhead per call.

    Returns
    -------
    Mixture or None
        The lowest BIC and ICL; None if in every partition some segment has too few members.
    """
    smallest = [np.bincount(labels, minlength=k).min() for labels in starts]
    fits = []
    for shape in SHAPES:
        usable = [s for s, size in zip(starts, smallest, strict=True) if size >= MIN_POINTS[shape]]
        components = [_initial_components(points, labels, k, shape) for labels in usable]
        if components:
            best = max(components, key=lambda each: _e_step(points, each)[1])
            fits.append(_fit(points, best, shape))
    if not fits:
        return None
    return Mixture(bic=min(fit.bic for fit in fits), icl=min(fit.icl for fit in fits))


def _fit(points: Floats, components: Components, shape: Shape) -> Mixture:
    before = -np.inf
    for _ in range(ITERATIONS):  # enough for a comparison, since the starts are good
        responsibilities, likelihood = _e_step(points, components)
        components = _m_step(points, responsibilities, shape)
        if abs(likelihood - before) < TOLERANCE:
            break
        before = likelihood
    responsibilities, likelihood = _e_step(points, components)
    k, d = components.centers.shape
    n_covariances = 1 if shape == "tied" else k
    n_parameters = n_covariances * d * (d + 1) // 2 + k * d + k - 1
    bic = n_parameters * np.log(len(points)) / len(points) - 2 * likelihood
    entropy = -np.sum(
        responsibilities * np.log(np.maximum(responsibilities, np.finfo(np.float64).tiny))
    ) / len(points)
    return Mixture(bic=float(bic), icl=float(bic + 2 * entropy))


def _initial_components(points: Floats, labels: Labels, k: int, shape: Shape) -> Components:
    """Initialize components from a partition.

    Covariances are regularized, so that none is singular.
    """
    centers = means(points, labels, k)
    centered = points - centers[labels]
    groups = [centered] if shape == "tied" else [centered[labels == i] for i in range(k)]
    covariances = np.stack([group.T @ group / len(group) for group in groups])
    return Components(
        np.bincount(labels, minlength=k) / len(labels),
        centers,
        _precision_cholesky(covariances, 10 * FLOOR),
    )


def _e_step(points: Floats, components: Components) -> tuple[Floats, float]:
    """Compute the responsibilities, shape (k, n), and the mean log likelihood."""
    scaled = (points - components.centers[:, None]) @ components.factors
    volumes = np.log(np.diagonal(components.factors, axis1=1, axis2=2)).sum(axis=1)
    heights = np.log(components.weights) + volumes - points.shape[1] / 2 * np.log(2 * np.pi)
    logs = heights[:, None] - np.einsum("knd,knd->kn", scaled, scaled) / 2
    highest = logs.max(axis=0)
    densities = np.exp(logs - highest)
    total = densities.sum(axis=0)
    return densities / total, float(np.mean(highest + np.log(total)))


def _m_step(points: Floats, responsibilities: Floats, shape: Shape) -> Components:
    """Fit the components to the points weighted by the responsibilities."""
    sizes = responsibilities.sum(axis=1) + 10 * np.finfo(np.float64).eps
    centers = (responsibilities @ points) / sizes[:, None]
    centered = points - centers[:, None]
    scatter = np.swapaxes(responsibilities[:, :, None] * centered, 1, 2) @ centered
    covariances = (
        scatter.sum(axis=0)[None] / sizes.sum()
        if shape == "tied"
        else scatter / sizes[:, None, None]
    )
    return Components(sizes / sizes.sum(), centers, _precision_cholesky(covariances, FLOOR))


def _precision_cholesky(covariances: Floats, floor: float) -> Floats:
    """Compute Cholesky factors of the precision matrices, after adding `floor` to the variances."""
    regularized = covariances + floor * np.eye(covariances.shape[1])
    return np.swapaxes(np.linalg.inv(np.linalg.cholesky(regularized)), 1, 2)
