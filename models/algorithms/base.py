"""The result type of every clustering algorithm."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Estimator(Protocol):
    """A fitted scikit-learn estimator that predicts the segment of a point."""

    def predict(self, X: NDArray[np.float64]) -> NDArray[np.int64]:
        """Predict the segment of each row of X."""
        ...


@dataclass(frozen=True, kw_only=True)
class ClusteringResult:
    """Segments as nearest centers: a point belongs to the segment of the center nearest to it.

    Attributes
    ----------
    estimator
        The fitted scikit-learn estimator; its `predict` returns the same segments.
    centers
        Shape (m, d), in prepared units; m >= k.
    segment_of_center
        Shape (m,), the segment 0 .. k-1 of each center.
    groups
        Shape (n,), the center to which the algorithm itself assigned each training point, if that
        may differ from the nearest one; else None.
    merges
        Shape (m - 1, 4), the tree above the centers in the format of scipy's linkage matrix: the
        leaves are the centers, the last column counts customers. None for an algorithm without a
        tree.
    floor
        The height of the highest merge below the centers; 0 without such a merge.
    notes
        Warnings about the fit, as sentences.
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
        """The algorithm's own segment of each training point; None without `groups`."""
        return None if self.groups is None else self.segment_of_center[self.groups]
