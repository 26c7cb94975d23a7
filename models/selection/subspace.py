"""Projection of wide tables on the directions that hold more than independent columns would."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_COORDINATES: Final = 16  # as many as the narrow tables have that the rule was fitted on
PERMUTATIONS: Final = 3
MIN_COORDINATES: Final = 2
LEVEL: Final = 0.001  # of the dip test of each column

Floats = NDArray[np.float64]


def informative_coordinates(points: Floats, rng: np.random.Generator) -> Floats:
    """Project points with many columns on their informative directions.

    Noise columns hide segments that differ in some columns only. The principal components are kept
    whose variance exceeds that of the same columns permuted independently (parallel analysis: Horn
    1965; Buja & Eyuboglu 1992), and the columns that are multimodal on their own, which need not be
    related to any other.

    Parameters
    ----------
    points
        Shape (n, d).
    rng
        Random generator of the permutations.

    Returns
    -------
    ndarray
        Shape (n, at most 16), the points themselves if d is at most 16.
    """
    if points.shape[1] <= MAX_COORDINATES:
        return points
    centered = points - points.mean(axis=0)
    variances, axes = np.linalg.eigh(centered.T @ centered)
    noise = np.max([_permuted_variances(centered, rng) for _ in range(PERMUTATIONS)], axis=0)
    n_informative = int(np.argmin(np.append(variances[::-1] > noise, False)))
    n_kept = int(np.clip(n_informative, MIN_COORDINATES, MAX_COORDINATES))
    own = _multimodal(centered)[: MAX_COORDINATES - n_kept]
    return np.column_stack([centered @ axes[:, : -n_kept - 1 : -1], centered[:, own]])


def _permuted_variances(centered: Floats, rng: np.random.Generator) -> Floats:
    """Return the principal variances of the columns permuted independently, the largest first."""
    permuted = rng.permuted(centered, axis=0)
    return np.asarray(np.linalg.eigvalsh(permuted.T @ permuted)[::-1])


def _multimodal(points: Floats) -> list[int]:
    """Return the columns that the dip test finds multimodal, the most evident first."""
    from models.kernels.dip_test import dip_p_value, dip_statistic  # noqa: PLC0415 - the api imports the result types without numba

    dips = [dip_statistic(np.sort(x)) for x in points.T]
    multimodal = [i for i, dip in enumerate(dips) if dip_p_value(dip, len(points)) <= LEVEL]
    return sorted(multimodal, key=lambda i: -dips[i])
