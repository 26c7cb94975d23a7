"""Davies-Bouldin: how much each segment overlaps the one most like it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.criteria.evidence import Evidence
from models.criteria.partitions import Floats
from models.criteria.verdict import Verdict, lowest
from models.kernels.lloyd import Partition


@dataclass(frozen=True, kw_only=True)
class DaviesBouldin:
    """The least average overlap of a segment with the one most like it (Davies & Bouldin 1979); never one."""

    name: Literal["davies_bouldin"] = "davies_bouldin"

    def judge(self, evidence: Evidence) -> Verdict:
        """Score each k from 2 by K-Means."""
        return lowest(
            self.name,
            {k: _overlap(evidence.points, partition) for k, partition in evidence.parted.items()},
        )


def _overlap(points: Floats, partition: Partition) -> float:
    away = np.linalg.norm(points - partition.centers[partition.labels], axis=1)
    widths = np.bincount(partition.labels, weights=away) / partition.sizes
    apart = np.linalg.norm(partition.centers[:, None] - partition.centers, axis=2)
    np.fill_diagonal(apart, np.inf)
    return float(np.max((widths[:, None] + widths) / apart, axis=1).mean())
