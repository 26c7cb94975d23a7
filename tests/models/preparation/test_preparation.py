import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from models import preparation
from models.errors import UnusableColumn, ValueOutOfRange
from models.features import Feature

AGE = Feature(name="age", kind="numeric")
PLAN = Feature(name="plan", kind="categorical")


def learn(table, *features):
    decided = preparation.decide(table, features)
    transformer = preparation.learn(table, decided)
    return transformer, preparation.transform(transformer, decided, table), decided


def numbers(*values):
    return pd.DataFrame({"age": np.array(values, dtype=np.float64)})


def plans(*values):
    return pd.DataFrame({"plan": list(values)})


def steps(table, *features):
    transformer, _, decided = learn(table, *features)
    return {step["step"]: step for step in preparation.describe(transformer, decided)[0]["steps"]}


SKEWED = np.random.default_rng(1).lognormal(3, 1, 300)


@pytest.mark.parametrize(("n_far", "times"), [(5, 3), (20, 6)], ids=["tail", "group"])
def test_a_fence_is_twice_as_far_out_if_it_cuts_a_group(n_far, times):
    values = [*np.linspace(-1.0, 3.0, 401 - n_far), *np.full(n_far, 50.0)]
    clip = steps(numbers(*values), replace(AGE, log=False))["clip"]
    q1, q3 = np.quantile(values, [0.25, 0.75])
    assert clip["high"] == pytest.approx(q3 + times * (q3 - q1))


def test_a_long_right_tail_is_logged():
    assert learn(numbers(*SKEWED), AGE)[2][0].log is True


def test_a_symmetric_column_is_not_logged():
    assert learn(numbers(*range(50)), AGE)[2][0].log is False


def test_a_column_with_negative_values_is_not_logged():
    assert learn(numbers(-1, *SKEWED), AGE)[2][0].log is False


def test_resolved_settings_are_kept():
    kept = Feature(name="age", kind="numeric", log=False)
    assert learn(numbers(*SKEWED), kept)[2] == (kept,)


def test_deciding_twice_changes_nothing():
    table = numbers(*SKEWED).assign(plan=["a", "b", "c"] * 100)
    decided = preparation.decide(table, [AGE, PLAN])
    assert preparation.decide(table, decided) == decided


def test_zeros_are_logged_in_tenths_of_the_median_of_the_positive():
    described = steps(numbers(0, 0, *SKEWED), AGE)["log"]["formula"]
    assert described == f"log(1 + x / {0.1 * np.median(SKEWED):.6g})"


def test_the_log_of_a_negative_column_is_refused_by_name():
    with pytest.raises(UnusableColumn, match="'age' has negative values"):
        preparation.decide(numbers(-1, 2), [Feature(name="age", kind="numeric", log=True)])


def test_a_column_of_mostly_zeros_does_not_become_constant():
    _, points, _ = learn(numbers(*[0] * 80, *range(1, 21)), AGE)
    assert len(np.unique(points)) == 21


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(-1e100, 1e100), min_size=2, max_size=30),
    st.sampled_from(["auto", "robust", "none"]),
)
def test_no_column_that_varies_becomes_constant(values, scale):
    assume(len(set(np.asarray(values) + 0.0)) > 1)
    spread = np.ptp(values)
    assume(spread > 1e-9 * np.abs(values).max())
    assume(spread > 1e-100)
    _, points, _ = learn(numbers(*values), Feature(name="age", kind="numeric", scale=scale))
    assert np.isfinite(points).all()
    assert len(np.unique(points)) > 1


@pytest.mark.parametrize("newcomer", [-1e300, -1.0, 0.0, 1e300])
@pytest.mark.parametrize("zeros", [[], [0, 0]])
def test_no_newcomer_leaves_the_finite_numbers(newcomer, zeros):
    transformer, _, _ = learn(numbers(*zeros, *SKEWED), AGE)
    assert np.isfinite(transformer.transform(numbers(newcomer))).all()


def test_no_newcomer_reaches_the_log_below_the_training_minimum():
    transformer, points, _ = learn(numbers(*SKEWED), AGE)
    assert transformer.transform(numbers(-5.0))[0, 0] >= points.min()


def test_a_missing_number_is_the_median():
    transformer, _, _ = learn(numbers(1, 2, 3, np.nan, 40), AGE)
    missing, median = transformer.transform(numbers(np.nan, 2.5))
    assert missing == median


def test_robust_scaling_without_a_quartile_range_falls_back_to_standard():
    described = steps(
        numbers(*[5] * 80, *range(20)), Feature(name="age", kind="numeric", scale="robust")
    )
    assert described["scale"]["method"] == "standard"


def test_scaling_can_be_left_out():
    assert "scale" not in steps(numbers(1, 2, 3), Feature(name="age", kind="numeric", scale="none"))


def test_a_block_of_categories_has_variance_one_half():
    _, points, _ = learn(plans("a", "a", "b", "c"), PLAN)
    assert points.var(axis=0).sum() == pytest.approx(0.5)


@pytest.mark.parametrize("stranger", ["d", None, np.nan])
def test_an_unknown_or_missing_category_is_encoded_as_the_mean_of_its_block(stranger):
    transformer, points, _ = learn(plans("a", "a", "b", "c"), PLAN)
    strange = transformer.transform(pd.DataFrame({"plan": pd.Series([stranger], dtype=object)}))
    assert strange[0] == pytest.approx(points.mean(axis=0))


def test_missing_categories_do_not_shift_the_mean_of_the_known():
    _, points, _ = learn(plans("a", "a", "b", None), PLAN)
    assert points[:3].sum(axis=0) == pytest.approx(np.zeros(2))


