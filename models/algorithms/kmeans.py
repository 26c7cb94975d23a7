"""K-Means clustering."""

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

    With `exact`, scikit-learn fits every start on all customers. Without, `models.kernels.kmeans`
    compares the starts on a sample, which takes a fraction of the time.
    """

    REPEATED_ON: ClassVar[int] = 2_000  # sample size at which dozens of fits take about a second

    name: Literal["kmeans"] = "kmeans"
    n_init: Annotated[int, Ge(1), Le(100)] = 10
    init: Literal["k-means++", "random"] = "k-means++"
    max_iter: Annotated[int, Ge(1), Le(10_000)] = 300
    tol: Annotated[float, Ge(0)] = 1e-4
    exact: bool = False

    def fast_variant(self) -> "KMeans":
        """Return the variant for repeated fits on small samples.

        Two starts suffice where results are averaged.
        """
        return replace(self, n_init=min(self.n_init, 2), max_iter=min(self.max_iter, 100))

    def memory(self, n: int, d: int) -> int:
        """Estimate the bytes of a fit on n points with d coordinates: the points and one copy."""
        return 2 * 8 * n * d

    def learn(self, points: NDArray[np.float64], *, k: int | None, seed: int) -> ClusteringResult:
        """Fit k centers by Lloyd's algorithm from k-means++ starts (Arthur & Vassilvitskii 2007).

        Parameters
        ----------
        points
            Shape (n, d), with at least k distinct rows.
        k
            The number of segments.
        seed
            Seed of the starts.

        Returns
        -------
        ClusteringResult
            With one center per segment, numbered in the order of their starts, as in scikit-learn.

        Raises
        ------
        UnclearCut
            If k is None.
        """
        if k is None:
            raise UnclearCut("K-Means requires k, the number of segments")
        if self.exact:
            return self._fit_sklearn(points, k, seed)
        from models.kernels.kmeans import Search, kmeans  # noqa: PLC0415 - the api imports the parameters without numba

        search = Search(
            k=k, n_init=self.n_init, init=self.init, max_iter=self.max_iter, tol=self.tol, seed=seed
        )
        result = kmeans(points, search)
        # The attributes that scikit-learn's own `fit` sets.
        estimator = self._estimator(k, seed)
        estimator.cluster_centers_, estimator.labels_ = result.centers, result.labels
        estimator.inertia_, estimator.n_iter_ = result.inertia, result.passes
        estimator.n_features_in_ = result.centers.shape[1]
        estimator._n_features_out, estimator._n_threads = len(result.centers), 1  # noqa: SLF001 - transform and predict read them
        return ClusteringResult(
            estimator=estimator,
            centers=result.centers,
            segment_of_center=np.arange(k),
            notes=_notes(result),
        )

    def _fit_sklearn(self, points: NDArray[np.float64], k: int, seed: int) -> ClusteringResult:
        from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - the api imports the parameters without scikit-learn

        estimator = self._estimator(k, seed)
        with warnings.catch_warnings():
            # The fit reports empty segments itself, by index.
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit(points)
        return ClusteringResult(
            estimator=estimator, centers=estimator.cluster_centers_, segment_of_center=np.arange(k)
        )

    def _estimator(self, k: int, seed: int) -> "Estimator":
        from sklearn.cluster import KMeans as Estimator  # noqa: PLC0415 - as above

        return Estimator(
            k,
            n_init=self.n_init,
            init=self.init,
            max_iter=self.max_iter,
            tol=self.tol,
            random_state=seed,
        )


def _notes(result: "KMeansResult") -> tuple[str, ...]:
    if result.seen == len(result.labels):
        return ()
    sampled = f"the starts were compared on a random sample of {result.seen:,} customers"
    return (f"{sampled}; the best one was refined in {result.passes:,} passes over all customers",)
