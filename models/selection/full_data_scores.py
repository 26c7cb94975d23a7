"""What is shown rather than weighed: the figures of all customers, where the rule looks at a sample of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from models.criteria import CRITERIA, CriterionData, Verdict
from models.criteria.partitions import Floats, partition_of
from models.kernels.kmeans import Search, kmeans
from models.kernels.parallel import threads_for
from models.kernels.partition import Partition
from models.kernels.small_kmeans import lloyd
from models.selection.evaluation import Progress
from models.selection.sampling import SelectionSample

OF_EVERYONE: Final = ("knee", "silhouette", "calinski_harabasz", "davies_bouldin")
STARTS: Final = 4


@dataclass(frozen=True, kw_only=True)
class FullEvidence(CriterionData):
    """All customers, and their partitions by K-Means that goes on from the centers of a sample.

    Attributes
    ----------
    starts
        For each number of segments the centers to go on from, shape (k, d).
    progress
        Told each number of segments, and the share that is done.
    """

    starts: Mapping[int, Floats]
    progress: Progress

    @cached_property
    def kmeans(self) -> Mapping[int, Partition]:
        """The best of four new K-Means partitions and one from the sample's centers, by the number of segments."""
        found: dict[int, Partition] = {}
        with threads_for(self.points.size) as each:
            for k, partition in zip(self.ks, each(self._partition, self.ks), strict=True):
                self.progress(f"measuring k = {k}", k / self.k_max)
                found[k] = partition
        return found

    def _partition(self, k: int) -> Partition:
        onward = lloyd(self.points, self.starts[k])
        search = Search(k=k, n_init=STARTS, init="k-means++", max_iter=300, tol=1e-4, seed=self.seed)
        anew = kmeans(self.points, search)
        labels = onward.labels if onward.inertia <= anew.inertia else anew.labels.astype(np.int64)
        return partition_of(self.points, labels, k)


def score_full_data(
    sample: SelectionSample, evidence: CriterionData, wanted: Sequence[str], progress: Progress
) -> dict[str, Verdict]:
    """Judge all customers by those criteria whose cost allows it; 20,000 of them where there are more.

    Parameters
    ----------
    sample
        Who was drawn, and everyone.
    evidence
        What the rule has looked at: K-Means goes on from its centers.
    wanted
        The names of criteria; others than these four are not for everyone.
    progress
        Told each number of segments, and the share that is done.

    Returns
    -------
    dict
        By name. A figure has a standard error only where it is not of all customers.
    """
    everyone = evidence_of_everyone(sample, evidence, progress)
    criteria = [criterion for criterion in CRITERIA if criterion.name in OF_EVERYONE and criterion.name in wanted]
    verdicts = [criterion.evaluate(everyone) for criterion in criteria]
    complete = len(sample.everyone) == sample.n_customers
    return {each.criterion: replace(each, errors={}) if complete else each for each in verdicts}


def evidence_of_everyone(sample: SelectionSample, evidence: CriterionData, progress: Progress) -> CriterionData:
    """Return the evidence itself where it holds all customers already, else that of all; partitions are made on use."""
    if len(sample.everyone) == len(evidence.points):
        return evidence
    return FullEvidence(
        points=sample.everyone,
        k_max=evidence.k_max,
        seed=evidence.seed,
        starts={k: partition.centers for k, partition in evidence.kmeans.items()},
        progress=progress,
    )
