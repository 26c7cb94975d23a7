"""Caliński-Harabasz: variance between segments against variance within."""

from dataclasses import dataclass
from typing import Literal

from models.criteria.evidence import Evidence
from models.criteria.verdict import Verdict, highest


@dataclass(frozen=True, kw_only=True)
class CalinskiHarabasz:
    """The greatest ratio of the variance between segments to that within (Caliński & Harabasz 1974); never one."""

    name: Literal["calinski_harabasz"] = "calinski_harabasz"

    def judge(self, evidence: Evidence) -> Verdict:
        """Score each k from 2 by K-Means."""
        n, whole = len(evidence.points), evidence.kmeans[1].inertia
        return highest(
            self.name,
            {
                k: (whole - partition.inertia) / (k - 1) / (partition.inertia / (n - k))
                for k, partition in evidence.parted.items()
                if k < n and partition.inertia > 0
            },
        )
