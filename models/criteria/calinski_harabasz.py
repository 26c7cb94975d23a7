"""Caliński-Harabasz index: ratio of the variance between segments to the variance within."""

from dataclasses import dataclass
from typing import Literal

from models.criteria.base import Verdict, argmax_verdict
from models.criteria.data import CriterionData
from models.criteria.partitions import Floats


@dataclass(frozen=True, kw_only=True)
class CalinskiHarabasz:
    """The highest ratio of variance between to within segments (Caliński & Harabasz 1974).

    It never chooses one.
    """

    name: Literal["calinski_harabasz"] = "calinski_harabasz"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score the K-Means partition of each k >= 2; standard errors assume fixed centers."""
        n, whole = len(evidence.points), evidence.kmeans[1]
        away = whole.away(evidence.points)
        fits = {
            k: fit for k, fit in evidence.nonempty_partitions.items() if k < n and fit.inertia > 0
        }
        scores = {
            k: (whole.inertia / fit.inertia - 1) * (n - k) / (k - 1) for k, fit in fits.items()
        }
        spreads = {
            k: _ratio_standard_error(away, fit.away(evidence.points)) for k, fit in fits.items()
        }
        return argmax_verdict(
            self.name, scores, {k: spread * (n - k) / (k - 1) for k, spread in spreads.items()}
        )


def _ratio_standard_error(away: Floats, within: Floats) -> float:
    """Compute the standard error of the ratio of two sums over the same points."""
    ratio = away.sum() / within.sum()
    return (
        float(len(away) ** 0.5 * (away - ratio * within).std() / within.sum())
        if within.any()
        else 0.0
    )
