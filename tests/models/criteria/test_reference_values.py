"""Each criterion against somebody else's figures, or its formula done again by hand."""

from itertools import combinations, cycle

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.stats import anderson, entropy, multivariate_normal, norm
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import (
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_samples,
    silhouette_score,
)
from sklearn.mixture import GaussianMixture

from models.criteria import CRITERIA, CriterionData
from models.criteria.density_valleys import depth_between
from models.criteria.g_means import anderson_darling
from models.criteria.gap import REFERENCES, _first_within_one_error, _gap_verdict, _in_pca_box
from models.criteria.knee import _knee
from models.criteria.prediction_strength import _min_pair_share
from models.criteria.recursive_splitting import split_until

BY_NAME = {criterion.name: criterion for criterion in CRITERIA}


def rng(seed=0):
    return np.random.default_rng(seed)


def overlapping():
    return np.concatenate([center + rng(center).normal(size=(60, 3)) for center in range(0, 9, 3)])


def centers_of_three():
    return 5.0 * np.eye(3)[np.arange(900) % 3, :2]


EVIDENCE = CriterionData(points=overlapping(), k_max=6, seed=0)
SEVERAL = range(2, 7)


def scores(name):
    return BY_NAME[name].evaluate(EVIDENCE).scores


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("silhouette", silhouette_score),
        ("calinski_harabasz", calinski_harabasz_score),
        ("davies_bouldin", davies_bouldin_score),
    ],
)
def test_an_index_is_that_of_scikit_learn(name, theirs):
    expected = {k: theirs(EVIDENCE.points, EVIDENCE.kmeans[k].labels) for k in SEVERAL}
    assert scores(name) == pytest.approx(expected)


def test_the_error_of_the_silhouette_is_the_standard_error_of_its_mean():
    errors = BY_NAME["silhouette"].evaluate(EVIDENCE).errors
    each = {k: silhouette_samples(EVIDENCE.points, EVIDENCE.kmeans[k].labels) for k in SEVERAL}
    assert errors == pytest.approx(
        {k: values.std() / np.sqrt(len(values)) for k, values in each.items()}
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["knee", "calinski_harabasz", "davies_bouldin"])
def test_the_error_is_how_far_samples_of_the_same_customers_are_from_each_other(name):
    drawn = [centers_of_three() + rng(seed).normal(size=(900, 2)) for seed in range(60)]
    verdicts = [
        BY_NAME[name].evaluate(CriterionData(points=points, k_max=3, seed=0)) for points in drawn
    ]
    errors, found = (
        [verdict.errors[3] for verdict in verdicts],
        np.std([verdict.scores[3] for verdict in verdicts]),
    )
    assert 0.6 < np.mean(errors) / found < 1.6


def test_the_ward_silhouette_is_that_of_scikit_learns_tree():
    trees = {k: AgglomerativeClustering(k).fit_predict(EVIDENCE.points) for k in SEVERAL}
    expected = {k: silhouette_score(EVIDENCE.points, labels) for k, labels in trees.items()}
    assert scores("ward_silhouette") == pytest.approx(expected)


def test_the_dendrogram_gap_is_the_room_in_which_scipy_cuts_k_segments():
    tree = linkage(EVIDENCE.points, method="ward")
    for k, room in scores("dendrogram_gap").items():
        top = tree[-(k - 1), 2]
        counts = [
            fcluster(tree, top - share * room * tree[-1, 2], "distance").max()
            for share in (0.001, 0.999, 1.001)
        ]
        assert counts[0] == counts[1] == k < counts[2]


def test_inertia_falls_fast_before_the_knee_and_slowly_after():
    assert _knee(np.array([100.0, 60.0, 20.0, 18.0, 16.0, 14.0])) == 3
    assert _knee(1 / np.arange(1.0, 11.0)) == 3
    assert _knee(np.array([5.0, 5.0, 5.0])) is None
    assert _knee(np.array([5.0])) is None


