"""Dip test: split segments until each is unimodal."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from models.criteria.base import Verdict
from models.criteria.data import CriterionData
from models.criteria.partitions import Floats
from models.criteria.recursive_splitting import split_until
from models.kernels.dip_test import dip_p_value, dip_statistic

LEVEL: Final = 0.01  # of significance, in each segment


@dataclass(frozen=True, kw_only=True)
class Dip:
    """The k at which the projection of every segment is unimodal (Hartigan & Hartigan 1985).

    Like dip-means (Kalogeratos & Likas 2012), except that each segment is projected on the line
    through its two halves.
    """

    name: Literal["dip"] = "dip"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k by the strongest evidence against unimodality.

        The largest -log10 p-value of the dip test.
        """
        k, scores = split_until(evidence, _negative_log_p, -np.log10(LEVEL), self.name)
        return Verdict(criterion=self.name, k=k, scores=scores, higher_is_better=False)


def _negative_log_p(x: Floats) -> float:
    return float(-np.log10(dip_p_value(dip_statistic(x), len(x))))
