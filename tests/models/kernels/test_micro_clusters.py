"""Many points as a few thousand weighted centers."""

import numba
import numpy as np
import pytest
from sklearn.datasets import make_blobs

from models.kernels.micro_clusters import SAMPLE, assign_to_micro_clusters, build_micro_clusters
from models.kernels.ward import ward
from models.tree import cut

N, M = 80_000, 400


def within(points, labels, k):
    return sum(
        np.sum((part - part.mean(axis=0)) ** 2) for part in (points[labels == i] for i in range(k))
    )


@pytest.fixture(scope="module")
def points():
    return make_blobs(N, n_features=3, centers=6, cluster_std=2.0, random_state=0)[0]


@pytest.fixture(scope="module")
def condensed(points):
    return build_micro_clusters(points, M, seed=0)


@pytest.mark.parametrize("d", [1, 2, 7])
@pytest.mark.parametrize("m", [1, 63, 64, 65, 300])
def test_every_point_is_assigned_to_its_nearest_center(d, m):
    points, centers = (
        np.random.default_rng(1).normal(size=(500, d)),
        np.random.default_rng(2).normal(size=(m, d)),
    )
    squares = np.sum((points[:, None] - centers) ** 2, axis=2)
    placed = assign_to_micro_clusters(points, centers)
    assert (placed.groups == squares.argmin(axis=1)).all()
    assert placed.away == pytest.approx(squares.min(axis=1))


def test_each_group_weighs_its_points_and_lies_at_their_mean(points, condensed):
    m = len(condensed.centers)
    assert (np.bincount(condensed.groups, minlength=m) == condensed.weights).all()
    means = (
        np.stack([np.bincount(condensed.groups, column) for column in points.T], axis=1)
        / condensed.weights[:, None]
    )
    assert condensed.centers == pytest.approx(means)


def test_at_most_the_requested_number_of_groups_is_built_and_hardly_fewer(condensed):
    assert 0.99 * M <= len(condensed.centers) <= M


def test_the_same_seed_gives_the_same_groups_with_any_number_of_threads(points, condensed):
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        again = build_micro_clusters(points, M, seed=0)
    finally:
        numba.set_num_threads(before)
    assert (again.groups == condensed.groups).all()
    assert (again.centers == condensed.centers).all()


@pytest.mark.parametrize("separated", [True, False])
def test_a_tree_of_groups_has_segments_hardly_wider_than_the_exact_ones(separated):
    points = make_blobs(
        4_000, n_features=4, centers=5 if separated else [[0.0] * 4], random_state=1
    )[0]
    condensed = build_micro_clusters(points, 800, seed=0)
    of_groups, exact = ward(condensed.centers, condensed.weights), ward(points)
    for k in (2, 5, 10):
        assert within(points, cut(of_groups, k)[condensed.groups], k) < 1.06 * within(
            points, cut(exact, k), k
        )


def test_few_different_points_are_the_groups():
    points = np.random.default_rng(0).integers(0, 6, (N, 3)).astype(float)
    condensed = build_micro_clusters(points, 1_000, seed=0)
    assert len(condensed.centers) == len(np.unique(points, axis=0))
    assert (condensed.centers[condensed.groups] == points).all()


def test_a_point_that_the_sample_has_missed_is_a_group_where_there_are_few_others():
    points = np.zeros((SAMPLE + N, 2))
    points[np.arange(20), 0] = np.arange(20)
    assert len(build_micro_clusters(points, 100, seed=3).centers) == 20


def test_fewer_points_than_groups_stay_as_they_are():
    points = np.random.default_rng(0).normal(size=(50, 2))
    assert (build_micro_clusters(points, 100, seed=0).weights == 1).all()
