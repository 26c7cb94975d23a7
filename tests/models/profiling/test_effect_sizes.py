import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.features import Feature
from models.profiling.effect_sizes import cohen_h, effect_sizes

AGE = Feature(name="age", kind="numeric", log=False)
CITY = Feature(name="city", kind="categorical")


def numbers(values, labels, k=2, **asked):
    return effect_sizes(
        pd.Series(values), Feature(name="x", kind="numeric", **asked), np.array(labels), k=k
    )


def categories(values, labels, k=2, **asked):
    column = pd.Series(values, dtype="str")
    return effect_sizes(
        column, Feature(name="city", kind="categorical", **asked), np.array(labels), k=k
    )


def test_a_number_is_typified_by_its_median():
    assert numbers([1.0, 2.0, 30.0, 7.0], [0, 0, 0, 1]).typical(0) == 2


def test_missing_numbers_are_left_out():
    assert numbers([1.0, np.nan, 3.0, 7.0], [0, 0, 0, 1]).typical(0) == 2


def test_a_segment_of_missing_numbers_has_no_typical_value():
    assert numbers([np.nan, 1.0, 3.0], [0, 1, 1]).typical(0) is None


def test_a_value_that_most_members_lack_is_not_typical():
    assert numbers([np.nan, np.nan, 3.0, 7.0, 8.0], [0, 0, 0, 1, 1]).typical(0) is None


@pytest.mark.parametrize(
    ("compare", "values"),
    [(numbers, [np.nan, np.nan, 30.0, 7.0, 8.0]), (categories, [None, None, "A", "B", "B"])],
    ids=["numbers", "categories"],
)
def test_a_segment_does_not_differ_by_a_value_that_most_members_lack(compare, values):
    assert compare(values, [0, 0, 0, 1, 1]).difference(0) is None


def test_a_mostly_zero_column_differs_by_its_share_of_nonzero_values():
    found = numbers([0.0, 0.0, 0.0, 9.0, 0.0, 0.0, 5.0, 7.0], np.repeat([0, 1], 4)).difference(1)
    assert (found.measure, found.here, found.overall) == ("share_nonzero", 0.5, 0.375)


def test_a_column_that_is_mostly_zero_does_not_differ_where_as_many_have_any():
    assert numbers([0.0, 0.0, 1.0, 0.0, 0.0, 900.0], np.repeat([0, 1], 3)).difference(0) is None


def test_means_are_shown_with_the_effect_if_medians_are_alike():
    found = numbers(
        [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 9.0, 8.0], np.repeat([0, 1], [4, 5])
    ).difference(1)
    assert (found.measure, found.here, found.overall) == ("mean", 4, pytest.approx(24 / 9))


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(0, 2)), min_size=3, max_size=60),
    st.sampled_from([True, False]),
)
def test_a_difference_never_contradicts_its_effect(rows, log):
    values, labels = map(list, zip(*rows, strict=True))
    found = filter(None, map(numbers(values, labels, k=3, log=log).difference, range(3)))
    assert all(
        (each.here > each.overall) == (each.effect > 0) and each.here != each.overall
        for each in found
    )


def test_tiny_and_usual_numbers_have_finite_effects_on_a_log_scale():
    found = numbers([5e-324, 5e-324, -4.0], [0, 0, 1], log=True)
    assert np.isfinite(found.effects[:2]).all()


def test_a_segment_of_missing_numbers_does_not_differ():
    assert numbers([np.nan, 1.0, 3.0], [0, 1, 1]).difference(0) is None


def test_an_entirely_missing_column_has_no_differences():
    assert numbers([np.nan, np.nan], [0, 1]).difference(0) is None


def test_a_constant_column_has_no_differences():
    assert numbers([5.0] * 4, [0, 0, 1, 1]).difference(0) is None


def test_the_effect_is_in_standard_deviations():
    assert numbers([0.0, 0.0, 2.0, 2.0], [0, 0, 1, 1]).difference(1).effect == pytest.approx(1)


def test_medians_are_shown_with_the_effect():
    difference = numbers([0.0, 0.0, 2.0, 2.0], [0, 0, 1, 1]).difference(1)
    assert (difference.here, difference.overall) == (2, 1)


def test_an_outlier_hardly_moves_the_effect():
    rng = np.random.default_rng(0)
    values, labels = np.sort(rng.normal(size=200)), np.repeat([0, 1], 100)
    plain = numbers(values, labels).difference(1).effect
    values[-1] = 1e9
    assert numbers(values, labels).difference(1).effect == pytest.approx(plain, abs=0.15)


def test_a_mostly_zero_column_still_separates_segments():
    values, labels = np.repeat([0.0, 5.0], [90, 10]), np.repeat([0, 1], [90, 10])
    assert numbers(values, labels).difference(1).effect > 2


@pytest.mark.parametrize("zero", [0.0, 0.001])
def test_on_a_log_scale_factors_count_alike(zero):
    values = np.repeat([zero, 1.0, 10.0, 100.0, 1000.0, 10000.0], 20)
    found = numbers(values, np.arange(120) // 60, log=True)
    assert found.difference(0).effect == pytest.approx(-found.difference(1).effect)


def test_units_do_not_change_the_effect():
    values, labels = np.random.default_rng(1).lognormal(size=90), np.repeat([0, 1, 1], 30)
    effects = [numbers(values * unit, labels, log=True).effects[0] for unit in (1, 1000)]
    assert effects[0] == pytest.approx(effects[1])


def test_shares_are_of_the_known_values():
    assert categories(["A", "B", "B", None, "A"], [0, 0, 0, 0, 1]).typical(0) == pytest.approx(
        {"A": 1 / 3, "B": 2 / 3}
    )


def test_every_category_is_listed_in_every_segment():
    assert categories(["A", "B"], [0, 1]).typical(0) == {"A": 1, "B": 0}


def test_inherited_categories_are_kept_and_new_ones_ignored():
    found = categories(["A", "new", "A"], [0, 0, 1], categories=("A", "gone"))
    assert found.typical(0) == {"A": 1, "gone": 0}


def test_a_segment_of_missing_categories_has_no_typical_shares():
    assert categories([None, "A"], [0, 1]).typical(0) is None


def test_a_column_without_categories_has_no_differences():
    assert categories([None, None], [0, 1]).difference(0) is None


def test_the_category_whose_share_differs_most_is_named():
    labels = np.repeat([0, 1], 10)
    found = categories(
        ["A"] * 4 + ["B"] * 3 + ["C"] * 3 + ["A"] * 4 + ["B"] * 6, labels
    ).difference(0)
    assert found.category == "C"


def test_of_two_categories_the_one_there_is_more_of_is_named():
    assert categories(["A", "A", "B", "B"], [0, 0, 1, 1]).difference(1).category == "B"


def test_shares_that_hardly_differ_are_not_worth_a_sentence():
    assert categories(["A", "B"] * 50, np.repeat([0, 1], 50)).difference(0) is None


def test_the_effect_of_a_share_is_cohens_h():
    assert cohen_h(np.array([1.0]), np.array([0.0])) == pytest.approx(np.pi)
