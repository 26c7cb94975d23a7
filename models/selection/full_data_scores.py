"""Scores of all customers, for display; the recommendation itself uses a sample."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from models.criteria import CRITERIA, CriterionData, Verdict
from models.criteria.partitions import Floats, means, partition_of
from models.kernels.kmeans import Search, kmeans
from models.kernels.parallel import threads_for
from models.kernels.partition import Partition
from models.kernels.small_kmeans import lloyd
from models.selection.evaluation import Progress
from models.selection.sampling import SelectionSample

FULL_DATA_CRITERIA: Final = ("knee", "silhouette", "calinski_harabasz", "davies_bouldin")
STARTS: Final = 4


@dataclass(frozen=True, kw_only=True)
class FullData(CriterionData):
    """Criterion data of all customers; K-Means also starts from the centers of the sample.

    Attributes
    ----------
    starts
        The centers to start from by number of segments, each of shape (k, d).
    progress
        Called with the stage of each number of segments, and the share of the work done.
    """

    starts: Mapping[int, Floats]
    progress: Progress

    @cached_property
    def kmeans(self) -> Mapping[int, Partition]:
        """The best of four K-Means starts and one start from the centers of the sample, by k."""
        found: dict[int, Partition] = {}
        with threads_for(self.points.size) as each:
            for k, partition in zip(self.ks, each(self._partition, self.ks), strict=True):
                self.progress(f"measuring k = {k}", k / self.k_max)
                found[k] = partition
        return found

    def _partition(self, k: int) -> Partition:
        from_sample = lloyd(self.points, self.starts[k])
        search = Search(
            k=k, n_init=STARTS, init="k-means++", max_iter=300, tol=1e-4, seed=self.seed
        )
        from_starts = kmeans(self.points, search)
        if from_sample.inertia <= from_starts.inertia:
            return partition_of(self.points, from_sample.labels, k)
        return partition_of(self.points, from_starts.labels.astype(np.int64), k)


def score_full_data(
    sample: SelectionSample, evidence: CriterionData, requested: Sequence[str], progress: Progress
) -> dict[str, Verdict]:
    """Evaluate the criteria that scale to all customers.

    To a sample of 20,000 of them if there are more.

    Parameters
    ----------
    sample
        The sampled customers, and all customers.
    evidence
        The criterion data of the sample, from whose centers K-Means starts.
    requested
        Names of criteria; those that do not scale to all customers are skipped.
    progress
        Called with the stage of each number of segments, and the share of the work done.

    Returns
    -------
    dict
        Verdicts by name of criterion. Scores of all customers have no standard errors.
    """
    everyone = build_full_data(sample, evidence, progress)
    criteria = [
        criterion
        for criterion in CRITERIA
        if criterion.name in FULL_DATA_CRITERIA and criterion.name in requested
    ]
    verdicts = [criterion.evaluate(everyone) for criterion in criteria]
    complete = len(sample.everyone) == sample.n_customers
    return {each.criterion: replace(each, errors={}) if complete else each for each in verdicts}


def build_full_data(
    sample: SelectionSample, evidence: CriterionData, progress: Progress
) -> CriterionData:
    """Return criterion data of all customers, computed lazily.

    `evidence` itself if it holds all of them already, unchanged.
    """
    if len(sample.everyone) == len(evidence.points) and sample.is_unchanged:
        return evidence
    return FullData(
        points=sample.everyone,
        k_max=evidence.k_max,
        seed=evidence.seed,
        starts={
            k: means(sample.points, partition.labels, k) for k, partition in evidence.kmeans.items()
        },
        progress=progress,
    )
