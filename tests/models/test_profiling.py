import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from models.features import Feature
from models.profiling import profile_segments

FEATURES = [Feature(name="Age", kind="numeric", log=False), Feature(name="Gender", kind="categorical")]


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


def test_shares_are_of_the_placed_customers(customers, labels):
    labels[:20] = -1
    assert [each.share for each in profile(customers, labels)] == [0.5, 0.5]


def test_customers_that_are_not_placed_are_left_out(customers, labels):
    strangers = customers.assign(Age=1000.0)
    together = pd.concat([customers, strangers], ignore_index=True)
    assert profile(together, np.r_[labels, np.full(100, -1)]) == profile(customers, labels)


def test_the_strongest_difference_comes_first(customers, labels):
    effects = [abs(each.effect) for each in profile(customers, labels)[0].differs_by]
    assert effects == sorted(effects, reverse=True)


def test_the_name_says_what_the_rule_says(customers, labels):
    older = profile(customers, labels)[1]
    assert (older.name, older.rule.text[:9]) == ("older", "Age above")


def test_one_segment_is_all_customers_and_differs_by_nothing(customers):
    (everyone,) = profile(customers, np.zeros(100, dtype=int), k=1)
    assert (everyone.name, everyone.differs_by, everyone.rule) == ("all customers", [], None)


def test_an_empty_segment_has_a_profile_that_says_so(customers, labels):
    empty = profile(customers, labels, k=3)[2]
    assert (empty.name, empty.n_customers, empty.typical) == ("no customers", 0, {"Age": None, "Gender": None})


def test_nobody_placed_is_no_error(customers):
    assert [each.n_customers for each in profile(customers, np.full(100, -1))] == [0, 0]


def test_profiles_are_json_even_where_nothing_is_known(customers, labels):
    customers.loc[labels == 0, "Age"] = np.nan
    assert json.dumps([asdict(each) for each in profile(customers, labels, k=3)], allow_nan=False)


def test_the_index_of_the_table_does_not_matter(customers, labels):
    assert profile(customers.set_index(customers.index[::-1]), labels) == profile(customers, labels)


def test_renumbering_the_segments_renumbers_the_profiles(customers, labels):
    swapped = profile(customers, 1 - labels)
    assert [each.differs_by for each in swapped[::-1]] == [each.differs_by for each in profile(customers, labels)]
