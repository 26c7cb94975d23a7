"""Silhouettes of many partitions, against their definition and scikit-learn's."""

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.metrics import silhouette_samples, silhouette_score

from models.kernels.mean_silhouettes import EXACT_UP_TO, QUERIES, mean_silhouettes
from models.kernels.silhouettes import silhouette_values

pytestmark = pytest.mark.slow


def nonempty_partitions(points, ks, seed=0):
    centers = np.random.default_rng(seed).normal(size=(max(ks), points.shape[1]))
    return [cdist(points, centers[:k]).argmin(axis=1) for k in ks]


@given(
    n=st.integers(3, 700),
    d=st.integers(1, 5),
    ks=st.lists(st.integers(2, 9), min_size=1, max_size=4),
    seed=st.integers(0, 99),
)
def test_compiled_means_agree_with_the_reference_for_any_partitions(n, d, ks, seed):
    rng = np.random.default_rng(seed)
    points = rng.integers(-3, 4, size=(n, d)) + 100.0
    partitions = [rng.permutation(np.arange(n) % min(k, n)) for k in ks]
    plain = [silhouette_values(cdist(points, points), labels) for labels in partitions]
    found = mean_silhouettes(points, partitions, seed)
    assert found.means == pytest.approx([each.mean() for each in plain], abs=1e-12)
    assert found.errors == pytest.approx([each.std() / n**0.5 for each in plain], abs=1e-12)


def test_the_mean_silhouettes_are_those_of_scikit_learn():
    points = np.random.default_rng(0).normal(size=(1_000, 3))
    partitions = nonempty_partitions(points, range(2, 8))
    expected = [silhouette_score(points, labels) for labels in partitions]
    assert mean_silhouettes(points, partitions, 0).means == pytest.approx(expected, abs=1e-12)


def test_the_silhouette_of_a_point_alone_is_zero():
    points = np.random.default_rng(0).normal(size=(60, 3))
    labels = np.array([0, *np.random.default_rng(1).integers(1, 4, size=59)])
    assert silhouette_values(cdist(points, points), labels) == pytest.approx(
        silhouette_samples(points, labels)
    )


def test_many_points_are_sampled_and_the_standard_error_covers_the_deviation():
    points = np.random.default_rng(0).normal(size=(EXACT_UP_TO + 1, 2))
    partitions = nonempty_partitions(points, [2, 6])
    found, exact = (
        mean_silhouettes(points, partitions, 0),
        mean_silhouettes(points[1:], partitions_of(partitions), 0),
    )
    assert (found.n_asked, exact.n_asked) == (QUERIES, EXACT_UP_TO)
    assert np.all(np.abs(found.means - exact.means) < 4 * found.errors)


def partitions_of(partitions):
    return [labels[1:] for labels in partitions]


def test_another_number_of_threads_changes_no_bit():
    points = np.random.default_rng(0).normal(size=(6_000, 2))
    partitions = nonempty_partitions(points, [2, 5])
    found, most = mean_silhouettes(points, partitions, 0), numba.get_num_threads()
    numba.set_num_threads(1)
    alone = mean_silhouettes(points, partitions, 0)
    numba.set_num_threads(most)
    assert alone.means.tolist() == found.means.tolist()