def test_the_knee_of_a_curve_does_not_depend_on_its_unit():
    curve = np.array([90.0, 50.0, 30.0, 20.0, 15.0, 12.0])
    assert _knee(curve * 1e6 + 7.0) == _knee(curve)


def least_inertia(column, k):
    """Of all ways to cut a sorted column into k stretches."""
    cuts = ([0, *inner, len(column)] for inner in combinations(range(1, len(column)), k - 1))
    return min(
        sum(((part - part.mean()) ** 2).sum() for part in np.split(column, ends[1:-1]))
        for ends in cuts
    )


def test_the_gap_is_that_of_its_formula():
    points = np.array([0, 0.02, 0.05, 0.07, 0.9, 0.93, 0.97, 1])
    references = (
        np.array([0, 0.1, 0.15, 0.3, 0.7, 0.8, 0.9, 1]),
        np.array([0, 0.1, 0.2, 0.25, 0.7, 0.75, 0.9, 1]),
    )
    turns = cycle(references)
    verdict = _gap_verdict(
        "gap",
        CriterionData(points=points[:, None], k_max=2, seed=0),
        lambda *_: next(turns)[:, None],
    )
    for k in (1, 2):
        logs = np.log([least_inertia(reference, k) for reference in references])
        assert verdict.scores[k] == pytest.approx(logs.mean() - np.log(least_inertia(points, k)))
        assert verdict.errors[k] == pytest.approx(logs.std() * np.sqrt(1 + 1 / REFERENCES))


def test_the_gap_stops_at_the_first_that_the_next_exceeds_by_no_more_than_its_error():
    gaps, errors = np.array([0.1, 0.5, 0.9, 1.0, 2.0]), np.array([0.5, 0.1, 0.1, 0.2, 0.1])
    assert _first_within_one_error([1, 2, 3, 4, 5], gaps, errors) == 3
    assert _first_within_one_error([1, 2, 3, 4, 5], gaps, errors / 10) == 5


def test_the_reference_box_is_aligned_with_the_principal_components():
    turned = rng().uniform(-1, 1, size=(500, 2)) * [10, 0.1] @ np.array([[0.6, 0.8], [-0.8, 0.6]])
    drawn = _in_pca_box(turned - turned.mean(axis=0), rng())
    assert np.abs(drawn @ [-0.8, 0.6]).max() < 0.2
    assert np.abs(drawn @ [0.6, 0.8]).max() > 9.0


def test_a_thin_diagonal_fools_the_box_of_the_columns_and_not_that_of_the_principal_components():
    along = rng().uniform(0, 10, size=(200, 1))
    diagonal = CriterionData(
        points=np.hstack([along, along]) + rng(1).uniform(0, 1, size=(200, 2)), k_max=5, seed=0
    )
    assert BY_NAME["gap"].evaluate(diagonal).k > 1
    assert BY_NAME["gap_pca"].evaluate(diagonal).k == 1


@pytest.mark.parametrize("apart", [1.5, 2.0, 2.5, 3.0])
def test_prediction_strength_chooses_the_last_k_within_an_error_of_eight_tenths(apart):
    points = np.concatenate(
        [center * apart + rng(center).normal(size=(50, 2)) for center in range(3)]
    )
    verdict = BY_NAME["prediction_strength"].evaluate(CriterionData(points=points, k_max=5, seed=0))
    assert verdict.k == max(
        k for k, strength in verdict.scores.items() if strength + verdict.errors[k] >= 0.8
    )


@pytest.mark.parametrize("seed", range(5))
def test_prediction_strength_counts_the_pairs_that_stay_together(seed):
    own, placed = rng(seed).integers(0, 4, size=(2, 40))
    kept = [
        np.mean(
            [placed[i] == placed[j] for i, j in combinations(np.flatnonzero(own == segment), 2)]
        )
        for segment in range(4)
    ]
    assert _min_pair_share(own, placed, 4) == pytest.approx(min(kept))


def test_prediction_strength_ignores_segments_of_one_customer():
    assert _min_pair_share(np.array([0, 0, 0, 1]), np.array([2, 2, 2, 0]), 3) == 1.0


