import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from models.features import Feature
from models.profiling import profile_segments

FEATURES = [
    Feature(name="Age", kind="numeric", log=False),
    Feature(name="Gender", kind="categorical"),
]


@pytest.fixture
def customers():
    rng = np.random.default_rng(3)
    age = np.r_[rng.normal(25, 3, 60), rng.normal(60, 3, 40)].round()
    gender = np.where(rng.random(100) < 0.5, "Female", "Male")
    return pd.DataFrame({"Age": age, "Gender": pd.Series(gender, dtype="str")})


@pytest.fixture
def labels():
    return np.repeat([0, 1], [60, 40])


def profile(customers, labels, k=2):
    return profile_segments(customers, FEATURES, labels, k=k, seed=0)


def test_there_is_one_profile_for_each_segment(customers, labels):
    assert [each.index for each in profile(customers, labels, k=4)] == [0, 1, 2, 3]


def test_shares_are_of_the_assigned_customers(customers, labels):
    labels[:20] = -1
    assert [each.share for each in profile(customers, labels)] == [0.5, 0.5]


def test_unassigned_customers_are_left_out(customers, labels):
    strangers = customers.assign(Age=1000.0)
    together = pd.concat([customers, strangers], ignore_index=True)
    assert profile(together, np.r_[labels, np.full(100, -1)]) == profile(customers, labels)


def test_the_strongest_difference_comes_first(customers, labels):
    effects = [abs(each.effect) for each in profile(customers, labels)[0].differs_by]
    assert effects == sorted(effects, reverse=True)


def test_the_name_and_the_rule_describe_the_same_difference(customers, labels):
    older = profile(customers, labels)[1]
    assert (older.name, older.rule.text[:9]) == ("older", "Age above")


def test_one_segment_is_all_customers_and_differs_by_nothing(customers):
    (everyone,) = profile(customers, np.zeros(100, dtype=int), k=1)
    assert (everyone.name, everyone.differs_by, everyone.rule) == ("all customers", [], None)


def test_an_empty_segment_has_a_profile_without_customers(customers, labels):
    empty = profile(customers, labels, k=3)[2]
    assert (empty.name, empty.n_customers, empty.typical) == (
        "no customers",
        0,
        {"Age": None, "Gender": None},
    )


def test_a_table_without_assigned_customers_is_profiled(customers):
    assert [each.n_customers for each in profile(customers, np.full(100, -1))] == [0, 0]


def test_profiles_are_json_even_where_nothing_is_known(customers, labels):
    customers.loc[labels == 0, "Age"] = np.nan
    assert json.dumps([asdict(each) for each in profile(customers, labels, k=3)], allow_nan=False)


def test_the_index_of_the_table_does_not_matter(customers, labels):
    assert profile(customers.set_index(customers.index[::-1]), labels) == profile(customers, labels)


def test_renumbering_the_segments_renumbers_the_profiles(customers, labels):
    swapped = profile(customers, 1 - labels)
    assert [each.differs_by for each in swapped[::-1]] == [
        each.differs_by for each in profile(customers, labels)
    ]


@pytest.mark.parametrize(
    ("cells", "name"),
    [
        (lambda low: np.where(low, 150.25, 2461.15), ["low spending", "high spending"]),
        (lambda low: np.where(low, 2.0, 9.0), ["rare buyers", "frequent buyers"]),
        (lambda low: np.where(low, -20.5, 980.0), ["low spending", "high spending"]),
        (lambda low: np.where(low, 40.0, 3200.0), ["low spending", "high spending"]),
        (lambda low: np.where(low, 1.5, 4.25), ["rare buyers", "frequent buyers"]),
    ],
    ids=["decimals", "small whole numbers", "with returns", "large whole numbers", "small means"],
)
def test_the_cells_decide_whether_purchases_are_money_or_counts(cells, name):
    low = np.arange(40) < 20
    table, feature = (
        pd.DataFrame({"PURCHASES": cells(low)}),
        Feature(name="PURCHASES", kind="numeric"),
    )
    found = profile_segments(table, [feature], np.where(low, 0, 1), k=2, seed=0)
    assert [each.name for each in found] == name


def test_a_difference_of_numbers_has_the_words_of_the_name(customers, labels):
    assert [profile(customers, labels)[1].differs_by[0].phrase] == ["older"]


def test_a_segment_is_not_described_by_values_that_most_members_lack():
    rng = np.random.default_rng(0)
    lacking, basket = np.arange(300) < 180, rng.normal(100, 20, 300)
    gap = np.where(lacking, np.nan, rng.normal(60, 4, 300))
    gap[:20] = rng.normal(5, 1, 20)  # few of those who mostly lack it
    features = [Feature(name=name, kind="numeric") for name in ("gap", "basket")]
    labels = np.where(lacking, 0, 1)
    found = profile_segments(
        pd.DataFrame({"gap": gap, "basket": basket}), features, labels, k=2, seed=0
    )[0]
    assert (found.typical["gap"], found.rule.text) == (None, "gap is unknown")
    assert "gap" not in found.name
    assert all(each.feature != "gap" for each in found.differs_by)
