"""What every algorithm hands back."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Estimator(Protocol):
    """A fitted scikit-learn estimator that names the segment of a point."""

    def predict(self, X: NDArray[np.float64]) -> NDArray[np.int64]:
        """Give the segment of each row of X."""
        ...


@dataclass(frozen=True, kw_only=True)
class ClusteringResult:
    """Segments as nearest centers: a point belongs to the segment of the center nearest to it.

    Attributes
    ----------
    estimator
        The fitted scikit-learn estimator that says the same by `predict`.
    centers
        Shape (m, d), in prepared units; m >= k.
    segment_of_center
        Shape (m,), the segment 0 .. k-1 of each center.
    groups
        Shape (n,), the center under which the algorithm itself put each training point, where that may differ from
        the nearest one; None where it cannot, or is not known.
    merges
        Shape (m - 1, 4), the tree above the centers, laid out as scipy's linkage matrix: the leaves are the centers,
        the last column counts customers. None for an algorithm without a tree.
    floor
        The height of the highest merge that is below the centers; 0 without any.
    notes
        Sentences on how it was learned, where a reader would expect otherwise.
    """

    estimator: Estimator
    centers: NDArray[np.float64]
    segment_of_center: NDArray[np.int64]
    groups: NDArray[np.int64] | None = None
    merges: NDArray[np.float64] | None = None
    floor: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def k(self) -> int:
        """The number of segments."""
        return int(self.segment_of_center.max()) + 1

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """The algorithm's own segment of each training point, where its groups are known."""
        return None if self.groups is None else self.segment_of_center[self.groups]
