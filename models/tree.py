"""The tree of a hierarchical clustering: cuts, branches and serialization; numpy only."""

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
    """A node of a tree with its descendants; no children for a leaf, or beyond the requested depth.

    `node` numbers the leaves from 0, then the merges by height; `height` is that of the merge, None
    for a leaf.
    """

    node: int
    height: float | None
    n_customers: int
    n_groups: int
    children: Sequence["Branch"]


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A tree of merges above m fine groups of customers.

    Attributes
    ----------
    merges
        Shape (m - 1, 4), in the format of scipy's linkage matrix: two nodes, height, number of
        customers.
    centers
        Shape (m, d), the centers of the groups, in prepared units.
    sizes
        Shape (m,), the number of customers assigned to each group.
    agreements
        Shape (m,), for cuts into 1, 2, .. m segments, the share of customers for which tree and
        scorer agree.
    floor
        The height of the highest merge inside a group; lower merges are not stored.
    """

    merges: Floats
    centers: Floats
    sizes: Rows
    agreements: Floats
    floor: float

    @property
    def n_nodes(self) -> int:
        """The number of nodes; the last one is the root."""
        return 2 * len(self.sizes) - 1

    def cut(self, k: int) -> Rows:
        """Return the segment, 0 .. k - 1, of each group.

        Raises
        ------
        CutTooFine
            If k exceeds the number of groups.
        """
        if k > len(self.sizes):
            raise CutTooFine(
                f"The tree is stored down to {len(self.sizes):,} groups: it cannot be cut into "
                f"{k:,} segments"
            )
        return cut(self.merges, k)

    def count(self, distance: float) -> int:
        """Count the segments of a cut at a distance.

        Raises
        ------
        CutTooFine
            If the distance is below `floor`.
        """
        if distance < self.floor:
            raise CutTooFine(
                f"The tree is stored down to height {self.floor:.6g}: it cannot be cut at a "
                "smaller distance"
            )
        return count_above(self.merges, distance)

    def reach(self, k: int) -> tuple[float, float | None]:
        """Return the half-open interval of distances at which a cut has k segments.

        None is infinity.

        The interval is empty for merges at equal heights; such a cut is only available by k.
        """
        heights = [self.floor, *self.merges[:, 2].tolist()]
        return heights[-k], heights[1 - k] if k > 1 else None

    def roots(self, k: int) -> list[int]:
        """Return the root node of each segment of a cut."""
        owner, segments = _owners(self.merges, k), self.cut(k)
        return [int(owner[segments == segment][0]) for segment in range(k)]

    def branch(self, node: int | None = None, *, depth: int) -> Branch:
        """Return the branch below a node, by default the root, down to a depth."""
        top = self.n_nodes - 1 if node is None else node
        return self._branch(
            top, depth, sizes=self._sums(self.sizes), groups=self._sums(np.ones_like(self.sizes))
        )

    def depth(self) -> int:
        """Return the number of merges on the longest path from the root to a leaf."""
        below = np.zeros(self.n_nodes, dtype=np.int64)
        for node, pair in enumerate(_children(self.merges), start=len(self.sizes)):
            below[node] = 1 + below[pair].max()
        return int(below[-1])

    def to_bytes(self) -> bytes:
        """Serialize the tree as JSON; floats round-trip exactly."""
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
        """Deserialize the output of `to_bytes`.

        Raises
        ------
        ArtifactFromAnotherRelease
            If the format is that of another release.
        """
        plain = json.loads(data)
        if plain.get("format") != FORMAT:
            raise ArtifactFromAnotherRelease(
                "This release cannot read the format of the tree; fit the model again"
            )
        return cls(
            merges=np.array(plain["merges"], dtype=np.float64).reshape(-1, 4),
            centers=np.array(plain["centers"], dtype=np.float64),
            sizes=np.array(plain["sizes"], dtype=np.int64),
            agreements=np.array(plain["agreements"], dtype=np.float64),
            floor=plain["floor"],
        )

    def _sums(self, leaves: Rows) -> Rows:
        """Sum up the values of the leaves below each node."""
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
            children=[
                self._branch(child, depth - 1, sizes=sizes, groups=groups) for child in below
            ],
        )


def cut(merges: Floats, k: int) -> Rows:
    """Undo the last k - 1 merges: exactly k segments, even with ties, numbered by their first leaf.

    Parameters
    ----------
    merges
        Shape (m - 1, 4), as in `Tree`.
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
    """Count the groups after all merges up to a height."""
    return 1 + int((merges[:, 2] > height).sum())


def agreements(merges: Floats, in_tree: Rows, assigned: NDArray[np.integer]) -> Floats:
    """Compute, for every cut, the share of customers whose two assignments to leaves agree.

    Parameters
    ----------
    merges
        Shape (m - 1, 4), as in `Tree`.
    in_tree, assigned
        Shape (n,), the leaf of each customer: in the tree, and as assigned by a scorer.

    Returns
    -------
    ndarray
        Shape (m,), for cuts into 1, 2, .. m segments.
    """
    m = len(merges) + 1
    counts = np.bincount(in_tree * m + assigned)
    both = np.flatnonzero(counts)
    weights, pairs = counts[both], np.divmod(both, m)
    owner = np.arange(m)
    agreeing = [weights[pairs[0] == pairs[1]].sum()]
    for node, pair in enumerate(_children(merges), start=len(owner)):
        owner[np.isin(owner, pair)] = node
        agreeing.append(weights[owner[pairs[0]] == owner[pairs[1]]].sum())
    return np.array(agreeing[::-1], dtype=np.float64) / len(in_tree)


def _owners(merges: Floats, k: int) -> Rows:
    """Return the root node of the segment of each leaf."""
    n = len(merges) + 1
    owner = np.arange(2 * n - 1)
    children = _children(merges)
    for node in range(2 * n - k - 1, n - 1, -1):
        owner[children[node - n]] = owner[node]
    return owner[:n]


def _children(merges: Floats) -> Rows:
    return merges[:, :2].astype(np.int64)
