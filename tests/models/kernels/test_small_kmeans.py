import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs

from models.kernels import small_kmeans
from models.kernels.sparse_lloyd import sparse_rows
from tests.reference.kmeans import reference_kmeans, reference_kmeans_plus_plus, reference_lloyd

FAR = make_blobs(150, n_features=3, centers=4, cluster_std=0.5, random_state=0)[0]
OVERLAPPING = make_blobs(150, n_features=3, centers=4, cluster_std=4.0, random_state=0)[0]


def with_levels(n_levels):
    """Return an amount beside two categories, one-hot encoded as a preparation leaves them."""
    draw = rng()
    levels = [np.eye(n_levels)[draw.integers(n_levels, size=400)] for _ in range(2)]
    return np.column_stack([draw.normal(size=400), *(each - each.mean(axis=0) for each in levels)])


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    "points", [FAR, OVERLAPPING, OVERLAPPING[:, :1]], ids=["far", "overlapping", "one column"]
)
@pytest.mark.parametrize("k", [1, 2, 5, 9])
@pytest.mark.parametrize("seed", range(3))
def test_from_the_same_start_it_ends_where_scikit_learn_ends(points, k, seed):
    start = reference_kmeans_plus_plus(points, k, rng(seed))
    mine, theirs = (
        reference_lloyd(points, start),
        KMeans(k, init=start, n_init=1, tol=0).fit(points),
    )
    assert np.array_equal(mine.labels, theirs.labels_)
    assert mine.centers == pytest.approx(theirs.cluster_centers_)
    assert mine.inertia == pytest.approx(theirs.inertia_)


def test_every_center_is_the_mean_of_its_points_and_every_point_is_with_its_nearest_center():
    found = reference_kmeans(OVERLAPPING, 5, 3, rng())
    means = [OVERLAPPING[found.labels == segment].mean(axis=0) for segment in range(5)]
    away = np.linalg.norm(OVERLAPPING[:, None] - found.centers, axis=2)
    assert found.centers == pytest.approx(np.array(means))
    assert np.array_equal(found.labels, away.argmin(axis=1))


def test_a_center_that_no_point_is_near_stays_where_it_is():
    found = reference_lloyd(FAR, np.vstack([FAR[:2], [[1e3, 1e3, 1e3]]]))
    assert found.centers[2].tolist() == [1e3, 1e3, 1e3]
    assert set(found.labels) == {0, 1}


def test_the_inertia_of_one_segment_is_the_total_variance():
    assert reference_kmeans(OVERLAPPING, 1, 1, rng()).inertia == pytest.approx(
        150 * OVERLAPPING.var(axis=0).sum()
    )


def test_more_starts_never_find_a_greater_inertia():
    inertias = [
        reference_kmeans(OVERLAPPING, 8, starts, rng()).inertia for starts in (1, 2, 4, 8, 16)
    ]
    assert inertias == sorted(inertias, reverse=True)


def test_its_best_is_about_as_good_as_the_best_of_scikit_learn():
    theirs = KMeans(8, n_init=10, random_state=0).fit(OVERLAPPING).inertia_
    assert reference_kmeans(OVERLAPPING, 8, 10, rng()).inertia == pytest.approx(theirs, rel=0.03)


def test_as_many_segments_as_distinct_points_leave_no_inertia():
    distinct = FAR[:6] - FAR.mean(axis=0)
    found = reference_kmeans(np.repeat(distinct, 10, axis=0), 6, 1, rng())
    assert found.inertia == pytest.approx(0, abs=1e-9)
    assert len(set(found.labels)) == 6


@pytest.mark.parametrize("k", [1, 7, 150])
def test_starting_centers_are_distinct_points(k):
    chosen = reference_kmeans_plus_plus(FAR, k, rng())
    assert len(np.unique(chosen, axis=0)) == k
    assert {tuple(start) for start in chosen} <= {tuple(point) for point in FAR}


def test_starts_among_fewer_distinct_points_are_repeated():
    assert reference_kmeans_plus_plus(np.ones((5, 2)), 3, rng()).tolist() == [[1, 1]] * 3


def test_starts_are_spread_over_far_groups():
    corners = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]])
    points = np.concatenate([corner + rng().normal(size=(30, 2)) for corner in corners])
    starts = reference_kmeans_plus_plus(points, 3, rng())
    assert {int(np.linalg.norm(corners - start, axis=1).argmin()) for start in starts} == {0, 1, 2}


def test_the_same_seed_gives_the_same_partition():
    one, other = (
        reference_kmeans(OVERLAPPING, 6, 4, rng(3)),
        reference_kmeans(OVERLAPPING, 6, 4, rng(3)),
    )
    assert np.array_equal(one.labels, other.labels)
    assert one.inertia == other.inertia


def test_a_partition_moves_with_its_points():
    one, other = (
        reference_kmeans(OVERLAPPING, 4, 4, rng()),
        reference_kmeans(OVERLAPPING + 10, 4, 4, rng()),
    )
    assert np.array_equal(one.labels, other.labels)
    assert other.centers == pytest.approx(one.centers + 10)
    assert other.inertia == pytest.approx(one.inertia)


@pytest.mark.parametrize(
    "points", [FAR, OVERLAPPING, OVERLAPPING[:, :1]], ids=["far", "overlapping", "one column"]
)
@pytest.mark.parametrize("k", [1, 2, 5, 9])
def test_from_the_same_draws_the_compiled_one_ends_where_the_plain_one_ends(points, k):
    plain, compiled = (
        reference_kmeans(points, k, 3, rng()),
        small_kmeans.small_kmeans(points, k, 3, rng()),
    )
    assert np.array_equal(compiled.labels, plain.labels)
    assert compiled.centers == pytest.approx(plain.centers)
    assert compiled.inertia == pytest.approx(plain.inertia)


def test_compiled_too_a_center_that_no_point_is_near_stays_where_it_is():
    found = small_kmeans.lloyd(FAR, np.vstack([FAR[:2], [[1e3, 1e3, 1e3]]]))
    assert found.centers[2].tolist() == [1e3, 1e3, 1e3]
    assert found.sizes.tolist()[2] == 0


@pytest.mark.parametrize("k", [1, 2, 9])
def test_categories_of_many_levels_end_where_plain_code_ends(k):
    points = with_levels(30)
    start = points[rng().choice(len(points), k, replace=False)]
    plain, compiled = reference_lloyd(points, start), small_kmeans.lloyd(points, start)
    assert sparse_rows(points) is not None
    assert np.array_equal(compiled.labels, plain.labels)
    assert compiled.centers == pytest.approx(plain.centers)
    assert compiled.inertia == pytest.approx(plain.inertia)


def test_a_center_that_no_sparse_row_is_near_stays_where_it_is():
    points = with_levels(30)
    found = small_kmeans.lloyd(points, np.vstack([points[:2], np.full(61, 1e3)]))
    assert found.centers[2].tolist() == pytest.approx([1e3] * 61)


@pytest.mark.parametrize("points", [FAR, with_levels(2), rng().normal(size=(100, 30))])
def test_dense_points_are_not_compressed(points):
    assert sparse_rows(points) is None
