"""Compile the numba kernels ahead of the first fit; run `python -m models.precompile` at set-up."""

from typing import get_args

import numpy as np

from models.algorithms import Algorithm
from models.kernels.mean_silhouettes import mean_silhouettes
from models.kernels.micro_clusters import assign_to_micro_clusters
from models.kernels.nearest_center import FeatureTables, assign_to_centers
from models.kernels.small_kmeans import small_kmeans
from models.profiling.rule_learning import RuleData, RuleTarget


def warm_up() -> None:
    """Call every compiled function on tiny inputs, which fills the cache of numba."""
    two = np.repeat(np.eye(2), 4, axis=0)
    for algorithm in get_args(Algorithm):
        algorithm().learn(two, k=2, seed=0)
    assign_to_micro_clusters(two, two)  # fits call it for many customers only
    for points in (two, np.eye(32)):  # dense, and sparse as many levels of a category are
        small_kmeans(points, 2, 1, np.random.default_rng(0))
    assign_to_centers(
        FeatureTables(np.ones(2, np.bool_), two, np.zeros((8, 2, 1))),
        two.T.copy(),
        np.empty(8, np.int32),
        np.empty(8),
    )
    mean_silhouettes(two, [np.arange(8) % 2], 0)
    RuleTarget(evidence=RuleData.of(two), member=two[:, 0] > 0, weights=np.ones(len(two))).extend(
        []
    )


if __name__ == "__main__":
    warm_up()
