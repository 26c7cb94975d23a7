"""Silhouette: how much nearer customers are to their own segment than to the next one."""

from dataclasses import dataclass
from typing import Literal

from models.criteria.base import Verdict, argmax_verdict
from models.criteria.data import CriterionData
from models.criteria.silhouettes import curve


@dataclass(frozen=True, kw_only=True)
class Silhouette:
    """The greatest mean silhouette of K-Means (Rousseeuw 1987); it can never say one."""

    name: Literal["silhouette"] = "silhouette"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k from 2 by the mean silhouette; its standard error says how far the sample's may be off."""
        scores, errors = curve(evidence, {k: partition.labels for k, partition in evidence.nonempty_partitions.items()})
        return argmax_verdict(self.name, scores, errors)
