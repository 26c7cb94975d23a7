"""Statistics of a column that several packages share: skewness, log scale and Tukey's fences."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Interquartile ranges beyond the quartiles: Tukey's inner and outer fences (Tukey, 1977).
INNER_FENCE: Final = 1.5
OUTER_FENCE: Final = 3.0

MIN_UNIT: Final = 1e-150  # the largest value of a feature divided by it is still finite

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class LogScale:
    """log(x), or log(1 + x / unit) for a column with zeros."""

    unit: float | None

    def of(self, x: Floats) -> Floats:
        """Apply the log transform."""
        return np.log(x) if self.unit is None else np.log1p(x * (1 / self.unit))

    def back(self, y: float) -> float:
        """Apply the inverse transform; infinite on overflow."""
        with np.errstate(over="ignore"):
            return float(np.exp(y) if self.unit is None else np.expm1(y) * self.unit)


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
    """Decide whether ``log="auto"`` applies the log transform to a column.

    Parameters
    ----------
    x : shape (n_customers,)
        Known values, at least one.

    Returns
    -------
    bool
        True for a non-negative column with a skewness above 1 that the logarithm reduces.
    """
    if x.min() < 0 or (original := skew(x)) <= 1:
        return False
    return abs(skew(log_scale(x).of(x))) < original


def log_scale(x: Floats) -> LogScale:
    """Choose the log scale of a non-negative column.

    Parameters
    ----------
    x : shape (n_customers,)
        Known values, at least one of them positive.

    Returns
    -------
    LogScale
        Its unit, for a column with zeros, is a tenth of the median of the positive values.
    """
    if x.min() > 0:
        return LogScale(unit=None)
    return LogScale(unit=max(0.1 * float(np.median(x[x > 0])), MIN_UNIT))


def fences(q1: float, q3: float, reach: float) -> tuple[float, float]:
    """Compute the values `reach` interquartile ranges below and above the quartiles."""
    distance = reach * (q3 - q1)
    return q1 - distance, q3 + distance