def test_with_room_for_one_split_only_the_most_significant_segment_is_split():
    pairs = CriterionData(points=np.array([[0.0], [1.0], [100.0], [150.0]]), k_max=3, seed=0)
    k, farthest = split_until(pairs, np.ptp, 0.5, "pairs")
    assert (k, farthest[3]) == (3, 1.0)


@pytest.mark.parametrize("n", [8, 50, 1000])
@pytest.mark.parametrize("draw", ["normal", "exponential", "uniform"])
def test_the_normality_statistic_is_that_of_scipy_corrected_for_n(n, draw):
    x = np.sort(getattr(rng(n), draw)(size=n))
    theirs = anderson(x, "norm", method="interpolate").statistic
    assert anderson_darling(x) == pytest.approx(theirs * (1 + 4 / n - 25 / n**2))


def test_the_bic_of_one_component_agrees_with_its_formula():
    points = EVIDENCE.points
    n, d = points.shape
    density = multivariate_normal(
        points.mean(axis=0), np.cov(points, rowvar=False, bias=True) + 1e-3 * np.eye(d)
    )
    penalty = (d + d * (d + 1) / 2) * np.log(n)
    assert scores("mixture_bic")[1] == pytest.approx(
        (penalty - 2 * density.logpdf(points).sum()) / n
    )


@pytest.mark.parametrize("name", ["mixture_bic", "mixture_icl"])
def test_criteria_of_separate_components_are_the_minimum_of_scikit_learn(name):
    far = np.concatenate([center + rng(center).normal(size=(60, 2)) for center in (0, 20, 40)])
    theirs = [
        GaussianMixture(3, covariance_type=shape, random_state=0).fit(far).bic(far)
        for shape in ("tied", "full")
    ]
    mine = BY_NAME[name].evaluate(CriterionData(points=far, k_max=4, seed=0))
    assert mine.scores[3] == pytest.approx(min(theirs) / len(far), abs=0.01)


def test_the_icl_of_overlapping_components_adds_twice_their_entropy():
    near = np.concatenate([rng(1).normal(0, 1, size=(300, 1)), rng(2).normal(4, 1, size=(300, 1))])
    evidence = CriterionData(points=near, k_max=2, seed=0)
    bic, icl = (BY_NAME[name].evaluate(evidence).scores for name in ("mixture_bic", "mixture_icl"))
    shares = (
        GaussianMixture(2, covariance_type="tied", random_state=0).fit(near).predict_proba(near)
    )
    assert icl[1] == pytest.approx(bic[1])
    assert icl[2] - bic[2] == pytest.approx(2 * entropy(shares, axis=1).mean(), rel=0.1)


@pytest.mark.parametrize("spread", [0.1, 1.0, 4.0])
def test_the_valley_agrees_with_a_sum_of_gaussians(spread):
    one, other = rng(1).normal(0, 1, size=(50, 1)), rng(2).normal(4, spread, size=(80, 1))
    both = np.concatenate([one, other])[:, 0]
    width = 0.5 * np.sqrt((50 * one.var() + 80 * other.var()) / 130)
    heights = [
        norm(both, width).pdf(place).mean() for place in np.linspace(one.mean(), other.mean(), 9)
    ]
    hills = max(heights[:3]), max(heights[6:])
    assert depth_between(one, other) == pytest.approx(1 - min(heights[2:7]) / min(hills))


def test_a_valley_is_the_same_from_both_sides():
    one, other = rng(1).normal(size=(40, 3)), rng(2).normal(1.5, 1, size=(70, 3))
    assert depth_between(one, other) == pytest.approx(depth_between(other, one))


def test_one_component_has_no_valley_and_distant_ones_have_a_deep_valley():
    bell = rng().normal(size=(400, 2))
    left = bell[:, 0] < 0
    assert depth_between(bell[left], bell[~left]) < 0.1
    assert depth_between(bell, bell + 20) > 0.99
