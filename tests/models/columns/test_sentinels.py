"""Cells that may stand for a missing value are named, and never taken for missing."""

import numpy as np
import pyarrow as pa
import pytest

from models.columns import Override, infer_schema
from models.columns.sentinels import find_numeric_sentinels

AGES = np.random.default_rng(0).integers(18, 80, 1000)
INCOMES = np.random.default_rng(1).lognormal(10, 0.5, 1000).round()
SCORES = np.random.default_rng(2).integers(1, 101, 1000)


def suspicion(values, *, name="x", others=()):
    return find_numeric_sentinels(name, np.sort(np.append(np.asarray(values, float), others)))


def date_warnings(values, numerals=None):
    declared = {"x": Override(kind="numeric", numerals=numerals)}
    [column] = infer_schema(pa.table({"x": values}), customer_id=None, overrides=declared).columns
    return list(column.doubts)


def warnings(values):
    return infer_schema(pa.table({"x": values}), customer_id=None).warnings[1:]


@pytest.mark.parametrize(
    ("values", "sentinel"),
    [
        (AGES, -1),
        (AGES, 999),
        (AGES, -99),
        (INCOMES, 999999),
        (INCOMES, -1),
        (SCORES, -1),
        ([0, 0, 0, 5, 6] * 20, 99),
    ],
)
def test_a_usual_marker_that_recurs_far_from_the_rest_is_named_with_its_rows(values, sentinel):
    assert f"'x' holds '{sentinel}' in 24 rows" in suspicion(values, others=[sentinel] * 24)


def test_several_are_named_together():
    assert "'-1' in 7 rows and '999' in 9 rows" in suspicion(AGES, others=[-1] * 7 + [999] * 9)


def test_the_warning_contains_the_declaration():
    assert '{"columns": {"x": {"missing": ["999"]}}}' in suspicion(AGES, others=[999] * 9)


@pytest.mark.parametrize(
    ("values", "others"),
    [
        (AGES, []),
        (AGES, [999]),
        (SCORES, [99] * 20),
        (np.arange(-50, 50), [-1] * 20),
        (INCOMES, [9999] * 20),
        (np.repeat(np.arange(-120, 13), 5), [-99] * 20),
        (AGES, [-2] * 20),
        (AGES, [0] * 20),
        ([99], [99] * 20),
        ([], []),
    ],
)
def test_rare_or_not_isolated_numbers_are_no_sentinels(values, others):
    assert suspicion(values, others=others) is None


@pytest.mark.parametrize("name", ["age", "Age", "Customer Age", "age_years", "customerAge"])
def test_an_age_of_0_is_suspected(name):
    assert "'0' in 20 rows" in suspicion(AGES, name=name, others=[0] * 20)


@pytest.mark.parametrize("name", ["wage", "pages", "agent", "Average"])
def test_zero_is_no_sentinel_under_headers_other_than_age(name):
    assert suspicion(AGES, name=name, others=[0] * 20) is None


def test_two_rows_are_enough_where_they_are_a_hundredth():
    assert suspicion(AGES[:100], others=[999] * 2)
    assert suspicion(AGES, others=[999] * 2) is None


@pytest.mark.parametrize(
    "word",
    [
        *("unknown", "N/A", "NA", "null", "None", "-", "?", "Missing", " not available "),
        *("#DIV/0!", "#REF!", "#NV", "#WERT!"),
    ],
)
def test_words_that_usually_mean_missing_are_named_and_stay(word):
    [warning] = warnings(["red", "blue", word, "red", word])
    assert f"'x' holds '{word.strip()}' in 2 rows" in warning


def test_each_spelling_is_named_so_that_it_can_be_declared():
    [warning] = warnings(["red", "blue", "n/a", "N/A", " n/a "])
    assert '"missing": ["n/a", "N/A"]' in warning


def test_numbers_among_such_words_are_nearly_numeric_however_many_words():
    nearly, suspect = warnings([*map(str, range(20)), *["n/a"] * 20])
    assert ("'x' is read as text: 20 of its 40" in nearly, "'n/a' in 20 rows" in suspect) == (
        True,
        True,
    )


@pytest.mark.parametrize("placeholder", ["1900-01-01", "2199-12-31"])
def test_a_date_that_recurs_far_from_the_others_is_named(placeholder):
    days = [f"2024-{month:02}-{day:02}" for month in range(1, 13) for day in (3, 14, 25)]
    [warning] = date_warnings([*days, *[placeholder] * 6])
    assert f"'x' holds '{placeholder}' in 6 rows, far from all other dates" in warning
    assert f'{{"columns": {{"x": {{"missing": ["{placeholder}"]}}}}}}' in warning


def test_a_number_for_a_date_that_recurs_far_from_the_others_is_named():
    days = [20240100 + 100 * month + day for month in range(1, 12) for day in (3, 14, 25)]
    assert "'19000101' in 6 rows" in date_warnings([*days, *[19000101] * 6], "yyyymmdd")[0]


def test_dates_that_recur_among_the_others_are_not_suspected():
    days = [f"2024-{month:02}-01" for month in range(1, 13)]
    assert date_warnings([*days, *[days[0]] * 6]) == []


def test_a_sentinel_is_suggested_and_not_applied():
    values = [*AGES.tolist(), *[999] * 9]
    [column] = infer_schema(pa.table({"x": values}), customer_id=None).columns
    assert (column.missing, column.missing_markers) == (0, ())


@pytest.mark.parametrize(
    "values", [[1, 2] * 10, [1.0, 3.0, 2.0] * 10, [*map(str, range(1, 13))] * 10]
)
def test_a_few_whole_numbers_from_1_may_be_codes(values):
    [warning] = warnings(values)
    assert '{"columns": {"x": {"kind": "categorical"}}}' in warning


@pytest.mark.parametrize(
    "values",
    [[0, 1, 2] * 20, [1, 3] * 20, [1, 2, 3], [1, 1.5, 2] * 20, [*range(1, 14)] * 20, [2, 3] * 20],
)
def test_counts_and_amounts_are_no_codes(values):
    assert warnings(values) == ()


def test_codes_of_which_some_begin_with_a_letter_are_no_garbled_numbers():
    codes = [*map(str, range(536365, 536465)), "C536379", "C536383"]
    assert not [warning for warning in warnings(codes) if "is read as text" in warning]
