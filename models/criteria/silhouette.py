"""Silhouettes of the partitions of K-Means and of Ward's tree."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from models.criteria.base import Verdict, argmax_verdict, by_k
from models.criteria.data import CriterionData
from models.criteria.partitions import Labels


@dataclass(frozen=True, kw_only=True)
class Silhouette:
    """The highest mean silhouette of K-Means partitions (Rousseeuw 1987); never chooses one."""

    name: Literal["silhouette"] = "silhouette"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k >= 2 by the mean silhouette; standard errors are sampling errors."""
        scores, errors = _scores(
            evidence, {k: partition.labels for k, partition in evidence.nonempty_partitions.items()}
        )
        return argmax_verdict(self.name, scores, errors)


@dataclass(frozen=True, kw_only=True)
class WardSilhouette:
    """The highest mean silhouette of the cuts of Ward's tree (Ward 1963; Rousseeuw 1987).

    It never chooses one.
    """

    name: Literal["ward_silhouette"] = "ward_silhouette"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k >= 2 by the mean silhouette; standard errors are sampling errors."""
        return argmax_verdict(self.name, *_scores(evidence, evidence.ward))


def _scores(
    evidence: CriterionData, partitions: Mapping[int, Labels]
) -> tuple[dict[int, float], dict[int, float]]:
    """Compute the mean silhouette and standard error of partitions with two or more segments."""
    from models.kernels.mean_silhouettes import mean_silhouettes  # noqa: PLC0415 - the api imports the criteria without numba

    several = {k: labels for k, labels in partitions.items() if k > 1}
    if not several:
        return {}, {}
    silhouettes = mean_silhouettes(evidence.points, list(several.values()), evidence.seed)
    return by_k(list(several), silhouettes.means), by_k(list(several), silhouettes.errors)
