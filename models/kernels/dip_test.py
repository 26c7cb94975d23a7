"""Hartigan's dip test of unimodality (Hartigan & Hartigan 1985).

A unimodal distribution function is convex before the mode and concave after it. The dip is the
largest distance between the empirical distribution function and the closest unimodal one. It is
computed from the greatest convex minorant of the lower ends of the steps and the least concave
majorant of the upper ends; each iteration narrows the modal interval.

Agrees with a linear programme over all unimodal functions, which tests solve for small samples.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

# Quantiles of sqrt(n) * dip of n uniform values, simulated with 100,000 samples each by `python -m
# bench.dip_table`.
SIZES: Final = (10, 20, 50, 100, 200, 500, 1_000, 2_000)
TAILS: Final = (0.5, 0.1, 0.05, 0.01, 0.005, 0.001)
QUANTILES: Final = (
    (0.3092, 0.4123, 0.4408, 0.5031, 0.5279, 0.5723),  # 10
    (0.3280, 0.4351, 0.4700, 0.5405, 0.5674, 0.6170),  # 20
    (0.3450, 0.4577, 0.4964, 0.5711, 0.5988, 0.6632),  # 50
    (0.3546, 0.4705, 0.5101, 0.5888, 0.6200, 0.6811),  # 100
    (0.3618, 0.4811, 0.5210, 0.6010, 0.6305, 0.6978),  # 200
    (0.3676, 0.4883, 0.5296, 0.6132, 0.6472, 0.7135),  # 500
    (0.3715, 0.4932, 0.5341, 0.6197, 0.6521, 0.7179),  # 1,000
    (0.3737, 0.4958, 0.5380, 0.6250, 0.6603, 0.7322),  # 2,000
)


def dip_statistic(x: Floats) -> float:
    """Compute the dip statistic.

    Parameters
    ----------
    x
        Shape (n,), n >= 1, in ascending order. The dip is invariant to scale, shift and reflection.

    Returns
    -------
    float
        From 1 / (2n), the minimum, to 1/4, the limit for two equal and distant clusters. Tied
        values may form the mode.

    Notes
    -----
    Hartigan & Hartigan 1985, "The dip test of unimodality", Annals of Statistics 13: 70-84.
    """
    steps = _Steps.of(x)
    first, last, max_gap = 0, len(steps.x) - 1, 1.0
    while first < last:
        narrowed, gap, outside = _narrow_interval(steps.between(first, last))
        if gap <= max_gap:
            break
        max_gap = max(max_gap, outside)
        first, last = first + narrowed[0], first + narrowed[1]
    return max_gap / (2 * len(x))


def dip_p_value(distance: float, n: int) -> float:
    """Compute the p-value of a dip: the probability that n uniform values have at least this dip.

    Interpolates a table of simulated quantiles in sqrt(n) * dip and log n; outside the table, its
    nearest row is used. The smallest p-value is 0.001.

    Parameters
    ----------
    distance
        The dip.
    n
        The sample size.
    """
    if distance <= 0.5 / n:
        return 1.0
    quantiles = [np.interp(np.log(n), np.log(SIZES), column) for column in np.transpose(QUANTILES)]
    least = 0.5 / np.sqrt(max(n, SIZES[0]))
    return float(
        np.exp(np.interp(np.sqrt(n) * distance, [least, *quantiles], np.log([1.0, *TAILS])))
    )


@dataclass(frozen=True)
class _Steps:
    """The empirical distribution function.

    Counts of values below, and up to, each distinct value.
    """

    x: Floats
    lower: Floats
    upper: Floats

    @classmethod
    def of(cls, x: Floats) -> "_Steps":
        ends = np.flatnonzero(np.append(np.diff(x) > 0, True))
        upper = (ends + 1).astype(np.float64)
        return cls(x[ends], np.append(0.0, upper[:-1]), upper)

    def between(self, first: int, last: int) -> "_Steps":
        stretch = slice(first, last + 1)
        return _Steps(self.x[stretch], self.lower[stretch], self.upper[stretch])


def _narrow_interval(steps: _Steps) -> tuple[tuple[int, int], float, float]:
    """Narrow the modal interval.

    Returns
    -------
    tuple
        The first and last step of the new interval; the largest distance between minorant and
        majorant; and the largest distance of either to the far end of a step outside the new
        interval.
    """
    below, over = (
        _hull_points(steps.x, steps.lower, convex=True),
        _hull_points(steps.x, steps.upper, convex=False),
    )
    convex = np.interp(steps.x, steps.x[below], steps.lower[below])
    concave = np.interp(steps.x, steps.x[over], steps.upper[over])
    bends = np.union1d(below, over)
    widest = int(bends[np.argmax((concave - convex)[bends])])
    first = int(below[np.searchsorted(below, widest, side="right") - 1])
    last = int(over[np.searchsorted(over, widest)])
    before = (steps.upper - convex)[:first].max(initial=0.0)
    after = (concave - steps.lower)[last + 1 :].max(initial=0.0)
    return (first, last), float((concave - convex)[widest]), float(max(before, after))


def _hull_points(x: Floats, heights: Floats, *, convex: bool) -> Places:
    """Find the vertices of the greatest convex minorant or the least concave majorant.

    The slopes of such a hull are an isotonic regression of the slopes between points; inverse
    slopes stay finite.
    """
    from scipy.optimize import isotonic_regression  # noqa: PLC0415 - only the dip test needs scipy.optimize

    rises = np.diff(heights)
    return isotonic_regression(np.diff(x) / rises, weights=rises, increasing=not convex).blocks
