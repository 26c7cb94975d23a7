import numpy as np
import pytest
from sklearn.datasets import make_blobs

from models.algorithms import Hierarchical, KMeans
from models.replication import DOUBTFUL_BELOW, chance, few_customers, replication

every_algorithm = pytest.mark.parametrize(
    "algorithm",
    [KMeans(), Hierarchical(), Hierarchical(distance=5.0)],
    ids=["kmeans", "by k", "by distance"],
)


def clear(n=200):
    return make_blobs(n, centers=[[0, 0], [0, 10], [10, 0], [10, 10]], random_state=0)[0]


def cloud(n=200, d=6):
    return np.random.default_rng(0).normal(size=(n, d))


@every_algorithm
def test_clear_segments_replicate(algorithm):
    assert replication(clear(), algorithm, k=4, seed=0) == pytest.approx(1)


@every_algorithm
def test_too_many_segments_of_clear_groups_do_not_replicate_as_well(algorithm):
    assert replication(clear(), algorithm, k=9, seed=0) < 0.9


@every_algorithm
def test_segments_of_a_round_cloud_do_not_replicate(algorithm):
    assert replication(cloud(), algorithm, k=5, seed=0) < DOUBTFUL_BELOW


def test_a_long_cloud_is_cut_in_the_middle_of_both_halves_and_so_replicates():
    points = cloud(1_000, 2) * [10, 1]
    assert replication(points, KMeans(), k=2, seed=0) > DOUBTFUL_BELOW


@every_algorithm
def test_the_same_seed_gives_the_same_replication(algorithm):
    once, again = (replication(cloud(), algorithm, k=3, seed=5) for _ in range(2))
    assert once == again


@pytest.mark.parametrize(("n", "k"), [(200, 1), (19, 5), (1, 1), (5_000, 101)])
def test_one_segment_too_many_or_too_few_customers_are_not_split(n, k):
    assert replication(cloud(n), KMeans(), k=k, seed=0) is None


def test_the_fewest_customers_that_are_split_are_four_for_each_segment():
    assert replication(cloud(20), KMeans(), k=5, seed=0) is not None


def test_large_tables_are_drawn_from():
    assert replication(clear(100_000), Hierarchical(), k=4, seed=0) > 0.99


@pytest.mark.parametrize("agreement", [-0.1, 0.0, 0.64])
def test_segments_that_do_not_replicate_have_a_warning(agreement):
    [sentence] = chance(agreement)
    assert sentence.startswith("these segments do not replicate")


@pytest.mark.parametrize("agreement", [0.65, 1.0, None])
def test_replicated_or_unchecked_segments_have_no_warning(agreement):
    assert chance(agreement) == []


@pytest.mark.parametrize(
    ("n", "columns", "k", "least"), [(139, 2, 3, 140), (149, 2, 5, 150), (1, 10, 2, 700)]
)
def test_too_few_customers_are_reported_with_the_advised_number(n, columns, k, least):
    [sentence] = few_customers(n, columns, k)
    assert f"at least {least:,} are advised" in sentence


@pytest.mark.parametrize(("n", "columns", "k"), [(140, 2, 3), (150, 2, 5), (5, 3, 1)])
def test_enough_customers_are_not_remarked_on(n, columns, k):
    assert few_customers(n, columns, k) == []
