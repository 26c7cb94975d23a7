"""Dendrogram gap: cut the tree at the largest difference between successive merge heights."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.criteria.base import Verdict, argmax_verdict
from models.criteria.data import CriterionData


@dataclass(frozen=True, kw_only=True)
class DendrogramGap:
    """The k whose cut of Ward's tree lies in the largest gap between merge heights.

    It never chooses one.
    """

    name: Literal["dendrogram_gap"] = "dendrogram_gap"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k >= 2 by the gap between merge heights, relative to the tree's height."""
        heights = np.append(evidence.tree[::-1, 2], 0.0)
        if not len(evidence.tree) or heights[0] == 0:
            return argmax_verdict(self.name, {})
        gaps = (heights[:-1] - heights[1:]) / heights[0]
        return argmax_verdict(
            self.name, {k: float(gaps[k - 2]) for k in evidence.ks if 1 < k < len(heights)}
        )
