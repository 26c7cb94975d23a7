from dataclasses import replace

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans as ScikitKMeans
from sklearn.datasets import make_blobs
from threadpoolctl import threadpool_limits

from models.algorithms import KMeans
from models.kernels.kmeans import SAMPLE, Search, kmeans
from models.kernels.kmeans_plus_plus import kmeans_plus_plus, random_draws
from models.kernels.lloyd import lloyd
from models.kernels.partition import nearest
from models.kernels.tiles import in_tiles, pass_over_rows, pass_over_tiles
from tests.reference.kmeans import reference_lloyd

SEARCH = Search(k=4, n_init=10, init="k-means++", max_iter=300, tol=1e-4, seed=0)
LARGE = make_blobs(SAMPLE + 9_999, 3, centers=4, cluster_std=2.0, random_state=0)[0]
sizes = st.tuples(
    st.integers(1, 600), st.integers(1, 9), st.integers(1, 7), st.integers(0, 2**32 - 1)
)


def cloud(n, d, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def mixture(seed):
    """Draw round groups of uneven sizes and widths, some overlapping, and a number of segments."""
    random = np.random.default_rng(seed)
    n, d, groups = (
        int(random.choice(sizes)) for sizes in ([200, 1_000, 5_000], range(2, 17), range(1, 13))
    )
    centers = random.normal(size=(groups, d)) * random.uniform(1, 6)
    group = random.choice(groups, n, p=random.dirichlet(np.full(groups, 2.0)))
    return centers[group] + random.normal(size=(n, d)) * random.uniform(0.3, 1.5, groups)[
        group, None
    ], int(random.integers(2, 13))


def left_by(points, chosen, candidates):
    """Give the inertia that each candidate leaves beside the starts chosen before."""
    starts = [[*chosen, candidate] for candidate in candidates]
    return [
        ((points[:, None] - points[rows]) ** 2).sum(axis=2).min(axis=1).sum() for rows in starts
    ]


def drawn(points, chosen, draws):
    """Map draws from 0 to 1 to rows, weighted by the squared distance from earlier starts."""
    least = ((points[:, None] - points[chosen]) ** 2).sum(axis=2).min(axis=1)
    reached = np.cumsum(least)
    return np.searchsorted(reached, draws * reached[-1], side="right").tolist()


@given(sizes)
@settings(max_examples=40, deadline=None)
def test_a_pass_agrees_with_plain_code(size):
    n, k, d, seed = size
    points = cloud(n, d, seed)
    centers, before = (
        cloud(k, d, seed + 1),
        np.random.default_rng(seed).integers(0, k, n).astype(np.int32),
    )
    member = np.eye(k)[before]
    for by_tiles in (True, False):
        labels, sums, counts = before.copy(), member.T @ points, member.sum(axis=0)
        inertia, changed = (
            pass_over_tiles(in_tiles(points, np.float64), centers, labels, sums, counts)
            if by_tiles
            else pass_over_rows(points, np.zeros(d), centers, labels, sums, counts)
        )
        after = np.eye(k)[labels]
        assert np.array_equal(labels, nearest(points, centers))
        assert changed == (labels != before).sum()
        assert inertia == pytest.approx(((points - centers[labels]) ** 2).sum())
        assert sums == pytest.approx(after.T @ points, abs=1e-9)
        assert counts.tolist() == after.sum(axis=0).tolist()


@given(sizes)
@settings(max_examples=40, deadline=None)
def test_one_start_ends_where_plain_code_ends(size):
    n, k, d, seed = size
    points = cloud(n, d, seed)
    centers = points[np.random.default_rng(seed).choice(n, min(n, k), replace=False)]
    plain = reference_lloyd(points, centers)
    found = centers.copy()
    inertia = lloyd(in_tiles(points, np.float64), n, found, -1.0, 50)
    assert found == pytest.approx(plain.centers)
    assert inertia == pytest.approx(plain.inertia, rel=1e-3, abs=1e-9)


@given(sizes)
@settings(max_examples=40, deadline=None)
def test_each_start_is_one_of_those_drawn_and_leaves_the_least_inertia_of_them(size):
    n, k, d, seed = size
    points, k = cloud(n, d, seed), min(n, k)
    draws = random_draws(k, np.random.default_rng(seed))
    chosen = kmeans_plus_plus(in_tiles(points, np.float64), n, draws).tolist()
    assert chosen[0] == int(draws[0, 0] * n)
    for step in range(1, k):
        candidates = drawn(points, chosen[:step], draws[step])
        assert chosen[step] in candidates
        left = left_by(points, chosen[:step], [chosen[step], *candidates])
        assert left[0] == pytest.approx(min(left))


@pytest.mark.slow
def test_over_random_mixtures_it_is_as_good_as_ten_starts_of_scikit_learn():
    ratios = []
    with threadpool_limits(1):
        for points, k in map(mixture, range(40)):
            theirs = ScikitKMeans(k, n_init=10, random_state=0).fit(points).inertia_
            ratios.append(kmeans(points, replace(SEARCH, k=k)).inertia / theirs)
    assert np.median(ratios) <= 1.0001
    assert np.quantile(ratios, 0.8) <= 1.001
    assert max(ratios) <= 1.02


def test_starts_on_a_sample_end_as_low_as_starts_on_all():
    with threadpool_limits(1):
        theirs = ScikitKMeans(4, n_init=1, random_state=0).fit(LARGE).inertia_
    assert kmeans(LARGE, SEARCH).inertia <= 1.001 * theirs


def test_a_note_reports_that_starts_were_compared_on_a_sample():
    [note] = KMeans().learn(LARGE, k=4, seed=0).notes
    assert note.startswith("the starts were compared on a random sample of 32,768 customers; ")
    assert KMeans().learn(LARGE[:SAMPLE], k=4, seed=0).notes == ()


@pytest.mark.parametrize("points", [LARGE, LARGE[:50]], ids=["large", "small"])
def test_the_number_of_threads_changes_no_bit(points):
    several = kmeans(points, SEARCH)
    most = numba.get_num_threads()
    numba.set_num_threads(1)
    one = kmeans(points, SEARCH)
    numba.set_num_threads(most)
    assert several.centers.tobytes() == one.centers.tobytes()
    assert several.inertia == one.inertia


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_rare_customers_are_found_though_no_start_saw_them(init):
    points = np.zeros((SAMPLE * 4, 2))
    points[7], points[-7] = [1, 0], [0, 5]
    found = kmeans(points, replace(SEARCH, k=3, init=init))
    assert sorted(map(tuple, found.centers.round(9))) == [(0, 0), (0, 5), (1, 0)]
    assert found.inertia == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_each_distinct_customer_can_be_a_segment(init):
    points = np.repeat(cloud(9, 2), 30, axis=0)
    assert len(set(kmeans(points, replace(SEARCH, k=9, init=init)).labels)) == 9


def test_more_segments_than_distinct_customers_leave_some_empty():
    assert len(set(kmeans(np.repeat(cloud(3, 2), 30, axis=0), SEARCH).labels)) == 3


def test_one_segment_is_around_the_mean():
    found = kmeans(LARGE, replace(SEARCH, k=1))
    assert found.centers == pytest.approx(LARGE.mean(axis=0)[None])
    assert found.inertia == pytest.approx(len(LARGE) * LARGE.var(axis=0).sum())


@pytest.mark.parametrize("scale", [1e-100, 1e-12, 1e12, 1e100])
def test_the_unit_does_not_matter(scale):
    points = LARGE[:2_000]
    one, other = kmeans(points, SEARCH), kmeans(points * scale, SEARCH)
    assert other.inertia == pytest.approx(one.inertia * scale**2)


def test_segments_closer_than_float32_precision_are_separated():
    near = make_blobs(500, centers=[[0, 0], [0, 1], [1, 0]], cluster_std=0.1, random_state=0)[0]
    points = np.vstack([near * 1e-7, [[1.0, 1.0]]])
    assert kmeans(points, SEARCH).inertia == pytest.approx(
        kmeans(near, replace(SEARCH, k=3)).inertia * 1e-14
    )


def test_far_from_zero_is_as_near():
    one, other = kmeans(LARGE, SEARCH), kmeans(LARGE + 1e7, SEARCH)
    assert other.inertia == pytest.approx(one.inertia, rel=1e-6)


def test_the_number_of_passes_is_limited_by_max_iter():
    assert kmeans(LARGE, replace(SEARCH, max_iter=1)).passes == 1


def test_read_only_and_transposed_points_are_points():
    points = np.asfortranarray(LARGE)
    points.flags.writeable = False
    assert np.array_equal(kmeans(points, SEARCH).centers, kmeans(LARGE, SEARCH).centers)
