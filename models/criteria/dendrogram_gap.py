"""Dendrogram gap: where the tree can be cut with the most room."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.criteria.base import Verdict, argmax_verdict
from models.criteria.data import CriterionData


@dataclass(frozen=True, kw_only=True)
class DendrogramGap:
    """The k whose cut of Ward's tree has the longest way between two merges; it can never say one."""

    name: Literal["dendrogram_gap"] = "dendrogram_gap"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k from 2 by the difference in height, as a share of the tree's."""
        heights = np.append(evidence.tree[::-1, 2], 0.0)
        if not len(evidence.tree) or heights[0] == 0:
            return argmax_verdict(self.name, {})
        room = (heights[:-1] - heights[1:]) / heights[0]
        return argmax_verdict(self.name, {k: float(room[k - 2]) for k in evidence.ks if 1 < k < len(heights)})
