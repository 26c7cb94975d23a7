"""Features that the segments only repeat are named."""

import numpy as np
import pandas as pd
import pytest

from models.features import Feature
from models.leakage import leakage_warnings

N = 300
LABELS = np.arange(N) % 3


def leaks(values, kind="numeric", labels=LABELS):
    return leakage_warnings(
        pd.DataFrame({"x": values}), [Feature(name="x", kind=kind)], labels, k=3
    )


def with_errors(values, n):
    return np.where(np.arange(N) < n, values[0], values)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (LABELS, "numeric"),
        (LABELS.astype(str), "categorical"),
        (np.where(LABELS == 2, "yes", "no"), "categorical"),
        (with_errors(LABELS, 4), "numeric"),
    ],
    ids=["numbers", "texts", "two values", "a few errors"],
)
def test_a_feature_with_one_value_in_each_segment_is_reported_with_the_way_to_exclude_it(
    values, kind
):
    [said] = leaks(values, kind)
    assert '{"columns": {"x": {"kind": "ignored"}}}' in said


@pytest.mark.parametrize(
    "values",
    [
        np.arange(N) % 7,
        LABELS * 100 + np.arange(N) // 10,
        np.zeros(N),
        np.where(np.arange(N) < 6, 1, 0),
        with_errors(LABELS, 30),
        np.full(N, np.nan),
    ],
    ids=["unrelated", "many values", "constant", "nearly constant", "many errors", "missing"],
)
def test_other_features_are_not_named(values):
    assert leaks(values) == []


def test_categories_that_determine_the_segments_are_reported_even_if_a_segment_has_several():
    [said] = leaks(
        np.char.add("group ", (LABELS + 3 * (np.arange(N) % 2)).astype(str)), "categorical"
    )
    assert said.startswith("'x' alone separates the segments")


def test_a_number_with_a_threshold_between_the_segments_is_not_named():
    assert leaks(LABELS * 3 + np.arange(N) % 2) == []


def test_a_feature_is_not_reported_if_another_column_determines_the_segments_too():
    table = pd.DataFrame({"products": LABELS + 1, "spent": 100.0 * LABELS + np.arange(N) % 70})
    assert (
        leakage_warnings(table, [Feature(name=name, kind="numeric") for name in table], LABELS, k=3)
        == []
    )


def test_a_feature_is_named_where_the_other_columns_overlap():
    table = pd.DataFrame({"group": LABELS, "spent": 30.0 * LABELS + np.arange(N) % 70})
    assert (
        len(
            leakage_warnings(
                table, [Feature(name=name, kind="numeric") for name in table], LABELS, k=3
            )
        )
        == 1
    )


def test_unassigned_customers_do_not_count():
    assert leaks(
        np.where(np.arange(N) < 30, 9, LABELS), labels=np.where(np.arange(N) < 30, -1, LABELS)
    )
