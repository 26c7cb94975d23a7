import numpy as np
import pytest
from sklearn.datasets import make_blobs

from models.algorithms import Hierarchical, KMeans
from models.stability import DOUBTFUL_BELOW, MAX_SEGMENTS, segment_stability, stability_warnings

pytestmark = pytest.mark.slow

every_algorithm = pytest.mark.parametrize(
    "algorithm",
    [KMeans(), Hierarchical(), Hierarchical(distance=5.0)],
    ids=["kmeans", "by k", "by distance"],
)
FOUR = [[0, 0], [0, 10], [10, 0], [10, 10]]


def clear(n=200):
    return make_blobs(n, centers=FOUR, cluster_std=1.0, random_state=0)


def learned(points, algorithm, k):
    return algorithm.fast_variant().learn(points, k=k, seed=0).estimator.predict(points)


def stability(points, algorithm, k, seed=0):
    return segment_stability(points, learned(points, algorithm, k), algorithm, k=k, seed=seed)


@every_algorithm
def test_separate_segments_are_stable(algorithm):
    assert min(stability(clear()[0], algorithm, 4)) > 0.95


@every_algorithm
def test_arbitrary_segments_are_not_stable(algorithm):
    points = np.random.default_rng(0).normal(size=(200, 6))
    assert max(stability(points, algorithm, 7)) < DOUBTFUL_BELOW


@every_algorithm
def test_dividing_one_segment_at_random_leaves_the_other_stable(algorithm):
    points, _ = make_blobs([150, 100], centers=[[0] * 5, [20] * 5], random_state=0)
    labels = learned(points, algorithm, 3)
    found = segment_stability(points, labels, algorithm, k=3, seed=0)
    [whole] = [segment for segment in range(3) if (labels == segment).sum() in {100, 150}]
    assert found[whole] > 0.95
    assert all(value < 0.85 for segment, value in enumerate(found) if segment != whole)


@every_algorithm
def test_the_same_seed_gives_the_same_stability(algorithm):
    points = np.random.default_rng(0).normal(size=(120, 3))
    assert stability(points, algorithm, 4, seed=3) == stability(points, algorithm, 4, seed=3)


@every_algorithm
def test_another_seed_draws_other_customers(algorithm):
    points = np.random.default_rng(0).normal(size=(120, 3))
    assert stability(points, algorithm, 4, seed=3) != stability(points, algorithm, 4, seed=4)


@pytest.mark.parametrize("k", [1, MAX_SEGMENTS + 1])
def test_one_segment_and_very_many_have_no_stability(k):
    points = np.random.default_rng(0).normal(size=(300, 2))
    assert segment_stability(points, np.arange(300) % k, KMeans(), k=k, seed=0) == [None] * k


def test_an_empty_segment_has_no_stability():
    points, truth = clear()
    assert segment_stability(points, truth, KMeans(), k=5, seed=0)[4] is None


@every_algorithm
def test_fewer_different_customers_than_segments_may_be_drawn(algorithm):
    points = np.repeat([[0.0], [1.0], [2.0]], 2, axis=0)
    assert all(0 <= value <= 1 for value in stability(points, algorithm, 3))


def test_large_tables_are_drawn_from():
    points, truth = clear(50_000)
    assert min(segment_stability(points, truth, Hierarchical(), k=4, seed=0)) > 0.95


def test_doubts_name_the_segments_that_should_not_be_trusted():
    [doubt] = stability_warnings(["young", "old", "all"], [0.59, 0.6, None])
    assert doubt.startswith("'young' is not stable (0.59 of 1)")
