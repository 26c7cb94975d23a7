"""Ward silhouette: the silhouette of the tree's cuts."""

from dataclasses import dataclass
from typing import Literal

from models.criteria.base import Verdict, argmax_verdict
from models.criteria.data import CriterionData
from models.criteria.silhouettes import curve


@dataclass(frozen=True, kw_only=True)
class WardSilhouette:
    """The greatest mean silhouette of the cuts of Ward's tree (Ward 1963; Rousseeuw 1987); it can never say one."""

    name: Literal["ward_silhouette"] = "ward_silhouette"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k from 2 by the mean silhouette; its standard error says how far the sample's may be off."""
        return argmax_verdict(self.name, *curve(evidence, evidence.ward))
