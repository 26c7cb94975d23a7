"""Skewness of a column, before and after a log transform."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_SMALLEST_UNIT = 1e-150


def skew(x: Floats) -> float:
    """Compute the skewness of a column.

    Parameters
    ----------
    x : shape (n_customers,)
        Known values.

    Returns
    -------
    float
        The third standardised moment; 0 for a symmetric or constant column.
    """
    spread = float(x.std())
    if spread == 0:
        return 0.0
    z = (x - x.mean()) / spread
    return float(np.mean(z * z * z))


def log_helps(x: Floats) -> bool:
    """Check whether a fit applies the log transform to a column with ``log="auto"``.

    Parameters
    ----------
    x : shape (n_customers,)
        Known values, at least one.

    Returns
    -------
    bool
        True for a non-negative column with a skewness above 1 that the logarithm reduces.
    """
    if x.min() < 0 or (skewed := skew(x)) <= 1:
        return False
    return abs(skew(_log(x))) < skewed


def _log(x: Floats) -> Floats:
    if x.min() > 0:
        return np.log(x)
    unit = max(0.1 * float(np.median(x[x > 0])), _SMALLEST_UNIT)
    return np.log1p(x * (1 / unit))
