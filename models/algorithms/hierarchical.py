"""Agglomerative clustering: build a tree of merges and cut it into k segments."""

import warnings
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Final, Literal

import numpy as np
from annotated_types import Gt
from numpy.typing import NDArray

from models.algorithms.base import ClusteringResult
from models.algorithms.micro_clusters import group_means, truncate
from models.errors import CutTooFine, TooFewCustomers, TooManyCustomers, UnclearCut
from models.tree import Tree, count_above, cut

Linkage = Literal["ward", "average", "complete", "single"]

FINE_GROUPS: Final = 200
EXACT_UP_TO: Final = 50_000  # customers up to which Ward's tree is built from single customers
CONDENSED_TO: Final = 2_000  # micro-clusters from which it is built beyond
MEMORY_LIMIT: Final = 4 * 2**30
_BYTES_PER_PAIR: Final = 16  # scipy keeps two copies of the distances while merging


@dataclass(frozen=True, kw_only=True)
class Hierarchical:
    """Segments nested in a tree.

    Except for Ward linkage, memory grows with the square of the number of customers.
    """

    REPEATED_ON: ClassVar[int] = 500  # sample size at which dozens of fits take about a second

    name: Literal["hierarchical"] = "hierarchical"
    linkage: Linkage = "ward"
    distance: Annotated[float, Gt(0)] | None = None

    def fast_variant(self) -> "Hierarchical":
        """Return the variant for samples, cut by k: merge heights depend on the sample size."""
        return replace(self, distance=None)

    def memory(self, n: int, d: int) -> int:
        """Estimate the bytes of a fit on n points with d coordinates.

        All linkages but Ward store all distances.
        """
        return 2 * 8 * n * d if self.linkage == "ward" else _BYTES_PER_PAIR * n * n // 2

    def learn(self, points: NDArray[np.float64], *, k: int | None, seed: int) -> ClusteringResult:
        """Build the tree and cut it (Ward 1963 for the default linkage).

        Ward's tree is built from single customers up to 50,000 of them; beyond, from max(2,000, 2k)
        micro-clusters, each weighted by its number of customers.

        A tree cannot assign new customers. It is therefore also cut finely, once: a customer is
        assigned to the nearest fine center, and its segment is that center's ancestor in the cut.
        Cuts of one tree therefore nest exactly.

        Parameters
        ----------
        points
            Shape (n, d), with at least k distinct rows.
        k
            The number of segments; None if `distance` is set.
        seed
            Seed of the micro-clusters of more than 50,000 customers; up to there the fit is
            deterministic.

        Returns
        -------
        ClusteringResult
            With up to max(k, 200) centers, and the tree above them.

        Raises
        ------
        UnclearCut
            If both k and `distance` are set, or neither.
        TooManyCustomers
            If the pairwise distances do not fit in memory; raised before anything is allocated.
        CutTooFine
            If `distance` is below the lowest merge of a tree built from micro-clusters.
        """
        if (k is None) == (self.distance is None):
            raise UnclearCut
        if self.linkage == "ward" and len(points) > EXACT_UP_TO:
            return self._learn_from_groups(points, k, seed)
        tree = build_tree(points, self.linkage)
        return self._cut_into_micro_clusters(
            tree, k, points, np.ones(len(points)), np.arange(len(points))
        )

    def _learn_from_groups(
        self, points: NDArray[np.float64], k: int | None, seed: int
    ) -> ClusteringResult:
        from models.kernels.micro_clusters import build_micro_clusters  # noqa: PLC0415 - the api imports the parameters without numba
        from models.kernels.ward import ward  # noqa: PLC0415 - as above

        condensed = build_micro_clusters(points, max(CONDENSED_TO, 2 * (k or 0)), seed)
        if len(condensed.weights) < (k or 0):
            raise TooFewCustomers(f"The customers differ by too little to form {k:,} segments")
        tree = ward(condensed.centers, condensed.weights)
        if self.distance is not None and len(tree) and self.distance < tree[0, 2]:
            raise CutTooFine(
                f"The tree of more than {EXACT_UP_TO:,} customers is built from {len(tree) + 1:,} "
                f"groups of them; it cannot be cut below height {tree[0, 2]:.6g}"
            )
        return self._cut_into_micro_clusters(
            tree, k, condensed.centers, condensed.weights, condensed.groups
        )

    def _cut_into_micro_clusters(
        self,
        tree: NDArray[np.float64],
        k: int | None,
        leaves: NDArray[np.float64],
        weights: NDArray[np.float64],
        leaf_of: NDArray[np.integer],
    ) -> ClusteringResult:
        """Cut a tree into fine groups; `leaf_of` maps each customer to its leaf."""
        k = k or count_above(tree, self.distance or 0.0)
        m = max(k, min(count_above(tree, 0.0), FINE_GROUPS))
        groups, merges = cut(tree, m), truncate(tree, m)
        floor = float(tree[-m, 2]) if m <= len(tree) else 0.0
        return _build_result(
            group_means(leaves, weights, groups, m), merges, k, floor=floor, groups=groups[leaf_of]
        )

    def cut(self, tree: Tree, k: int) -> ClusteringResult:
        """Cut the tree of an earlier fit into another number of segments, without fitting again.

        Parameters
        ----------
        tree
            The tree of the earlier fit.
        k
            The number of segments.

        Returns
        -------
        ClusteringResult
            The same centers with other segments.

        Raises
        ------
        CutTooFine
            If k exceeds the number of fine groups of the tree.
        """
        tree.cut(k)
        return _build_result(tree.centers, tree.merges, k, floor=tree.floor)


def _build_result(
    centers: NDArray[np.float64],
    merges: NDArray[np.float64],
    k: int,
    *,
    floor: float,
    groups: NDArray[np.int64] | None = None,
) -> ClusteringResult:
    from sklearn.neighbors import KNeighborsClassifier  # noqa: PLC0415 - the api imports the parameters without scikit-learn

    segment_of_center = cut(merges, k)
    with warnings.catch_warnings():
        # scikit-learn warns of many classes for few samples, which is intended here.
        warnings.simplefilter("ignore", UserWarning)
        estimator = KNeighborsClassifier(1, algorithm="kd_tree").fit(centers, segment_of_center)
    return ClusteringResult(
        estimator=estimator,
        centers=centers,
        segment_of_center=segment_of_center,
        groups=groups,
        merges=merges,
        floor=floor,
    )


def build_tree(points: NDArray[np.float64], linkage: Linkage) -> NDArray[np.float64]:
    """Build the tree as a scipy linkage matrix, shape (n - 1, 4).

    Raise TooManyCustomers if memory is too small.
    """
    if linkage == "ward":
        from models.kernels.ward import ward  # noqa: PLC0415 - the api imports the parameters without numba

        return ward(points)
    from scipy.cluster.hierarchy import linkage as merge  # noqa: PLC0415 - as above, without scipy

    n = len(points)
    max_customers = int((2 * MEMORY_LIMIT / _BYTES_PER_PAIR) ** 0.5)
    if n > max_customers:
        raise TooManyCustomers(
            f"{linkage} linkage supports at most {max_customers:,} customers, not {n:,}, since it "
            "stores the distance of every pair; use ward linkage or K-Means"
        )
    if n == 1:
        return np.empty((0, 4))
    return np.asarray(merge(points, method=linkage), dtype=np.float64)
