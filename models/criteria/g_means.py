"""G-means: split segments until each is Gaussian."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from models.criteria.base import Verdict
from models.criteria.data import CriterionData
from models.criteria.partitions import Floats
from models.criteria.recursive_splitting import split_until

CRITICAL: Final = 1.8692  # of A² at the level .0001 (Hamerly & Elkan 2003)
MIN_VALUES: Final = 8


@dataclass(frozen=True, kw_only=True)
class GMeans:
    """The k whose segments all pass the Anderson-Darling test at .0001 (Hamerly & Elkan 2003)."""

    name: Literal["g_means"] = "g_means"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k by the largest corrected Anderson-Darling statistic of its segments."""
        k, scores = split_until(evidence, anderson_darling, CRITICAL, self.name)
        return Verdict(criterion=self.name, k=k, scores=scores, higher_is_better=False)


def anderson_darling(x: Floats) -> float:
    """Compute the corrected Anderson-Darling A² of a normal distribution, parameters unknown.

    Parameters
    ----------
    x
        Shape (n,), ascending.

    Returns
    -------
    float
        0 for fewer than 8 values and for constant values.
    """
    from scipy.special import log_ndtr  # noqa: PLC0415 - the api imports the criteria without scipy

    n = len(x)
    spread = x.std(ddof=1) if n >= MIN_VALUES else 0.0
    if spread <= 1e-12 * np.abs(x).max(initial=0.0):
        return 0.0
    z = (x - x.mean()) / spread
    weights = 2 * np.arange(1, n + 1) - 1
    a2 = -n - np.mean(weights * (log_ndtr(z) + log_ndtr(-z[::-1])))
    return float(a2 * (1 + 4 / n - 25 / n**2))
