import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.features import Feature
from models.profiling.conditions import Condition, RuleColumn, describe, round_numbers
from models.profiling.rules import find_rules

INCOME = Feature(name="Income", kind="numeric")
AGE = Feature(name="Age", kind="numeric")
CITY = Feature(name="City", kind="categorical")
COLUMNS = [
    RuleColumn(feature="Age", whole=True),
    RuleColumn(feature="Rate"),
    RuleColumn(feature="City", category="Oslo"),
]
COLUMNS += [RuleColumn(feature="City", category="Rome")]


def rules(labels, features, seed=0, **columns):
    return find_rules(
        pd.DataFrame(columns), features, np.asarray(labels), k=max(labels) + 1, seed=seed
    )


def says(*conditions):
    made = [
        Condition(column=column, above=above, threshold=threshold)
        for column, above, threshold in conditions
    ]
    return describe(made, COLUMNS)


def grid():
    age, income = (
        axis.ravel().astype(float) for axis in np.meshgrid(np.arange(20, 60), np.arange(10, 50))
    )
    return age, income


def test_a_split_on_one_number_is_found():
    values = np.arange(100.0)
    assert rules((values > 42).astype(int), [INCOME], Income=values)[1].text == "Income above 42"


def test_a_corner_needs_two_conditions():
    age, income = grid()
    found = rules(((age > 40) & (income <= 30)).astype(int), [AGE, INCOME], Age=age, Income=income)
    assert found[1].text == "Age above 40 and Income at most 30"


def test_a_box_in_the_middle_is_found():
    age, income = grid()
    inside = (age > 30) & (age <= 45) & (income > 20) & (income <= 35)
    found = rules(inside.astype(int), [AGE, INCOME], Age=age, Income=income)
    assert found[1].text == "Age between 31 and 45 and Income between 21 and 35"


def test_a_condition_that_a_later_one_implies_is_left_out():
    age, income = grid()
    inside = ((age > 40) & (income > 40)) | ((age > 55) & (income > 38))
    found = rules(inside.astype(int), [AGE, INCOME], Age=age, Income=income)
    assert found[1].text == "Age above 40 and Income above 40"


def test_a_category_is_named():
    cities = pd.Series(["Oslo", "Rome", "Bern"] * 20, dtype="str")
    assert (
        rules((cities == "Rome").astype(int).tolist(), [CITY], City=cities)[1].text
        == "City is Rome"
    )


def test_a_segment_without_known_categories_is_described_as_unknown():
    cities = pd.Series(["Oslo", None] * 20, dtype="str")
    assert (
        rules(cities.isna().astype(int).tolist(), [CITY], City=cities)[1].text == "City is unknown"
    )


def test_a_rule_uses_unknown_for_a_number_that_most_members_lack():
    gap = np.where(np.arange(300) < 180, np.nan, np.arange(300.0))
    rule = rules((np.arange(300) < 180).astype(int), [INCOME], Income=gap)[1]
    assert (rule.text, rule.precision, rule.recall) == ("Income is unknown", 1, 1)


def test_a_rule_uses_known_if_that_separates_members():
    rng = np.random.default_rng(0)
    income = np.where(np.arange(300) < 180, np.nan, rng.normal(size=300))
    assert (
        rules((np.arange(300) >= 180).astype(int), [INCOME], Income=income)[1].text
        == "Income is known"
    )


def test_a_rule_has_no_range_of_a_number_that_most_members_lack():
    rng = np.random.default_rng(0)
    lacking, basket = np.arange(300) < 200, rng.permutation(300).astype(float)
    gap = np.where(lacking & (np.arange(300) % 5 > 0), np.nan, np.where(lacking, 5.0, 60.0))
    labels = np.where(lacking, 1 + (basket > 150), 0)
    found = rules(labels, [AGE, INCOME], Age=gap, Income=basket)
    assert not any(
        f"Age {side}" in rule.text for rule in found[1:] for side in ("above", "at most", "between")
    )


def test_a_rule_on_noise_is_not_trusted():
    rng = np.random.default_rng(0)
    found = rules(rng.integers(0, 5, 300), [INCOME], Income=rng.normal(size=300))
    assert all(rule is None or rule.precision < 0.5 for rule in found)


def test_a_clean_split_is_trusted_fully():
    values = np.repeat([1.0, 2.0], 50)
    rule = rules(np.repeat([0, 1], 50), [INCOME], Income=values)[1]
    assert (rule.precision, rule.recall) == (1, 1)


def test_the_same_seed_gives_the_same_rules():
    rng = np.random.default_rng(0)
    labels, values = rng.integers(0, 3, 7000), rng.normal(size=7000)
    assert rules(labels, [INCOME], seed=5, Income=values) == rules(
        labels, [INCOME], seed=5, Income=values
    )


def test_a_small_segment_of_a_large_table_gets_a_rule():
    values = np.arange(40_000.0)
    assert rules((values < 40).astype(int), [INCOME], Income=values)[1].recall > 0.9


def test_precision_is_that_among_all_customers_when_they_are_sampled():
    flags = np.r_[np.ones(100), np.ones(900), np.zeros(19_000)]
    labels = np.r_[np.ones(100, dtype=int), np.zeros(19_900, dtype=int)]
    assert rules(labels, [INCOME], Income=flags)[1].precision == pytest.approx(0.1, abs=0.03)


def test_fewer_than_four_members_get_no_rule():
    values = np.arange(50.0)
    assert rules((values < 3).astype(int), [INCOME], Income=values)[1] is None


def test_all_customers_need_no_rule():
    assert rules([0] * 10, [INCOME], Income=np.arange(10.0)) == [None]


def test_a_single_outsider_cannot_be_held_out():
    values = np.arange(10.0)
    assert rules((values > 8).astype(int), [INCOME], Income=values)[0].precision is None


def test_without_a_usable_column_there_is_no_rule():
    cities = pd.Series([None] * 10, dtype="str")
    assert rules([0] * 5 + [1] * 5, [CITY], City=cities) == [None, None]


def test_a_column_of_missing_numbers_makes_no_rule():
    assert rules([0] * 5 + [1] * 5, [INCOME], Income=[np.nan] * 10) == [None, None]


def test_conditions_on_one_feature_are_merged():
    assert says((1, True, 0.25), (1, False, 0.5), (1, True, 0.1)) == "Rate between 0.25 and 0.5"


def test_a_range_of_whole_numbers_names_those_inside():
    assert says((0, True, 39), (0, False, 69)) == "Age between 40 and 69"


def test_a_single_whole_number_is_named_exactly():
    assert says((0, True, 2), (0, False, 3)) == "Age exactly 3"


def test_excluded_categories_are_merged():
    assert says((2, False, 0.5), (3, False, 0.5)) == "City is neither Oslo nor Rome"


def test_an_included_category_makes_excluded_ones_superfluous():
    assert says((2, False, 0.5), (3, True, 0.5)) == "City is Rome"


def test_features_come_in_the_order_of_the_columns():
    assert says((2, True, 0.5), (0, True, 39)) == "Age above 39 and City is Oslo"


def test_large_numbers_are_grouped():
    assert says((1, True, 1_250_000)) == "Rate above 1,250,000"


def test_zero_has_no_sign():
    assert says((1, True, -0.0)) == "Rate above 0"


@given(st.floats(-1e100, 1e100))
def test_ever_longer_numbers_end_with_the_value_itself(value):
    assert list(round_numbers(value))[-1] == value
