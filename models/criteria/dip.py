"""Dip: segments are split until each has a single peak."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from models.criteria.base import Verdict
from models.criteria.data import CriterionData
from models.criteria.partitions import Floats
from models.criteria.recursive_splitting import split_until
from models.kernels.dip_test import dip, dip_p

LEVEL: Final = 0.01


@dataclass(frozen=True, kw_only=True)
class Dip:
    """The k at which no segment's projection has more than one peak (Hartigan & Hartigan 1985).

    In the way of dip-means (Kalogeratos & Likas 2012), but each segment is looked at along the line through its halves.
    """

    name: Literal["dip"] = "dip"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k on the way by the strongest sign of a second peak: minus the decimal logarithm of its chance."""
        k, scores = split_until(evidence, _sign_of_two_peaks, -np.log10(LEVEL), self.name)
        return Verdict(criterion=self.name, k=k, scores=scores, higher_is_better=False)


def _sign_of_two_peaks(x: Floats) -> float:
    return float(-np.log10(dip_p(dip(x), len(x))))
