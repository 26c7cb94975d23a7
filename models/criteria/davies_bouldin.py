"""Davies-Bouldin index: mean overlap of each segment with the most similar one."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.criteria.base import Verdict, argmin_verdict
from models.criteria.data import CriterionData
from models.criteria.partitions import Floats
from models.kernels.partition import Partition


@dataclass(frozen=True, kw_only=True)
class DaviesBouldin:
    """The lowest mean overlap of segments with their most similar one (Davies & Bouldin 1979).

    It never chooses one.
    """

    name: Literal["davies_bouldin"] = "davies_bouldin"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score the K-Means partition of each k >= 2; standard errors assume fixed centers."""
        found = {
            k: _overlap(evidence.points, partition)
            for k, partition in evidence.nonempty_partitions.items()
        }
        return argmin_verdict(
            self.name,
            {k: mean for k, (mean, _) in found.items()},
            {k: e for k, (_, e) in found.items()},
        )


def _overlap(points: Floats, partition: Partition) -> tuple[float, float]:
    """Return the mean overlap of each segment with the most similar one, and its standard error."""
    away, sizes = np.sqrt(partition.away(points)), partition.sizes
    widths = np.bincount(partition.labels, weights=away) / sizes
    spreads = (
        np.bincount(partition.labels, weights=(away - widths[partition.labels]) ** 2) / sizes**2
    )
    apart = np.linalg.norm(partition.centers[:, None] - partition.centers, axis=2)
    np.fill_diagonal(apart, np.inf)
    overlaps = (widths[:, None] + widths) / apart
    each, most = np.arange(len(widths)), overlaps.argmax(axis=1)
    shares = 1 / apart[each, most] + np.bincount(
        most, weights=1 / apart[each, most], minlength=len(widths)
    )
    return float(overlaps.max(axis=1).mean()), float((shares**2 @ spreads) ** 0.5 / len(widths))
