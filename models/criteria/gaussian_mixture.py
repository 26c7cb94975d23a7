"""Gaussian mixtures of the points, one for each number of components."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np

from models.criteria.partitions import Floats, Labels, means

ITERATIONS: Final = 20
TOLERANCE: Final = 1e-3
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


class Components(NamedTuple):
    """Gaussian distributions: their weights (k,), their centers (k, d) and the inverse roots of their covariances.

    Those are of shape (k, d, d), or (1, d, d) where all have the same.
    """

    weights: Floats
    centers: Floats
    factors: Floats


def fit_gaussian_mixtures(points: Floats, k: int, starts: Sequence[Labels]) -> Mixture | None:
    """Fit mixtures of k components, all of one shape or each of its own, from several partitions.

    By expectation and maximisation (Dempster, Laird & Rubin 1977), as scikit-learn's `GaussianMixture` does it, which
    costs more around these computations than in them.

    Returns
    -------
    Mixture or None
        The least BIC and ICL; None where no partition leaves enough members to each component.
    """
    fits = [_fit(points, labels, k, shape) for labels in starts for shape in _max_k_within_memory(labels, k)]
    return Mixture(bic=min(fit.bic for fit in fits), icl=min(fit.icl for fit in fits)) if fits else None


def _max_k_within_memory(labels: Labels, k: int) -> Iterator[Shape]:
    least = np.bincount(labels, minlength=k).min()
    yield from (shape for shape in SHAPES if least >= {"tied": 2, "full": 5}[shape])


def _fit(points: Floats, labels: Labels, k: int, shape: Shape) -> Mixture:
    bells, before = _around(points, labels, k, shape), -np.inf
    for _ in range(ITERATIONS):  # from a good start they are enough to compare
        shares, likelihood = _e_step(points, bells)
        bells = _m_step(points, shares, shape)
        if abs(likelihood - before) < TOLERANCE:
            break
        before = likelihood
    shares, likelihood = _e_step(points, bells)
    bic = _n_parameters(k, points.shape[1], shape) * np.log(len(points)) / len(points) - 2 * likelihood
    entropy = -np.sum(shares * np.log(np.maximum(shares, np.finfo(np.float64).tiny))) / len(points)
    return Mixture(bic=float(bic), icl=float(bic + 2 * entropy))


def _around(points: Floats, labels: Labels, k: int, shape: Shape) -> Components:
    """Describe the segments of a partition, with a little added to their covariances so that none is singular."""
    centers = means(points, labels, k)
    around = points - centers[labels]
    groups = [around] if shape == "tied" else [around[labels == i] for i in range(k)]
    covariances = np.stack([group.T @ group / len(group) for group in groups])
    return Components(np.bincount(labels, minlength=k) / len(labels), centers, _factors(covariances, 10 * FLOOR))


def _e_step(points: Floats, bells: Components) -> tuple[Floats, float]:
    """Give the share of each bell in each point, shape (k, n), and the mean log likelihood."""
    scaled = (points - bells.centers[:, None]) @ bells.factors
    volumes = np.log(np.diagonal(bells.factors, axis1=1, axis2=2)).sum(axis=1)
    heights = np.log(bells.weights) + volumes - points.shape[1] / 2 * np.log(2 * np.pi)
    logs = heights[:, None] - np.einsum("knd,knd->kn", scaled, scaled) / 2
    highest = logs.max(axis=0)
    densities = np.exp(logs - highest)
    whole = densities.sum(axis=0)
    return densities / whole, float(np.mean(highest + np.log(whole)))


def _m_step(points: Floats, shares: Floats, shape: Shape) -> Components:
    """Fit the bells to the points that are theirs by those shares."""
    sizes = shares.sum(axis=1) + 10 * np.finfo(np.float64).eps
    centers = (shares @ points) / sizes[:, None]
    around = points - centers[:, None]
    scatter = np.swapaxes(shares[:, :, None] * around, 1, 2) @ around
    covariances = scatter.sum(axis=0)[None] / sizes.sum() if shape == "tied" else scatter / sizes[:, None, None]
    return Components(sizes / sizes.sum(), centers, _factors(covariances, FLOOR))


def _factors(covariances: Floats, floor: float) -> Floats:
    """Give what turns a distribution of such covariances into one of independent units."""
    whole = covariances + floor * np.eye(covariances.shape[1])
    return np.swapaxes(np.linalg.inv(np.linalg.cholesky(whole)), 1, 2)


def _n_parameters(k: int, d: int, shape: Shape) -> int:
    return (1 if shape == "tied" else k) * d * (d + 1) // 2 + k * d + k - 1