def test_inherited_categories_are_kept_though_one_does_not_occur():
    inherited = Feature(name="plan", kind="categorical", categories=("a", "b", "z"))
    assert learn(plans("a", "b", "new"), inherited)[1].shape == (3, 3)


COMMON = ["a"] * 60 + ["b"] * 60


def categories(values, **asked):
    (decided,) = preparation.decide(
        plans(*values), [Feature(name="plan", kind="categorical", **asked)]
    )
    return decided.categories


def test_a_category_of_fewer_than_five_customers_is_not_learned():
    assert categories([*COMMON, *["rare"] * 4]) == ("a", "b")
    assert categories([*COMMON, *["five"] * 5]) == ("a", "b", "five")


def test_the_minimum_number_of_customers_of_a_category_can_be_set():
    assert categories([*COMMON, *["rare"] * 4], min_category_customers=4) == ("a", "b", "rare")
    assert categories([*COMMON, "rare"], min_category_customers=1) == ("a", "b", "rare")


def test_at_most_a_twentieth_of_the_known_cells_are_left_out():
    rare = [f"{n}" for n in range(3) for _ in range(n + 1)]
    assert categories([*COMMON, *rare]) == ("a", "b")
    assert categories([*COMMON[30:90], *rare, *[None] * 500]) == ("2", "a", "b")
    assert categories(["a", "b", "c"]) == ("a", "b", "c")


def test_declared_categories_are_kept_even_if_rare():
    assert categories([*COMMON, "rare"], categories=("a", "b", "rare")) == ("a", "b", "rare")


def test_a_column_with_one_frequent_category_has_no_influence():
    column = plans(*["a"] * 99, "rare")
    _, points, (decided,) = learn(column, PLAN)
    assert (decided.categories, points.any()) == (("a",), False)
    assert preparation.decide(column, [decided]) == (decided,)


def test_an_unknown_category_is_neutral_between_segments():
    _, points, _ = learn(plans(*COMMON, "rare"), PLAN)
    assert points[-1] == pytest.approx(points[:-1].mean(axis=0), abs=1e-12)


def test_a_weight_multiplies_the_squared_distance():
    table = numbers(1, 2, 5)
    _, plain, _ = learn(table, AGE)
    _, heavy, _ = learn(table, Feature(name="age", kind="numeric", weight=4.0))
    assert (heavy[2, 0] - heavy[0, 0]) ** 2 == pytest.approx(4 * (plain[2, 0] - plain[0, 0]) ** 2)


@pytest.mark.parametrize(
    ("table", "feature"),
    [
        (numbers(1, 1), AGE),
        (numbers(np.nan, np.nan), AGE),
        (plans("a", "a", None), PLAN),
        (plans(None, None), PLAN),
        (plans(*map(str, range(101))), PLAN),
        (numbers(1, 2), PLAN),
        (plans("a", "b"), Feature(name="plan", kind="numeric")),
        (numbers(1, 2), Feature(name="age", kind="categorical")),
    ],
    ids=[
        "constant",
        "missing",
        "one category",
        "no category",
        "too many",
        "absent",
        "text",
        "numbers",
    ],
)
def test_a_column_that_cannot_serve_is_refused_by_name(table, feature):
    with pytest.raises(UnusableColumn, match=f"'{feature.name}'"):
        preparation.decide(table, [feature])


@pytest.mark.parametrize("value", [1e101, -1e101, np.inf])
def test_a_number_too_large_to_compute_with_is_refused(value):
    with pytest.raises(ValueOutOfRange, match="'age'"):
        preparation.decide(numbers(1, value), [AGE])


def test_the_description_is_json_and_in_own_units():
    table = numbers(1, 2, 3, 4).assign(plan=["a", "b", "b", "b"])
    transformer, _, decided = learn(table, AGE, PLAN)
    described = json.loads(json.dumps(preparation.describe(transformer, decided), allow_nan=False))
    assert described[0]["steps"][:2] == [
        {"step": "impute", "value": 2.5},
        {"step": "clip", "low": -2.75, "high": 7.75},
    ]
    assert described[1]["steps"][0] == {
        "step": "one_hot",
        "categories": ["a", "b"],
        "shares": [0.25, 0.75],
    }


def test_whole_numbers_are_prepared_as_any_others():
    transformer, _, _ = learn(numbers(*SKEWED), AGE)
    assert np.array_equal(
        transformer.transform(numbers(7).astype(int)), transformer.transform(numbers(7))
    )


@pytest.mark.parametrize("scale", ["auto", "robust", "none"])
def test_points_are_to_the_bit_those_of_the_transformer_and_of_its_steps_fitted_to_every_customer(
    scale,
):
    table = numbers(np.nan, 0, *SKEWED).assign(plan=["c", None, *["a", "b", "c"] * 100])
    asked = (
        Feature(name="age", kind="numeric", scale=scale, weight=2.0),
        Feature(name="plan", kind="categorical"),
    )
    transformer, points, _ = learn(table, *asked)
    assert np.array_equal(points, transformer.transform(table))
    assert np.array_equal(points, clone(transformer).fit_transform(table))


def test_many_customers_become_points_block_by_block_as_all_at_once():
    random = np.random.default_rng(0)
    table = pd.DataFrame({"age": random.lognormal(3, 1, preparation.AT_ONCE + 5)})
    table["plan"] = random.choice(["a", "b", "c"], len(table))
    transformer, points, _ = learn(table, AGE, PLAN)
    assert np.array_equal(points, transformer.transform(table))
