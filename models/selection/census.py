"""What is shown rather than weighed: the figures of all customers, where the rule looks at a sample of them."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from models.criteria import CRITERIA, Evidence, Verdict
from models.criteria.partitions import Floats
from models.kernels.few_points import lloyd
from models.kernels.kmeans import Search, kmeans
from models.kernels.lloyd import Partition
from models.kernels.threads import threads_for
from models.selection.judging import Progress
from models.selection.sampling import Sample

OF_EVERYONE: Final = ("knee", "silhouette", "calinski_harabasz", "davies_bouldin")
STARTS: Final = 4


def count_everyone(sample: Sample, evidence: Evidence, wanted: Sequence[str], progress: Progress) -> dict[str, Verdict]:
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
    criteria = [criterion for criterion in CRITERIA if criterion.name in OF_EVERYONE and criterion.name in wanted]
    if not criteria:
        return {}
    known = dict(zip(evidence.ks, _partitions(sample, evidence, progress), strict=True))
    everyone = Evidence(points=sample.everyone, k_max=evidence.k_max, seed=evidence.seed, known=known)
    verdicts = [criterion.judge(everyone) for criterion in criteria]
    complete = len(sample.everyone) == sample.n_customers
    return {each.criterion: replace(each, errors={}) if complete else each for each in verdicts}


def _partitions(sample: Sample, evidence: Evidence, progress: Progress) -> list[Partition]:
    if len(sample.everyone) == len(evidence.points):
        return list(evidence.kmeans.values())
    found: list[Partition] = []
    with threads_for(sample.everyone.size) as each:
        parting = each(partial(_partition, sample.everyone, evidence), evidence.ks)
        for k, partition in zip(evidence.ks, parting, strict=True):
            progress(f"measuring k = {k}", k / evidence.k_max)
            found.append(partition)
    return found


def _partition(points: Floats, evidence: Evidence, k: int) -> Partition:
    """Give the best of four new starts and of one from the sample's centers."""
    onward = lloyd(points, evidence.kmeans[k].centers)
    search = Search(k=k, n_init=STARTS, init="k-means++", max_iter=300, tol=1e-4, seed=evidence.seed)
    found = kmeans(points, search)
    anew = Partition(labels=found.labels.astype(np.int64), centers=found.centers, inertia=found.inertia)
    return min(onward, anew, key=lambda partition: partition.inertia)
