"""Laws of the recommendation."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import davies_bouldin_score, silhouette_score
from threadpoolctl import threadpool_limits

from models.algorithms import Hierarchical, KMeans
from models.criteria import CRITERIA
from models.errors import TooFewCustomers, TooFewToChoose, UnusableColumn
from models.features import Feature
from models.kernels.mean_silhouettes import mean_silhouettes
from models.selection import recommend_k
from models.selection.constraints import Constraints, choose
from models.selection.k_probabilities import credible_set
from models.selection.summary_text import format_recommendation

pytestmark = pytest.mark.slow


def table_of(points, **categories):
    table = pd.DataFrame(points, columns=[f"x{i}" for i in range(points.shape[1])])
    return table.assign(
        **{name: pd.Series(values, dtype="str") for name, values in categories.items()}
    )


def ask(table, algorithm=None, **limits):
    kinds = {
        name: "numeric" if column.dtype.kind == "f" else "categorical"
        for name, column in table.items()
    }
    features = [Feature(name=name, kind=kind) for name, kind in kinds.items()]
    return recommend_k(table, features, algorithm or KMeans(), **limits)


def heaps(k, each=60, d=3, seed=0):
    rng = np.random.default_rng(seed)
    centers = (
        12 * np.eye(max(k, d))[:k, :d]
        if k <= d
        else rng.permutation(np.arange(k * d).reshape(k, d) * 6.0)
    )
    return np.repeat(centers, each, axis=0) + rng.normal(size=(k * each, d))


@pytest.fixture(scope="module")
def three():
    return table_of(heaps(3))


@pytest.fixture(scope="module")
def plain(three):
    return ask(three)


@pytest.mark.parametrize("algorithm", [KMeans(), Hierarchical(linkage="average")], ids=str)
def test_clear_segments_are_counted_and_certain(three, algorithm):
    advice = ask(three, algorithm)
    assert (advice.k, advice.credible_set, advice.text) == (3, (3,), "3 segments.")


def test_a_continuum_is_one_segment_and_described_as_a_continuum():
    advice = ask(table_of(np.random.default_rng(0).normal(size=(300, 4))))
    assert (advice.k, advice.text) == (1, "No clear segments: these customers form one continuum.")


def test_a_single_column_without_segments_is_one_segment():
    assert ask(table_of(np.random.default_rng(0).normal(size=(200, 1)))).k == 1


def test_probabilities_add_up_to_one_and_every_criterion_has_a_verdict(plain):
    assert sum(plain.probabilities.values()) == pytest.approx(1)
    assert [verdict.criterion for verdict in plain.verdicts] == [
        criterion.name for criterion in CRITERIA
    ]


def test_only_requested_criteria_are_returned_and_the_recommendation_is_the_same(three, plain):
    advice = ask(three, criteria=["silhouette"])
    assert [verdict.criterion for verdict in advice.verdicts] == ["silhouette"]
    assert advice.probabilities == plain.probabilities


def test_the_same_seed_gives_the_same_answer_to_the_last_bit(three, plain):
    assert ask(three) == plain


def test_another_number_of_threads_changes_nothing(three, plain):
    with threadpool_limits(limits=2):
        assert ask(three) == plain


def test_an_unrelated_category_changes_nothing_but_is_named(three, plain):
    gender = np.random.default_rng(1).choice(["f", "m"], len(three))
    advice = ask(three.assign(gender=pd.Series(gender, dtype="str")))
    assert (advice.k, advice.probabilities) == (plain.k, plain.probabilities)
    assert any("'gender'" in warning for warning in advice.warnings)


def test_categories_that_depend_on_each_other_are_looked_at():
    group = np.repeat(["a", "b", "c"], 60)
    advice = ask(table_of(np.empty((180, 0)), one=group, other=group))
    assert advice.k == 3
    assert not any("related to no other" in warning for warning in advice.warnings)


def test_limits_restrict_the_choice_and_not_the_probabilities(three, plain):
    advice = ask(three, k_min=4, k_max=6)
    assert 4 <= advice.k <= 6
    assert advice.probabilities == {k: plain.probabilities[k] for k in range(1, 7)}
    assert advice.text == f"Within your limits {advice.k} segments; without them: 3 segments."


def test_a_recommendation_at_the_edge_of_the_range_has_a_warning(three):
    advice = ask(three, k_max=2)
    assert any("more segments may fit better" in warning for warning in advice.warnings)


def test_a_segment_below_the_least_share_is_not_formed():
    points = heaps(3, each=100)[:220]
    assert ask(table_of(points)).k == 3
    assert ask(table_of(points), min_share=0.2).k == 2


def test_an_unreachable_minimum_share_has_a_warning_and_the_most_even_cut_is_chosen(three):
    advice = ask(three, k_min=3, min_share=0.5)
    assert advice.k == 3
    assert any("at least 50.0%" in warning for warning in advice.warnings)


def test_one_dominating_column_is_named():
    rng = np.random.default_rng(0)
    group = np.repeat([0.0, 1.0], 600)
    points = np.column_stack(
        [30 * group + rng.normal(size=1_200), group / 2 + rng.normal(size=1_200)]
    )
    assert any(
        "'x0' alone sets these segments apart" in warning
        for warning in ask(table_of(points)).warnings
    )


def test_too_few_customers_have_no_probability_and_a_warning():
    advice = ask(table_of(heaps(3, each=12)))
    assert (advice.k, advice.probability, advice.probabilities, advice.credible_set) == (
        3,
        None,
        None,
        (),
    )
    assert any(
        "36 customers are too few to estimate probabilities" in warning
        for warning in advice.warnings
    )


def test_more_segments_than_the_model_covers_have_no_probability():
    advice = ask(table_of(heaps(20, each=40, d=2)), k_max=25)
    assert (advice.k, advice.probability) == (20, None)


def test_fewer_than_ten_customers_are_refused():
    with pytest.raises(TooFewToChoose, match="9 customers"):
        ask(table_of(np.arange(9.0)[:, None]))


def test_equal_customers_are_refused_by_the_name_of_the_column():
    with pytest.raises(UnusableColumn, match="x0"):
        ask(table_of(np.ones((50, 2))))


def test_a_column_that_is_all_missing_is_refused_by_name():
    with pytest.raises(UnusableColumn, match="x1"):
        ask(table_of(np.column_stack([np.arange(50.0), np.full(50, np.nan)])))


def test_few_distinct_customers_shorten_the_range_with_a_warning():
    advice = ask(table_of(np.tile([[0.0], [1.0], [5.0]], (20, 1))))
    assert advice.k <= 3
    assert any("only 3 distinct customers" in warning for warning in advice.warnings)


def test_more_segments_than_distinct_customers_are_refused():
    with pytest.raises(TooFewCustomers, match="3 distinct"):
        ask(table_of(np.tile([[0.0], [1.0], [5.0]], (20, 1))), k_min=4)


def test_large_tables_are_sampled_with_a_warning():
    advice = ask(table_of(heaps(4, each=6_000)))
    assert (advice.k, advice.n_customers, advice.n_sampled) == (4, 24_000, 1_500)
    assert "estimated on a random sample of 1,500 of 24,000 customers" in advice.warnings


def test_displayed_scores_use_all_customers_and_have_no_error():
    points = heaps(5, each=400)
    advice = ask(table_of(points))
    shown = {verdict.criterion: verdict for verdict in advice.verdicts}
    scaled = (points - points.mean(axis=0)) / points.std(axis=0)
    assert (advice.n_sampled, advice.n_measured) == (1_500, 2_000)
    for name, theirs in {
        "silhouette": silhouette_score,
        "davies_bouldin": davies_bouldin_score,
    }.items():
        assert shown[name].scores[5] == pytest.approx(theirs(scaled, np.repeat(np.arange(5), 400)))
        assert not shown[name].errors


def test_displayed_scores_of_a_large_table_have_an_error():
    points = heaps(4, each=6_000, d=2)
    advice = ask(table_of(points), criteria=["silhouette"])
    (shown,) = advice.verdicts
    scaled = (points - points.mean(axis=0)) / points.std(axis=0)
    exact = mean_silhouettes(scaled[::2], [np.repeat(np.arange(4), 3_000)], 0)
    assert (advice.n_measured, set(shown.errors)) == (20_000, set(shown.scores))
    assert shown.scores[4] == pytest.approx(exact.means[0], abs=4 * shown.errors[4])


def test_a_value_too_rare_for_the_sample_spoils_nothing():
    table = table_of(heaps(3, each=7_000)).assign(vip=0.0)
    table.loc[5, "vip"] = 1.0
    assert ask(table).k == 3


def test_progress_advances_with_each_criterion(three):
    told = []
    features = [Feature(name=name, kind="numeric") for name in three]
    recommend_k(
        three, features, KMeans(), progress=lambda stage, share: told.append((stage, share))
    )
    stages = [stage for stage, _ in told]
    measured = [f"measuring k = {k}" for k in range(1, 16)]
    assert stages == ["preparing", *(criterion.name for criterion in CRITERIA), *measured]
    assert [share for _, share in told] == sorted(share for _, share in told)


def test_the_credible_set_is_the_fewest_that_reach_nine_tenths():
    assert credible_set({1: 0.05, 2: 0.5, 3: 0.41, 4: 0.04}) == (2, 3)
    assert credible_set({1: 0.95, 2: 0.05}) == (1,)


def test_the_smaller_of_two_alike_is_chosen():
    limits = Constraints(k_min=1, k_max=4, min_share=0.0)
    assert choose({2: 0.4, 3: 0.4}, dict.fromkeys(range(1, 5), 0.2), limits) == 2


@pytest.mark.parametrize(
    ("k", "probabilities", "text"),
    [
        (4, {3: 0.05, 4: 0.95}, "4 segments."),
        (4, {4: 0.7, 5: 0.3}, "4 segments, possibly 5."),
        (5, {4: 0.45, 5: 0.55}, "The evidence is weak: 4 segments, or 5."),
        (1, {1: 0.45, 2: 0.55}, "The evidence is weak: no clear segments, or 2."),
        (1, {1: 0.95, 2: 0.05}, "No clear segments: these customers form one continuum."),
        (
            1,
            {1: 0.7, 2: 0.3},
            "No clear segments: these customers form one continuum; possibly 2 segments.",
        ),
        (
            4,
            {4: 0.1, 9: 0.9},
            "Within your limits 4 segments; more would describe these customers better.",
        ),
        (3, {1: 0.9, 3: 0.1}, "Within your limits 3 segments; without them: no clear segments."),
        (3, None, "3 segments; the probability cannot be estimated."),
        (1, None, "No clear segments; the probability cannot be estimated."),
    ],
)
def test_the_summary_text_describes_the_strength_of_the_evidence(k, probabilities, text):
    assert format_recommendation(k, probabilities, k_max=8) == text


def test_levels_of_a_hierarchy_are_named():
    text = format_recommendation(3, {3: 0.6, 7: 0.4}, k_max=15, are_levels=True)
    assert text == "3 segments, which divide further: 7 segments on a finer level."
