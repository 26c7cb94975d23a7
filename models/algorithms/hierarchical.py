"""Hierarchical clustering: a tree of merges, cut where k segments remain."""

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
EXACT_UP_TO: Final = 50_000  # customers from each of whom Ward's tree grows
CONDENSED_TO: Final = 2_000  # groups from which it grows where there are more
MEMORY_LIMIT: Final = 4 * 2**30
_BYTES_PER_PAIR: Final = 16  # scipy holds the distances twice while it merges


@dataclass(frozen=True, kw_only=True)
class Hierarchical:
    """Segments nested in a tree; but for Ward linkage, memory grows with the square of the number of customers."""

    REPEATED_ON: ClassVar[int] = 500  # customers from whom it learns dozens of times within a second

    name: Literal["hierarchical"] = "hierarchical"
    linkage: Linkage = "ward"
    distance: Annotated[float, Gt(0)] | None = None

    def fast_variant(self) -> "Hierarchical":
        """Give what learns from small samples many times over: by k, since distances depend on how many there are."""
        return replace(self, distance=None)

    def memory(self, n: int, d: int) -> int:
        """Estimate the bytes that it takes to learn from n customers by d numbers: only Ward needs no pairs of them."""
        return 2 * 8 * n * d if self.linkage == "ward" else _BYTES_PER_PAIR * n * n // 2

    def learn(self, points: NDArray[np.float64], *, k: int | None, seed: int) -> ClusteringResult:
        """Grow the tree and cut it (Ward 1963 for the default linkage).

        Ward's tree grows from each of up to 50,000 customers; beyond, from 2,000 groups that K-Means puts them in, or
        from 2k where that is more, each as heavy as it has customers.

        A tree cannot place newcomers. So it is cut finely once; a customer goes to the nearest fine center, and its
        segment is that center's ancestor in the cut. Cuts of one tree therefore nest exactly.

        Parameters
        ----------
        points
            Shape (n, d), with at least k distinct rows.
        k
            The number of segments; None when `distance` says where to cut.
        seed
            Decides the groups of more than 50,000 customers; else nothing is random.

        Returns
        -------
        Learned
            With up to max(k, 200) centers, and the tree above them.

        Raises
        ------
        UnclearCut
            Where k and `distance` are both given, or neither.
        TooManyCustomers
            Where the pairwise distances would not fit in memory; raised before anything is allocated.
        CutTooFine
            For a distance below the lowest merge of groups, where the tree has not grown from each customer.
        """
        if (k is None) == (self.distance is None):
            raise UnclearCut
        if self.linkage == "ward" and len(points) > EXACT_UP_TO:
            return self._learn_from_groups(points, k, seed)
        tree = build_tree(points, self.linkage)
        return self._cut_into_micro_clusters(tree, k, points, np.ones(len(points)), np.arange(len(points)))

    def _learn_from_groups(self, points: NDArray[np.float64], k: int | None, seed: int) -> ClusteringResult:
        from models.kernels.micro_clusters import build_micro_clusters  # noqa: PLC0415 - the api reads the parameters without numba
        from models.kernels.ward import ward  # noqa: PLC0415 - as above

        condensed = build_micro_clusters(points, max(CONDENSED_TO, 2 * (k or 0)), seed)
        if len(condensed.weights) < (k or 0):
            raise TooFewCustomers(f"The customers differ by too little to form {k:,} segments")
        tree = ward(condensed.centers, condensed.weights)
        if self.distance is not None and len(tree) and self.distance < tree[0, 2]:
            raise CutTooFine(
                f"The tree of more than {EXACT_UP_TO:,} customers grows from {len(tree) + 1:,} groups of them: it is "
                f"not known below the height {tree[0, 2]:.6g}"
            )
        return self._cut_into_micro_clusters(tree, k, condensed.centers, condensed.weights, condensed.groups)

    def _cut_into_micro_clusters(
        self,
        tree: NDArray[np.float64],
        k: int | None,
        leaves: NDArray[np.float64],
        weights: NDArray[np.float64],
        leaf_of: NDArray[np.integer],
    ) -> ClusteringResult:
        """Cut a tree into fine groups; `leaf_of` says from which leaf each customer comes."""
        k = k or count_above(tree, self.distance or 0.0)
        m = max(k, min(count_above(tree, 0.0), FINE_GROUPS))
        groups, merges = cut(tree, m), truncate(tree, m)
        floor = float(tree[-m, 2]) if m <= len(tree) else 0.0
        return _learned(group_means(leaves, weights, groups, m), merges, k, floor=floor, groups=groups[leaf_of])

    def cut(self, tree: Tree, k: int) -> ClusteringResult:
        """Cut a tree that has been grown before into another number of segments; nothing is learned anew.

        Parameters
        ----------
        tree
            As a fit has kept it.
        k
            The number of segments.

        Returns
        -------
        Learned
            The same centers under other segments.

        Raises
        ------
        CutTooFine
            For more segments than the tree has fine groups.
        """
        tree.cut(k)
        return _learned(tree.centers, tree.merges, k, floor=tree.floor)


def _learned(
    centers: NDArray[np.float64],
    merges: NDArray[np.float64],
    k: int,
    *,
    floor: float,
    groups: NDArray[np.int64] | None = None,
) -> ClusteringResult:
    from sklearn.neighbors import KNeighborsClassifier  # noqa: PLC0415 - the api reads the parameters without it

    segment_of_center = cut(merges, k)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # many classes for few centers are what was asked for
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
    """Grow the whole tree, laid out as scipy does, shape (n - 1, 4); raises TooManyCustomers beyond the memory."""
    if linkage == "ward":
        from models.kernels.ward import ward  # noqa: PLC0415 - the api reads the parameters without numba

        return ward(points)
    from scipy.cluster.hierarchy import linkage as merge  # noqa: PLC0415 - as above, without scipy

    _check_memory(len(points), linkage)
    if len(points) == 1:
        return np.empty((0, 4))
    return np.asarray(merge(points, method=linkage), dtype=np.float64)


def _check_memory(n: int, linkage: Linkage) -> None:
    most = int((2 * MEMORY_LIMIT / _BYTES_PER_PAIR) ** 0.5)
    if n > most:
        raise TooManyCustomers(
            f"{linkage} linkage compares every pair of customers and takes at most {most:,} of them, not {n:,}; "
            "ward linkage and K-Means have no such limit"
        )
