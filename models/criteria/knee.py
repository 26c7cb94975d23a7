"""Knee of the inertia curve: the k beyond which inertia decreases slowly."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.criteria.base import Verdict
from models.criteria.data import CriterionData


@dataclass(frozen=True, kw_only=True)
class Knee:
    """The point of the inertia curve farthest below the line of its ends (Satopää et al. 2011).

    It almost never chooses one.
    """

    name: Literal["knee"] = "knee"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k by the inertia of K-Means; standard errors assume fixed centers."""
        n, partitions = len(evidence.points), evidence.kmeans
        inertia = {k: partition.inertia for k, partition in partitions.items()}
        return Verdict(
            criterion=self.name,
            k=_knee(np.array(list(inertia.values()))),
            scores=inertia,
            higher_is_better=False,
            errors={
                k: float(n**0.5 * partition.away(evidence.points).std())
                for k, partition in partitions.items()
            },
        )


def _knee(curve: np.ndarray) -> int | None:
    drop = curve[0] - curve[-1]
    if drop <= 0:
        return None
    line = np.linspace(1, 0, len(curve))
    return 1 + int(np.argmax(line - (curve - curve[-1]) / drop))
