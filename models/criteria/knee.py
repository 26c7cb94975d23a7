"""Knee: where more segments stop paying in inertia."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.criteria.base import Verdict
from models.criteria.data import CriterionData


@dataclass(frozen=True, kw_only=True)
class Knee:
    """The point of the inertia curve farthest below the line between its ends (Satopää et al. 2011).

    It all but never says one.
    """

    name: Literal["knee"] = "knee"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k by the inertia of K-Means, with its standard error, the centers held."""
        n, found = len(evidence.points), evidence.kmeans
        inertia = {k: partition.inertia for k, partition in found.items()}
        return Verdict(
            criterion=self.name,
            k=_knee(np.array(list(inertia.values()))),
            scores=inertia,
            higher_is_better=False,
            errors={k: float(n**0.5 * partition.away(evidence.points).std()) for k, partition in found.items()},
        )


def _knee(curve: np.ndarray) -> int | None:
    drop = curve[0] - curve[-1]
    if drop <= 0:
        return None
    line = np.linspace(1, 0, len(curve))
    return 1 + int(np.argmax(line - (curve - curve[-1]) / drop))
