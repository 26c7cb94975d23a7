"""K-Means: segments around centers."""

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray

from models.algorithms.base import ClusteringResult
from models.errors import UnclearCut

if TYPE_CHECKING:
    from sklearn.cluster import KMeans as Estimator

    from models.kernels.kmeans import KMeansResult


@dataclass(frozen=True, kw_only=True)
class KMeans:
    """Compact, round segments; the cost grows linearly with the number of customers.

    With `exact`, scikit-learn learns from all customers at every start; without, `models.kernels.kmeans` learns, in a
    fraction of the time.
    """

    REPEATED_ON: ClassVar[int] = 2_000  # customers from whom it learns dozens of times within a second

    name: Literal["kmeans"] = "kmeans"
    n_init: Annotated[int, Ge(1), Le(100)] = 10
    init: Literal["k-means++", "random"] = "k-means++"
    max_iter: Annotated[int, Ge(1), Le(10_000)] = 300
    tol: Annotated[float, Ge(0)] = 1e-4
    exact: bool = False

    def fast_variant(self) -> "KMeans":
        """Give what learns from small samples many times over: two starts tell as much as ten when all is averaged."""
        return replace(self, n_init=min(self.n_init, 2), max_iter=min(self.max_iter, 100))

    def memory(self, n: int, d: int) -> int:
        """Estimate the bytes that it takes to learn from n customers by d numbers: they, and a copy of them."""
        return 2 * 8 * n * d

    def learn(self, points: NDArray[np.float64], *, k: int | None, seed: int) -> ClusteringResult:
        """Learn k centers by Lloyd's algorithm, started by k-means++ (Lloyd 1982; Arthur & Vassilvitskii 2007).

        Parameters
        ----------
        points
            Shape (n, d), with at least k distinct rows.
        k
            The number of segments.
        seed
            Decides the starts.

        Returns
        -------
        Learned
            With one center per segment, in the order of their starts, as scikit-learn numbers them.

        Raises
        ------
        UnclearCut
            Where k is None.
        """
        if k is None:
            raise UnclearCut("K-Means must be given k, the number of segments")
        if self.exact:
            return self._fit_scikit_learn(points, k, seed)
        from models.kernels.kmeans import Search, kmeans  # noqa: PLC0415 - the api reads these parameters without numba

        search = Search(k=k, n_init=self.n_init, init=self.init, max_iter=self.max_iter, tol=self.tol, seed=seed)
        found = kmeans(points, search)
        return ClusteringResult(
            estimator=_fitted(self._estimator(k, seed), found),
            centers=found.centers,
            segment_of_center=np.arange(k),
            notes=_notes(found),
        )

    def _fit_scikit_learn(self, points: NDArray[np.float64], k: int, seed: int) -> ClusteringResult:
        from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - the api reads these parameters without it

        estimator = self._estimator(k, seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # an empty segment is reported by the fit, by its index
            estimator.fit(points)
        return ClusteringResult(estimator=estimator, centers=estimator.cluster_centers_, segment_of_center=np.arange(k))

    def _estimator(self, k: int, seed: int) -> "Estimator":
        from sklearn.cluster import KMeans as Estimator  # noqa: PLC0415 - as above

        return Estimator(k, n_init=self.n_init, init=self.init, max_iter=self.max_iter, tol=self.tol, random_state=seed)


def _fitted(estimator: "Estimator", found: "KMeansResult") -> "Estimator":
    """Give scikit-learn's estimator all that its own `fit` would have left in it."""
    estimator.cluster_centers_, estimator.labels_ = found.centers, found.labels
    estimator.inertia_, estimator.n_iter_ = found.inertia, found.passes
    estimator.n_features_in_ = found.centers.shape[1]
    estimator._n_features_out, estimator._n_threads = len(found.centers), 1  # noqa: SLF001 - transform and predict ask for them
    return estimator


def _notes(found: "KMeansResult") -> tuple[str, ...]:
    if found.seen == len(found.labels):
        return ()
    sampled = f"the starts were compared on a random sample of {found.seen:,} customers"
    return (f"{sampled}; {found.passes:,} passes over all customers moved the centers of the best one",)
