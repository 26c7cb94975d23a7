"""Every criterion and every metric once more.

By scikit-learn and scipy, or by the formula of its paper.

A definition takes what was judged, and returns the expected figures and how far ours may be off. A
new criterion or metric needs an entry here.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.stats import anderson, multivariate_normal, norm
from sklearn.cluster import KMeans
from sklearn.metrics import (
    accuracy_score,
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_score,
)
from sklearn.metrics.cluster import pair_confusion_matrix
from sklearn.mixture import GaussianMixture

from models.criteria import CriterionData
from models.criteria.gap import SAMPLE as GAP_SAMPLE
from models.criteria.gaussian_mixture import FLOOR
from models.criteria.partitions import subsample
from models.kernels.dip_test import dip_statistic
from models.kernels.partition import nearest
from models.segmentation import Segmentation
from tests.reference.kmeans import reference_kmeans

SEVERAL: Final = (2, 3, 4, 5, 9)
LARGE: Final = 5_000  # points, from which on scikit-learn's silhouettes take seconds
ROUNDING: Final = 1e-6

Points = np.ndarray
Figures = dict[int, tuple[float, float]]


def exactly(ks, figure: Callable[[int], float]) -> Figures:
    return {k: (value := float(figure(k)), ROUNDING * abs(value)) for k in ks}


def inertia(points: Points, labels: np.ndarray) -> float:
    groups = [points[labels == segment] for segment in np.unique(labels)]
    return sum(((group - group.mean(axis=0)) ** 2).sum() for group in groups)


def of_kmeans(
    score: Callable[[Points, np.ndarray], float], ks=SEVERAL
) -> Callable[[CriterionData], Figures]:
    return lambda judged: exactly(ks, lambda k: score(judged.points, judged.kmeans[k].labels))


def silhouette(judged: CriterionData) -> Figures:
    return of_kmeans(silhouette_score, ks=SEVERAL if len(judged.points) < LARGE else (4,))(judged)


def ward_silhouette(judged: CriterionData) -> Figures:
    tree = linkage(judged.points, "ward")
    return exactly(
        SEVERAL, lambda k: silhouette_score(judged.points, fcluster(tree, k, "maxclust"))
    )


def dendrogram_gap(judged: CriterionData) -> Figures:
    heights = linkage(judged.points, "ward")[:, 2]
    return exactly(SEVERAL, lambda k: (heights[1 - k] - heights[-k]) / heights[-1])


def gap(name: str, box: Callable[[Points], Points]) -> Callable[[CriterionData], Figures]:
    """Tibshirani, Walther & Hastie 2001.

    The log inertia of points drawn in a box, less that of the points.
    """

    def figures(judged: CriterionData) -> Figures:
        points = subsample(judged.points, GAP_SAMPLE, judged.rng(name))
        axes = box(points)
        turned, rng = points @ axes, np.random.default_rng(1)
        drawn = [
            rng.uniform(turned.min(axis=0), turned.max(axis=0), turned.shape) for _ in range(10)
        ]
        logs = {k: np.log([sklearn_inertia(each, k) for each in drawn]) for k in (1, 4)}
        return {
            k: (
                of_k.mean() - np.log(sklearn_inertia(points, k)),
                4 * of_k.std() * (2 / 10) ** 0.5 + 0.01,
            )
            for k, of_k in logs.items()
        }

    return figures


def sklearn_inertia(points: Points, k: int) -> float:
    return KMeans(k, n_init=3, random_state=0).fit(points).inertia_


def on_average(figures: list[float], times: int) -> tuple[float, float]:
    """Give the mean, and how far that of so many others may be off.

    By chance, one of them may find other segments.
    """
    error = float(np.std(figures)) * (1 / times + 1 / len(figures)) ** 0.5
    return float(np.mean(figures)), 4 * error + 1 / times + 0.01


def prediction_strength(judged: CriterionData) -> Figures:
    """Tibshirani & Walther 2005.

    Of the pairs in a test segment, those that the training centers keep together.
    """
    points, rng = (
        subsample(judged.points, 1000, judged.rng("prediction_strength")),
        np.random.default_rng(1),
    )
    halvings = [np.array_split(points[rng.permutation(len(points))], 2) for _ in range(18)]
    return {
        k: on_average([strength(*halves, k, rng) for halves in halvings], times=6) for k in (2, 4)
    }


def strength(known: Points, other: Points, k: int, rng: np.random.Generator) -> float:
    own, told = (
        reference_kmeans(other, k, 2, rng).labels,
        nearest(other, reference_kmeans(known, k, 2, rng).centers),
    )
    pairs = [
        pair_confusion_matrix(np.zeros(len(told[own == s]), int), told[own == s])[1]
        for s in range(k)
    ]
    return min(together / (apart + together) for apart, together in pairs if apart + together)


def bootstrap_stability(judged: CriterionData) -> Figures:
    """Fang & Wang 2012, by the adjusted Rand index of Hubert & Arabie 1985."""
    points, rng = (
        subsample(judged.points, 500, judged.rng("bootstrap_stability")),
        np.random.default_rng(1),
    )

    def told(k: int) -> np.ndarray:
        return nearest(
            points,
            reference_kmeans(
                points[rng.integers(len(points), size=len(points))], k, 1, rng
            ).centers,
        )

    def agreements(k: int) -> list[float]:
        return [adjusted_rand_score(told(k), told(k)) for _ in range(24)]

    return {k: on_average(agreements(k), times=8) for k in (2, 4)}


def valley_depth(judged: CriterionData) -> Figures:
    return exactly(SEVERAL, lambda k: shallowest_valley(judged.points, judged.kmeans[k].labels, k))


def shallowest_valley(points: Points, labels: np.ndarray, k: int) -> float:
    """Look from each segment towards its two nearest.

    A valley of a sum of bells on the line between the centers.
    """
    groups = [points[labels == segment] for segment in range(k)]
    centers = np.array([group.mean(axis=0) for group in groups])
    depths = []
    for one in range(k):
        apart = np.linalg.norm(centers - centers[one], axis=1)
        for other in np.argsort(apart)[1:3]:
            way = (centers[other] - centers[one]) / apart[other]
            both = [group @ way for group in (groups[one], groups[other])]
            pooled = sum(x.var() * len(x) for x in both) / sum(map(len, both))
            places = np.linspace(both[0].mean(), both[1].mean(), 9)
            bells = norm(np.concatenate(both), 0.5 * pooled**0.5)
            heights = [bells.pdf(place).sum() for place in places]
            depths.append(1 - min(heights[2:7]) / min(max(heights[:3]), max(heights[6:])))
    return min(depths)


def along_its_halves(judged: CriterionData) -> Points:
    """Project all points on the line through the centers of two halves."""
    one, other = KMeans(2, n_init=20, random_state=0).fit(judged.points).cluster_centers_
    return np.sort(judged.points @ (other - one))


def g_means(judged: CriterionData) -> Figures:
    """Hamerly & Elkan 2003.

    The statistic of Anderson and Darling, corrected for the number of points.
    """
    x = along_its_halves(judged)
    corrected = 1 + 4 / len(x) - 25 / len(x) ** 2
    return exactly([1], lambda _: anderson(x, "norm", method="interpolate").statistic * corrected)


def dip_chance(judged: CriterionData) -> Figures:
    """Hartigan & Hartigan 1985.

    How many uniform samples of that size have as great a dip; in decimal logarithms.
    """
    x, rng = along_its_halves(judged), np.random.default_rng(1)
    own, draws = dip_statistic(x), 999
    greater = sum(dip_statistic(np.sort(rng.uniform(size=len(x)))) >= own for _ in range(draws))
    chance = (greater + 1) / (draws + 1)
    return {1: (-np.log10(chance), 0.3 if greater else np.inf)}


def mixture(judged: CriterionData) -> Figures:
    """Schwarz 1978: one component by its formula, four by scikit-learn; per customer."""
    n, d = judged.points.shape
    some = np.sort(judged.rng("mixtures").choice(n, min(n, 1000), replace=False))
    points = judged.points[some]
    density = multivariate_normal(
        points.mean(axis=0), np.cov(points, rowvar=False, bias=True) + FLOOR * np.eye(d)
    )
    one = ((d + d * (d + 1) / 2) * np.log(len(points)) - 2 * density.logpdf(points).sum()) / len(
        points
    )
    bells = [
        GaussianMixture(4, covariance_type=shape, reg_covar=FLOOR, n_init=3, random_state=0).fit(
            points
        )
        for shape in ("tied", "full")
    ]
    return {
        1: (one, ROUNDING * abs(one)),
        4: (min(bell.bic(points) for bell in bells) / len(points), 0.02),
    }


OF_CRITERIA: Final[Mapping[str, Callable[[CriterionData], Figures]]] = {
    "knee": of_kmeans(inertia, ks=(1, *SEVERAL)),
    "silhouette": silhouette,
    "calinski_harabasz": of_kmeans(calinski_harabasz_score),
    "davies_bouldin": of_kmeans(davies_bouldin_score),
    "ward_silhouette": ward_silhouette,
    "dendrogram_gap": dendrogram_gap,
    "gap": gap("gap", lambda points: np.eye(points.shape[1])),
    "gap_pca": gap("gap_pca", lambda points: np.linalg.eigh(np.cov(points, rowvar=False))[1]),
    "prediction_strength": prediction_strength,
    "bootstrap_stability": bootstrap_stability,
    "valley_depth": valley_depth,
    "g_means": g_means,
    "dip": dip_chance,
    "mixture_bic": mixture,
    "mixture_icl": mixture,
}


def of_points(
    score: Callable[[Points, np.ndarray], float],
) -> Callable[[Points, Segmentation], float]:
    return lambda points, fitted: score(points, fitted.labels)


def tree_agreement(_points: Points, fitted: Segmentation) -> float | None:
    own = fitted.learned.labels
    return None if own is None else accuracy_score(own, fitted.labels)


OF_METRICS: Final[Mapping[str, Callable[[Points, Segmentation], Any]]] = {
    "inertia": of_points(inertia),
    "silhouette": of_points(silhouette_score),
    "calinski_harabasz": of_points(calinski_harabasz_score),
    "davies_bouldin": of_points(davies_bouldin_score),
    "assignment_agreement": tree_agreement,
    "exact_ratio": lambda *_: None,  # up to 50,000 customers the tree is exact
}
