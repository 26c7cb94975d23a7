"""Hierarchical clustering: a tree of merges, cut where k segments remain."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import numpy as np
from annotated_types import Gt
from numpy.typing import NDArray

from models.algorithms.learned import Learned
from models.errors import TooManyCustomers, UnclearCut

Linkage = Literal["ward", "average", "complete", "single"]

FINE_GROUPS: Final = 200
MEMORY_LIMIT: Final = 4 * 2**30
_BYTES_PER_PAIR: Final = 16  # scipy holds the distances twice while it merges


@dataclass(frozen=True, kw_only=True)
class Hierarchical:
    """Segments of any shape, nested in a tree; memory grows with the square of the number of customers."""

    name: Literal["hierarchical"] = "hierarchical"
    linkage: Linkage = "ward"
    distance: Annotated[float, Gt(0)] | None = None

    def learn(self, points: NDArray[np.float64], *, k: int | None, seed: int) -> Learned:  # noqa: ARG002 - every algorithm takes a seed; a tree needs none
        """Grow the tree and cut it (Ward 1963 for the default linkage).

        A tree cannot place newcomers. So it is cut finely once; a customer goes to the nearest fine center, and its
        segment is that center's ancestor in the cut. Cuts of one tree therefore nest exactly.

        Parameters
        ----------
        points
            Shape (n, d), with at least k distinct rows.
        k
            The number of segments; None when `distance` says where to cut.
        seed
            Unused: a tree is not random.

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
        """
        from sklearn.neighbors import KNeighborsClassifier  # noqa: PLC0415 - the api reads these parameters without it

        if (k is None) == (self.distance is None):
            raise UnclearCut
        tree = grow(points, self.linkage)
        k = k or _count_above(tree, self.distance or 0.0)
        m = max(k, min(_count_above(tree, 0.0), FINE_GROUPS))
        fine, merges = cut(tree, m), _above(tree, m)
        centers = _means(points, fine, m)
        segment_of_center = cut(merges, k)
        estimator = KNeighborsClassifier(1, algorithm="kd_tree").fit(centers, segment_of_center)
        return Learned(
            estimator=estimator,
            centers=centers,
            segment_of_center=segment_of_center,
            labels=segment_of_center[fine],
            merges=merges,
        )


def grow(points: NDArray[np.float64], linkage: Linkage) -> NDArray[np.float64]:
    """Grow the whole tree, laid out as scipy does, shape (n - 1, 4); raises TooManyCustomers beyond the memory."""
    from scipy.cluster.hierarchy import linkage as merge  # noqa: PLC0415 - the api reads the parameters without scipy

    _ask_for_memory(len(points))
    if len(points) == 1:
        return np.empty((0, 4))
    return np.asarray(merge(points, method=linkage), dtype=np.float64)


def _ask_for_memory(n: int) -> None:
    most = int((2 * MEMORY_LIMIT / _BYTES_PER_PAIR) ** 0.5)
    if n > most:
        raise TooManyCustomers(
            f"hierarchical clustering compares every pair of customers and takes at most {most:,} of them, not {n:,}; "
            "K-Means has no such limit"
        )


def _count_above(tree: NDArray[np.float64], height: float) -> int:
    """Count the groups that remain when every merge up to a height is made."""
    return 1 + int((tree[:, 2] > height).sum())


def cut(tree: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    """Undo the last k - 1 merges: exactly k groups whatever the ties, numbered by their first leaf."""
    n = len(tree) + 1
    owner = np.arange(2 * n - 1)
    children = tree[:, :2].astype(np.int64)
    for node in range(2 * n - k - 1, n - 1, -1):
        owner[children[node - n]] = owner[node]
    _, first, group = np.unique(owner[:n], return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[group]


def _above(tree: NDArray[np.float64], m: int) -> NDArray[np.float64]:
    """Keep the last m - 1 merges as a tree of its own, whose leaves are the m groups of the cut."""
    n = len(tree) + 1
    group_of = _group_of_node(tree, m)
    merges = tree[n - m :].copy()
    merges[:, :2] = np.sort(group_of[merges[:, :2].astype(np.int64)], axis=1)
    return merges


def _group_of_node(tree: NDArray[np.float64], m: int) -> NDArray[np.int64]:
    """Give the roots of the m groups the numbers of the cut, and the merges above them those from m upwards."""
    n = len(tree) + 1
    number = np.full(2 * n - 1, -1)
    number[:n] = cut(tree, m)
    for node, (left, _) in enumerate(tree[: n - m, :2].astype(np.int64), start=n):
        number[node] = number[left]
    number[2 * n - m :] = np.arange(m, 2 * m - 1)
    return number


def _means(points: NDArray[np.float64], group: NDArray[np.int64], m: int) -> NDArray[np.float64]:
    sums = np.zeros((m, points.shape[1]))
    np.add.at(sums, group, points)
    return sums / np.bincount(group, minlength=m)[:, None]
