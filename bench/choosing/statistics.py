"""How sure the figures are, and how well a probability keeps its word."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from scipy.stats import binomtest

BINS: Final = 10


def share(rights: Iterable[bool]) -> str:
    """Give a share with its 95 % interval (Wilson 1927); a dash for a share of nothing."""
    found = list(rights)
    if not found:
        return "-"
    interval = binomtest(sum(found), len(found)).proportion_ci(method="wilson")
    return f"{shown(sum(found) / len(found))} ({shown(interval.low)} to {shown(interval.high)})"


def only(first: Sequence[bool], second: Sequence[bool]) -> int:
    """Count where the first is right and the second is not."""
    return sum(a and not b for a, b in zip(first, second, strict=True))


def chance_of_no_difference(first: Sequence[bool], second: Sequence[bool]) -> float:
    """Give the two-sided p-value of McNemar's test (1947), exact."""
    only_first, only_second = only(first, second), only(second, first)
    if only_first + only_second == 0:
        return 1.0
    return float(binomtest(only_first, only_first + only_second).pvalue)


def calibration_error(probabilities: Sequence[float], rights: Sequence[bool]) -> float:
    """Compute the expected calibration error in ten bins of equal width (Naeini et al. 2015)."""
    bins = np.minimum((np.array(probabilities) * BINS).astype(int), BINS - 1)
    excess = np.bincount(bins, weights=np.array(probabilities) - np.array(rights), minlength=BINS)
    return float(np.abs(excess).sum() / len(bins))


def brier_score(probabilities: Sequence[float], rights: Sequence[bool]) -> float:
    """Compute the mean squared difference of the probability and the outcome (Brier 1950)."""
    return float(np.mean((np.array(probabilities) - np.array(rights)) ** 2))


def shown(share: float) -> str:
    """Write a share with three digits, without the zero before the point."""
    return f"{share:.3f}".removeprefix("0")
