"""Silhouette: distance of customers to their own segment compared with the next one."""

from dataclasses import dataclass
from typing import Literal

from models.criteria.base import Verdict, argmax_verdict
from models.criteria.data import CriterionData
from models.criteria.silhouettes import curve


@dataclass(frozen=True, kw_only=True)
class Silhouette:
    """The highest mean silhouette of K-Means partitions (Rousseeuw 1987); never chooses one."""

    name: Literal["silhouette"] = "silhouette"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k >= 2 by the mean silhouette; standard errors are sampling errors."""
        scores, errors = curve(
            evidence, {k: partition.labels for k, partition in evidence.nonempty_partitions.items()}
        )
        return argmax_verdict(self.name, scores, errors)
