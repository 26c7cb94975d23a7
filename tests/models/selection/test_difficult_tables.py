"""Tables on which a criterion alone errs: discrete columns, orders, many columns, other shapes."""

import numpy as np
import pandas as pd
import pytest

from bench.choosing.tables import Source, draw, features_of
from models.algorithms import KMeans
from models.selection import recommend_k

pytestmark = pytest.mark.slow


def ask(table, **limits):
    return recommend_k(table, features_of(table), KMeans(), **limits)


def numbers(points):
    return pd.DataFrame(points, columns=[f"x{i}" for i in range(points.shape[1])])


@pytest.mark.parametrize("n_flags", [3, 4, 5])
@pytest.mark.parametrize("dtype", ["float64", "str"])
def test_independent_flags_form_no_segments(n_flags, dtype):
    flags = np.random.default_rng(n_flags).integers(2, size=(1_000, n_flags))
    table = numbers(flags).astype(np.int64).astype(dtype)
    assert ask(table).k == 1


@pytest.mark.parametrize(
    "family",
    [
        "flags_of_one_trait",
        "independent_answers",
        "independent_counts",
        "independent_codes",
        "many_zero_amounts",
        "empty_cells",
        "orders_of_one_kind",
        "dependent_columns",
        "wide_noise",
        "wide_factors",
    ],
)
def test_customers_who_are_all_alike_form_one_segment(family):
    assert ask(draw(Source(family=family, seed=3)).table).k == 1


@pytest.mark.parametrize(
    "family",
    [
        "classes_of_flags",
        "classes_of_answers",
        "many_zeros",
        "third_of_columns",
        "touching_shapes",
        "small_beside_large",
        "up_to_fifteen",
        "two_levels",
    ],
)
def test_segments_are_counted_whatever_their_columns_and_shape(family):
    truth = draw(Source(family=family, seed=3))
    assert ask(truth.table).k in truth.right


def test_four_rings_side_by_side_are_four_segments():
    rng = np.random.default_rng(0)
    angles = rng.uniform(0, 2 * np.pi, size=1_200)
    centers = np.repeat(4.0 * np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), 300, axis=0)
    assert ask(numbers(centers + np.column_stack([np.cos(angles), np.sin(angles)]))).k == 4


def test_four_segments_in_a_third_of_sixty_columns_are_counted():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 150)
    centers = np.where(np.arange(60) < 20, rng.choice([0.0, 3.0], size=(4, 60)), 0.0)
    assert ask(numbers(centers[labels] + rng.normal(size=(600, 60)))).k == 4


def test_one_of_two_bells_that_nearly_merge_is_never_certain():
    rng = np.random.default_rng(0)
    labels = np.repeat([0.0, 1.0], 1_024)
    points = labels[:, None] * 2.4 / 2**0.5 + rng.normal(size=(2_048, 2))
    advice = ask(numbers(points))
    assert advice.k in {1, 2}
    assert advice.probability < 0.9


def test_customers_who_share_their_only_frequent_category_form_one_segment():
    category = pd.Series(["a"] * 196 + list("bcde"), dtype="str")
    assert ask(pd.DataFrame({"category": category})).k == 1


def test_the_largest_numbers_may_be_tied():
    x = np.repeat([1e100, -1e100, 0.0], 30)
    y = np.random.default_rng(0).normal(size=90)
    assert ask(pd.DataFrame({"x": x, "y": y})).k >= 1
