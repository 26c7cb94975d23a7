"""Ward silhouette: silhouettes of the cuts of Ward's tree."""

from dataclasses import dataclass
from typing import Literal

from models.criteria.base import Verdict, argmax_verdict
from models.criteria.data import CriterionData
from models.criteria.silhouettes import curve


@dataclass(frozen=True, kw_only=True)
class WardSilhouette:
    """The highest mean silhouette of the cuts of Ward's tree (Ward 1963; Rousseeuw 1987)."""

    name: Literal["ward_silhouette"] = "ward_silhouette"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k >= 2 by the mean silhouette; standard errors are sampling errors."""
        return argmax_verdict(self.name, *curve(evidence, evidence.ward))
