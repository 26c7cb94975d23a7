from typing import get_args

import numpy as np
import pytest
from sklearn.cluster import KMeans as ScikitKMeans
from sklearn.datasets import make_blobs, make_moons
from sklearn.metrics import adjusted_rand_score

from models.algorithms import Algorithm, Hierarchical, KMeans
from models.algorithms.hierarchical import EXACT_UP_TO
from models.errors import CutTooFine, TooFewCustomers, TooManyCustomers, UnclearCut

LINKAGES = ["ward", "average", "complete", "single"]
every_algorithm = pytest.mark.parametrize(
    "algorithm", [kind() for kind in get_args(Algorithm)], ids=lambda a: a.name
)


@pytest.fixture(scope="module")
def points():
    return make_blobs(300, centers=4, random_state=3)[0]


@pytest.fixture(scope="module")
def tied():
    return np.random.default_rng(5).integers(0, 4, (80, 2)).astype(float)


@pytest.fixture(scope="module")
def many():
    return np.random.default_rng(5).normal(size=(EXACT_UP_TO + 1, 2))


@every_algorithm
@pytest.mark.parametrize("k", [1, 2, 7])
def test_exactly_k_segments_are_fitted(algorithm, points, k):
    assert set(algorithm.learn(points, k=k, seed=0).estimator.predict(points)) == set(range(k))


@every_algorithm
def test_the_estimator_predicts_the_segment_of_the_nearest_center(algorithm, points):
    learned = algorithm.learn(points, k=4, seed=0)
    distances = np.linalg.norm(points[:, None] - learned.centers, axis=2)
    assert (
        learned.segment_of_center[distances.argmin(axis=1)] == learned.estimator.predict(points)
    ).all()


@every_algorithm
def test_one_customer_forms_one_segment(algorithm):
    assert algorithm.learn(np.array([[1.0, 2.0]]), k=1, seed=0).k == 1


@every_algorithm
def test_every_customer_can_be_a_segment(algorithm, points):
    learned = algorithm.learn(points[:9], k=9, seed=0)
    assert len(set(learned.estimator.predict(points[:9]))) == 9


@every_algorithm
def test_an_algorithm_without_k_and_height_is_refused(algorithm, points):
    with pytest.raises(UnclearCut):
        algorithm.learn(points, k=None, seed=0)


def test_exact_kmeans_is_that_of_scikit_learn(points):
    ours = KMeans(exact=True).learn(points, k=4, seed=11).estimator.predict(points)
    assert (ours == ScikitKMeans(4, n_init=10, random_state=11).fit(points).labels_).all()


def test_kmeans_agrees_with_scikit_learn(points):
    ours = KMeans().learn(points, k=4, seed=11).estimator.predict(points)
    assert (
        adjusted_rand_score(ScikitKMeans(4, n_init=10, random_state=11).fit(points).labels_, ours)
        == 1
    )


def test_the_estimator_of_kmeans_has_all_that_scikit_learn_leaves_in_one(points):
    ours, theirs = (
        KMeans(exact=exact).learn(points, k=4, seed=0).estimator for exact in (False, True)
    )
    left = {"_n_init", "_tol", "_algorithm"}  # what only `fit` itself reads
    assert set(vars(theirs)) - set(vars(ours)) <= left
    assert ours.inertia_ == pytest.approx(theirs.inertia_)
    assert (ours.labels_ == ours.predict(points)).all()
    assert ours.transform(points).argmin(axis=1).tolist() == ours.labels_.tolist()


@pytest.mark.parametrize("linkage", LINKAGES)
def test_ties_still_give_exactly_k_segments(tied, linkage):
    found = [
        len(set(Hierarchical(linkage=linkage).learn(tied, k=k, seed=0).labels))
        for k in range(1, 17)
    ]
    assert found == list(range(1, 17))


@pytest.mark.parametrize("linkage", LINKAGES)
def test_cuts_of_one_tree_nest(points, linkage):
    tree = Hierarchical(linkage=linkage)
    coarse, fine = (tree.learn(points, k=k, seed=0).estimator.predict(points) for k in (3, 8))
    assert len(set(zip(coarse, fine, strict=True))) == 8


def test_a_height_cuts_the_tree_as_the_number_of_segments_it_leaves(points):
    by_k = Hierarchical().learn(points, k=4, seed=0)
    height = by_k.merges[-4:-2, 2].mean()
    by_height = Hierarchical(distance=height).learn(points, k=None, seed=0)
    assert (by_height.labels == by_k.labels).all()


def test_a_height_and_a_number_together_are_refused(points):
    with pytest.raises(UnclearCut):
        Hierarchical(distance=1.0).learn(points, k=2, seed=0)


def test_the_tree_above_the_centers_counts_every_customer(points):
    assert Hierarchical().learn(points, k=4, seed=0).merges[-1, 3] == len(points)


def test_the_tree_above_the_centers_has_one_leaf_per_center(points):
    learned = Hierarchical().learn(points, k=4, seed=0)
    children = learned.merges[:, :2].ravel()
    assert sorted(children) == list(range(2 * len(learned.centers) - 2))


def test_single_linkage_keeps_chained_shapes():
    points, truth = make_moons(600, noise=0.04, random_state=0)
    learned = Hierarchical(linkage="single").learn(points, k=2, seed=0)
    assert adjusted_rand_score(truth, learned.estimator.predict(points)) > 0.99


@pytest.mark.parametrize("linkage", ["average", "complete", "single"])
def test_too_many_customers_for_memory_are_refused_before_it_is_taken(linkage):
    points = np.zeros((200_000, 1))
    with pytest.raises(
        TooManyCustomers, match=rf"{linkage} .* at most 23,170 .* ward linkage or K-Means"
    ):
        Hierarchical(linkage=linkage).learn(points, k=2, seed=0)


@pytest.mark.parametrize("k", [1, 5, 300])
def test_more_customers_than_an_exact_tree_supports_are_segmented_by_groups(many, k):
    learned = Hierarchical().learn(many, k=k, seed=0)
    assert set(learned.labels) == set(range(k))
    assert learned.merges[-1, 3] == len(many)


def test_the_tree_of_many_customers_separates_distant_groups():
    points, truth = make_blobs(
        EXACT_UP_TO + 1, centers=10 * np.eye(6), cluster_std=0.5, random_state=1
    )
    assert (
        adjusted_rand_score(
            truth, Hierarchical().learn(points, k=6, seed=0).estimator.predict(points)
        )
        > 0.99
    )


def test_many_customers_that_differ_by_rounding_only_are_refused():
    with pytest.raises(TooFewCustomers, match="differ by too little to form 2 segments"):
        Hierarchical().learn(np.repeat([[0.0], [1e-170]], EXACT_UP_TO, axis=0), k=2, seed=0)


def test_the_same_seed_gives_the_same_tree_of_many_customers(many):
    one, other = (Hierarchical().learn(many, k=4, seed=7) for _ in range(2))
    assert (one.merges == other.merges).all()


def test_a_height_below_the_groups_of_many_customers_is_refused(many):
    with pytest.raises(CutTooFine, match=r"built from [\d,]+ groups .* cannot be cut below height"):
        Hierarchical(distance=1e-9).learn(many, k=None, seed=0)


def test_a_height_cuts_the_tree_of_many_customers_too(many):
    by_k = Hierarchical().learn(many, k=4, seed=0)
    by_height = Hierarchical(distance=by_k.merges[-4:-2, 2].mean()).learn(many, k=None, seed=0)
    assert (by_height.labels == by_k.labels).all()
