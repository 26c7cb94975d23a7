import re

import numpy as np
import pytest
import sklearn.metrics
from sklearn.datasets import make_blobs

from models.algorithms import ClusteringResult, Hierarchical, KMeans
from models.kernels.mean_silhouettes import EXACT_UP_TO
from models.metrics import METRICS, MetricInput, exact_ratio, measure

NEED_TWO_SEGMENTS = ["silhouette", "calinski_harabasz", "davies_bouldin"]
every_algorithm = pytest.mark.parametrize(
    "algorithm", [KMeans(), Hierarchical()], ids=lambda a: a.name
)


def clustered(points, algorithm, k):
    learned = algorithm.learn(points, k=k, seed=0)
    labels = learned.estimator.predict(points)
    return MetricInput(points=points, labels=labels, learned=learned, seed=0, warn=pytest.fail)


def placed(points, labels, warn):
    learned = ClusteringResult(
        estimator=None, centers=np.zeros((2, 2)), segment_of_center=np.arange(2)
    )
    return MetricInput(points=points, labels=labels, learned=learned, seed=0, warn=warn)


@pytest.fixture(scope="module")
def points():
    return make_blobs(200, centers=3, random_state=0)[0]


@every_algorithm
def test_every_metric_is_measured_under_its_own_name(points, algorithm):
    assert list(measure(clustered(points, algorithm, 3))) == [metric.__name__ for metric in METRICS]


@every_algorithm
@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.__name__)
def test_a_metric_does_not_depend_on_the_order_of_the_customers(points, algorithm, metric):
    shuffled = np.random.default_rng(0).permutation(len(points))
    one = clustered(points, algorithm, 3)
    own = None if one.learned.groups is None else one.learned.groups[shuffled]
    learned = ClusteringResult(
        estimator=one.learned.estimator,
        centers=one.learned.centers,
        segment_of_center=one.learned.segment_of_center,
        groups=own,
    )
    other = MetricInput(
        points=points[shuffled],
        labels=one.labels[shuffled],
        learned=learned,
        seed=0,
        warn=pytest.fail,
    )
    assert metric(other) == pytest.approx(metric(one))


@every_algorithm
@pytest.mark.parametrize("name", NEED_TWO_SEGMENTS)
def test_one_segment_has_no_comparative_metrics(points, algorithm, name):
    assert measure(clustered(points, algorithm, 1))[name] is None


@every_algorithm
@pytest.mark.parametrize("name", NEED_TWO_SEGMENTS)
def test_segments_of_one_customer_each_have_nothing_to_compare_within(points, algorithm, name):
    assert measure(clustered(points[:5], algorithm, 5))[name] is None


@pytest.mark.parametrize("name", NEED_TWO_SEGMENTS)
def test_a_metric_of_scikit_learn_is_that_of_scikit_learn(points, name):
    theirs = getattr(sklearn.metrics, f"{name}_score")
    mine = clustered(points, KMeans(), 3)
    assert measure(mine)[name] == pytest.approx(theirs(points, mine.labels))


@pytest.mark.parametrize("name", NEED_TWO_SEGMENTS)
def test_an_empty_segment_changes_no_metric_of_scikit_learn(points, name):
    theirs = getattr(sklearn.metrics, f"{name}_score")
    labels = clustered(points, KMeans(), 3).labels + np.int64(2)
    mine = next(metric for metric in METRICS if metric.__name__ == name)
    assert mine(placed(points, labels, pytest.fail)) == pytest.approx(theirs(points, labels))


def test_the_inertia_of_kmeans_is_that_of_scikit_learn(points):
    mine = clustered(points, KMeans(), 3)
    assert measure(mine)["inertia"] == pytest.approx(mine.learned.estimator.inertia_)


def test_the_inertia_of_a_tree_is_measured_from_the_means_of_its_segments(points):
    mine = clustered(np.vstack([points, points + 0.01]), Hierarchical(), 3)
    within = [
        ((mine.points[mine.labels == s] - mine.points[mine.labels == s].mean(0)) ** 2).sum()
        for s in range(3)
    ]
    assert measure(mine)["inertia"] == pytest.approx(sum(within))


def test_kmeans_has_no_tree_to_agree_with(points):
    assert measure(clustered(points, KMeans(), 3))["assignment_agreement"] is None


def test_a_small_tree_agrees_with_its_assignments(points):
    assert measure(clustered(points, Hierarchical(), 3))["assignment_agreement"] == 1.0


def test_a_tree_that_grows_from_each_customer_needs_no_comparison_with_the_exact_one(points):
    assert measure(clustered(points, Hierarchical(), 3))["exact_ratio"] is None


def test_a_tree_of_groups_reports_its_extra_variance_over_the_exact_tree():
    points = make_blobs(50_001, centers=4, random_state=0)[0]
    learned = Hierarchical().learn(points, k=4, seed=0)
    said = []
    labels = learned.estimator.predict(points)
    ratio = exact_ratio(
        MetricInput(points=points, labels=labels, learned=learned, seed=0, warn=said.append)
    )
    assert 0.9 < ratio < 1.05
    assert len(said) == 1
    assert (
        f"its inertia is {ratio:.3f} times that of the exact tree, on a sample of 10,000 customers"
        in said[0]
    )


def test_segments_without_any_width_have_no_ratio_to_the_exact_ones():
    points = np.repeat(np.eye(2), 30_000, axis=0)
    learned = Hierarchical().learn(points, k=2, seed=0)
    said = []
    clustering = MetricInput(
        points=points, labels=learned.labels, learned=learned, seed=0, warn=said.append
    )
    assert exact_ratio(clustering) is None
    assert said == [
        "the tree is built from up to 2,000 groups of customers, not from single customers"
    ]


def test_a_figure_beyond_a_float_is_no_figure():
    points = np.array([[0.0, 0.0], [1e-150, 0.0], [1e100, 0.0], [1e100, 0.0]])
    assert measure(placed(points, np.array([0, 0, 1, 1]), pytest.fail))["calinski_harabasz"] is None


def test_a_sampled_silhouette_is_reported():
    points = np.random.default_rng(0).normal(size=(EXACT_UP_TO + 1, 2))
    labels = (points[:, 0] > 0).astype(np.int64)
    said = []
    measure(placed(points, labels, said.append))
    (sentence,) = said
    assert re.fullmatch(
        r"the silhouette is measured .* 4,096 customers: its standard error is 0\.00\d+", sentence
    )
