"""The tree behind hierarchical segments: where it can be cut, and what hangs from where; numpy only."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from models.errors import ArtifactFromAnotherRelease, CutTooFine

FORMAT: Final = 1

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Branch:
    """A node of a tree with what hangs from it; without children where it is a leaf or where the tree is cut off.

    `node` numbers the leaves from 0, then the merges from below; `height` is that of the merge, None for a leaf.
    """

    node: int
    height: float | None
    n_customers: int
    n_groups: int
    children: Sequence["Branch"]


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Merges above m fine groups of customers.

    Attributes
    ----------
    merges
        Shape (m - 1, 4), laid out as scipy's linkage matrix: which two nodes, at which height, of how many customers.
    centers
        Shape (m, d), of the groups, in prepared units.
    sizes
        Shape (m,), how many customers are placed in each group.
    agreements
        Shape (m,), when the tree is cut into 1, 2, .. m segments the share of customers for whom tree and assign agree.
    floor
        The height of the highest merge inside a group: below it the tree is not known.
    """

    merges: Floats
    centers: Floats
    sizes: Rows
    agreements: Floats
    floor: float

    @property
    def n_nodes(self) -> int:
        """How many nodes there are; the last one is the root."""
        return 2 * len(self.sizes) - 1

    def cut(self, k: int) -> Rows:
        """Give the segment, 0 .. k - 1, of each group.

        Raises
        ------
        CutTooFine
            For more segments than there are groups.
        """
        if k > len(self.sizes):
            raise CutTooFine(
                f"The tree is kept down to {len(self.sizes):,} groups: it cannot be cut into {k:,} segments"
            )
        return cut(self.merges, k)

    def count(self, distance: float) -> int:
        """Count the segments of a cut at a distance.

        Raises
        ------
        CutTooFine
            For a distance below which the tree is not known.
        """
        if distance < self.floor:
            raise CutTooFine(
                f"The tree is kept down to the height {self.floor:.6g}: it cannot be cut at a lower distance"
            )
        return count_above(self.merges, distance)

    def reach(self, k: int) -> tuple[float, float | None]:
        """Say from which distance on, and below which one, a cut leaves k segments; None is infinity.

        Where both are the same, as for merges at one height, only k itself asks for this cut.
        """
        heights = [self.floor, *self.merges[:, 2].tolist()]
        return heights[-k], heights[1 - k] if k > 1 else None

    def roots(self, k: int) -> list[int]:
        """Give the node that is each segment of a cut."""
        owner, segments = _owners(self.merges, k), self.cut(k)
        return [int(owner[segments == segment][0]) for segment in range(k)]

    def branch(self, node: int | None = None, *, depth: int) -> Branch:
        """Give what hangs from a node, by default from the root, down to a depth."""
        top = self.n_nodes - 1 if node is None else node
        return self._branch(top, depth, sizes=self._sums(self.sizes), groups=self._sums(np.ones_like(self.sizes)))

    def depth(self) -> int:
        """Count the merges on the longest way from the root to a leaf."""
        below = np.zeros(self.n_nodes, dtype=np.int64)
        for node, pair in enumerate(_children(self.merges), start=len(self.sizes)):
            below[node] = 1 + below[pair].max()
        return int(below[-1])

    def to_bytes(self) -> bytes:
        """Write the tree as JSON; floats come back exactly as they were."""
        plain = {
            "format": FORMAT,
            "merges": self.merges.tolist(),
            "centers": self.centers.tolist(),
            "sizes": self.sizes.tolist(),
            "agreements": self.agreements.tolist(),
            "floor": self.floor,
        }
        return json.dumps(plain, sort_keys=True, allow_nan=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ArtifactFromAnotherRelease
            Where another release wrote another format.
        """
        plain = json.loads(data)
        if plain.get("format") != FORMAT:
            raise ArtifactFromAnotherRelease("The tree has another format than this release reads; fit the model again")
        return cls(
            merges=np.array(plain["merges"], dtype=np.float64).reshape(-1, 4),
            centers=np.array(plain["centers"], dtype=np.float64),
            sizes=np.array(plain["sizes"], dtype=np.int64),
            agreements=np.array(plain["agreements"], dtype=np.float64),
            floor=plain["floor"],
        )

    def _sums(self, leaves: Rows) -> Rows:
        """Add up for each node what its leaves have."""
        sums = np.concatenate([leaves, np.zeros(len(self.merges), dtype=np.int64)])
        for node, pair in enumerate(_children(self.merges), start=len(leaves)):
            sums[node] = sums[pair].sum()
        return sums

    def _branch(self, node: int, depth: int, *, sizes: Rows, groups: Rows) -> Branch:
        merge = node - len(self.sizes)
        below = _children(self.merges)[merge].tolist() if merge >= 0 and depth > 0 else []
        return Branch(
            node=node,
            height=float(self.merges[merge, 2]) if merge >= 0 else None,
            n_customers=int(sizes[node]),
            n_groups=int(groups[node]),
            children=[self._branch(child, depth - 1, sizes=sizes, groups=groups) for child in below],
        )


def cut(merges: Floats, k: int) -> Rows:
    """Undo the last k - 1 merges: exactly k segments whatever the ties, numbered by their first leaf.

    Parameters
    ----------
    merges
        Shape (m - 1, 4), as `Tree` has them.
    k
        The number of segments, at most m.

    Returns
    -------
    ndarray
        Shape (m,), the segment of each leaf.
    """
    _, first, segment = np.unique(_owners(merges, k), return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[segment]


def count_above(merges: Floats, height: float) -> int:
    """Count the groups that remain when every merge up to a height is made."""
    return 1 + int((merges[:, 2] > height).sum())


def agreements(merges: Floats, grown: Rows, placed: NDArray[np.integer]) -> Floats:
    """Say for every cut for which share of the customers two ways to put them under the leaves agree.

    Parameters
    ----------
    merges
        Shape (m - 1, 4), as `Tree` has them.
    grown, placed
        Shape (n,), the leaf of each customer.

    Returns
    -------
    ndarray
        Shape (m,), of the cuts into 1, 2, .. m segments.
    """
    m = len(merges) + 1
    counts = np.bincount(grown * m + placed)
    both = np.flatnonzero(counts)
    weights, pairs = counts[both], np.divmod(both, m)
    owner = np.arange(m)
    agreeing = [weights[pairs[0] == pairs[1]].sum()]
    for node, pair in enumerate(_children(merges), start=len(owner)):
        owner[np.isin(owner, pair)] = node
        agreeing.append(weights[owner[pairs[0]] == owner[pairs[1]]].sum())
    return np.array(agreeing[::-1], dtype=np.float64) / len(grown)


def _owners(merges: Floats, k: int) -> Rows:
    """Give for each leaf the node that is its segment."""
    n = len(merges) + 1
    owner = np.arange(2 * n - 1)
    children = _children(merges)
    for node in range(2 * n - k - 1, n - 1, -1):
        owner[children[node - n]] = owner[node]
    return owner[:n]


def _children(merges: Floats) -> Rows:
    return merges[:, :2].astype(np.int64)
