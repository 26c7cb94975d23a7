"""Ward's tree in little memory is Ward's tree."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import cophenet, is_valid_linkage, linkage

from models.kernels.ward import ward
from models.tree import cut
from tests.reference.ward import greedy_ward


def normal(n, d, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def same_segments(one, other):
    return len(set(zip(one, other, strict=True))) == len(set(one)) == len(set(other))


@pytest.mark.parametrize("n", [2, 3, 65, 700])
@pytest.mark.parametrize("d", [1, 2, 5, 16])
def test_it_is_the_tree_of_scipy(n, d):
    points = normal(n, d)
    mine, theirs = ward(points), linkage(points, "ward")
    assert mine[:, [0, 1, 3]] == pytest.approx(theirs[:, [0, 1, 3]])
    assert mine[:, 2] == pytest.approx(theirs[:, 2], rel=1e-9)


@given(
    st.integers(0, 10**6),
    st.integers(2, 400),
    st.integers(1, 6),
    st.floats(-1e4, 1e4),
    st.floats(1e-3, 1e3),
)
@settings(max_examples=40, deadline=None)
def test_it_is_the_tree_of_scipy_wherever_the_points_are(seed, n, d, place, scale):
    points = place + scale * normal(n, d, seed)
    assert ward(points)[:, 2] == pytest.approx(linkage(points, "ward")[:, 2], rel=1e-5)


@given(st.integers(0, 10**6), st.integers(2, 24), st.integers(1, 4))
@settings(max_examples=30, deadline=None)
def test_it_merges_the_cheapest_pair_first_however_heavy_points_are(seed, n, d):
    weights = np.random.default_rng(seed + 1).integers(1, 50, n).astype(float)
    points = normal(n, d, seed)
    assert ward(points, weights) == pytest.approx(greedy_ward(points, weights), rel=1e-9)


@given(st.integers(0, 10**6), st.integers(2, 150), st.integers(1, 3))
@settings(max_examples=30, deadline=None)
def test_a_heavy_point_is_as_many_equal_ones(seed, n, d):
    points, times = normal(n, d, seed), np.random.default_rng(seed).integers(1, 6, n)
    heavy, repeated = ward(points, times.astype(float)), ward(np.repeat(points, times, axis=0))
    assert heavy[:, 2] == pytest.approx(repeated[-(n - 1) :, 2], rel=1e-9)
    assert heavy[:, 3] == pytest.approx(repeated[-(n - 1) :, 3])
    for k in {1, 2, n // 2 + 1, n}:
        assert same_segments(np.repeat(cut(heavy, k), times), cut(repeated, k))


@pytest.mark.parametrize("seed", range(5))
def test_duplicates_are_merged_first_and_change_nothing_above(seed):
    distinct = normal(90, 3, seed)
    points = np.random.default_rng(seed).permutation(np.repeat(distinct, 8, axis=0))
    mine, theirs = ward(points), linkage(points, "ward")
    assert mine[:, 2] == pytest.approx(theirs[:, 2], rel=1e-9, abs=1e-9)
    assert np.allclose(cophenet(mine), cophenet(theirs))


@pytest.mark.parametrize(
    "points", [np.ones((300, 2)), normal(40, 2).round() * 0 + 5, np.repeat([[0.0], [1.0]], 99, 0)]
)
def test_merges_of_equal_points_have_height_zero(points):
    tree = ward(points)
    assert is_valid_linkage(tree)
    assert np.count_nonzero(tree[:, 2]) == len(np.unique(points, axis=0)) - 1


@pytest.mark.parametrize("seed", range(5))
def test_with_ties_each_merge_still_has_its_true_cost(seed):
    points = np.random.default_rng(seed).integers(0, 5, (500, 2)).astype(float)
    tree = ward(points)
    assert is_valid_linkage(tree)
    assert (np.diff(tree[:, 2]) >= 0).all()
    assert np.sum(tree[:, 2] ** 2) / 2 == pytest.approx(np.sum((points - points.mean(axis=0)) ** 2))


@pytest.mark.parametrize("k", [2, 3, 10])
def test_merge_costs_above_a_cut_add_up_to_the_variance_between_its_segments(k):
    points = normal(1_500, 4)
    tree, segment = ward(points), cut(ward(points), k)
    within = sum(
        np.sum((part - part.mean(axis=0)) ** 2) for part in (points[segment == i] for i in range(k))
    )
    total = np.sum((points - points.mean(axis=0)) ** 2)
    assert np.sum(tree[-(k - 1) :, 2] ** 2) / 2 == pytest.approx(total - within)


def test_one_point_is_a_tree_without_merges():
    assert ward(np.ones((1, 3))).shape == (0, 4)


def test_two_points_are_merged_at_their_distance():
    assert ward(np.array([[0.0, 0.0], [3.0, 4.0]])).tolist() == [[0, 1, 5, 2]]


def test_its_points_and_weights_stay_as_they_are():
    points, weights = normal(400, 2), np.ones(400)
    ward(points, weights)
    assert (points == normal(400, 2)).all()
    assert (weights == 1).all()
