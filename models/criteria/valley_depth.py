"""Valley depth: drop of the density between each segment and its neighbours."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from models.criteria.base import Verdict
from models.criteria.data import CriterionData
from models.criteria.density_valleys import DEEP, depth_between
from models.criteria.partitions import Floats, Labels, means

NEIGHBOURS: Final = 2  # nearest segments of each one; a valley to a distant one is always deep


@dataclass(frozen=True, kw_only=True)
class ValleyDepth:
    """The largest k at which valleys deeper than .25 surround every segment, else one."""

    name: Literal["valley_depth"] = "valley_depth"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k >= 2 by the shallowest valley of K-Means, 0 to 1 (no customers between)."""
        scores = {
            k: min_valley_depth(evidence.points, p.labels, k)
            for k, p in evidence.nonempty_partitions.items()
        }
        deep = [k for k, depth in scores.items() if depth > DEEP]
        return Verdict(
            criterion=self.name, k=max(deep, default=1), scores=scores, higher_is_better=True
        )


def min_valley_depth(points: Floats, labels: Labels, k: int) -> float:
    """Compute the depth of the shallowest valley between a segment and one of its two nearest."""
    centers = means(points, labels, k)
    distances = np.linalg.norm(centers[:, None] - centers, axis=2)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, 1 : NEIGHBOURS + 1]
    pairs = {(min(a, b), max(a, b)) for a in range(k) for b in nearest[a].tolist()}
    return min(depth_between(points[labels == a], points[labels == b]) for a, b in sorted(pairs))
