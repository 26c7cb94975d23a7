"""Counts of imputed, unknown and outlying values, and their warnings."""

import numpy as np
import pytest

from models.scoring.assignment_counts import AssignmentCounts
from models.scoring.features import NumericFeature
from models.scoring.result import AssignmentResult, OutlierReason, RowError


def assigned(n, index=None, **found):
    index = np.arange(n) % 2 if index is None else np.asarray(index)
    outlier = np.isin(np.arange(n), list(found.get("outlier_reasons", {})))
    return AssignmentResult(
        index=index,
        runner_up=-index,
        distance=np.zeros(n),
        margin=np.zeros(n),
        outlier=outlier,
        **found,
    )


def tally(*batches):
    counted = AssignmentCounts()
    for batch in batches:
        counted.add(batch)
    return counted


def warnings(*batches, missing_columns=(), n_segments=2):
    return tally(*batches).warnings(missing_columns=missing_columns, n_segments=n_segments)


def everybody(n, found):
    return dict.fromkeys(range(n), found)


INCOME = [
    OutlierReason(feature="income", detail="lies above 9"),
    OutlierReason(feature=None, detail="is far"),
]
FAR = [OutlierReason(feature=None, detail="is far")]


def test_batches_add_up():
    counted = tally(
        *[
            assigned(
                4, imputed={0: ["age"]}, unknown={1: {"plan": "x"}}, outlier_reasons={2: INCOME}
            )
        ]
        * 2
    )
    assert (counted.n_assigned, counted.n_outliers, dict(counted.segments)) == (8, 2, {0: 4, 1: 4})
    assert counted.of_feature("age") == {"imputed": 2, "unknown": 0, "outliers": 0}
    assert counted.of_feature("plan") == {"imputed": 0, "unknown": 2, "outliers": 0}
    assert counted.of_feature("income") == {"imputed": 0, "unknown": 0, "outliers": 2}


def test_the_rejected_are_in_no_segment():
    counted = tally(
        assigned(3, index=[0, 1, -1], errors={2: [RowError(row=2, feature=None, detail="is bad")]})
    )
    assert (counted.n_assigned, counted.n_rejected) == (2, 1)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"imputed": ["income"]}, "100 of 100 customers: income imputed"),
        ({"outlier_reasons": INCOME}, "100 of 100 are outliers (income): "),
        ({"outlier_reasons": FAR}, "100 of 100 are outliers: far from the center"),
        ({"unknown": {"plan": "x"}}, "100 of 100 customers: plan unknown, "),
    ],
    ids=["imputed", "outliers", "far", "unknown"],
)
def test_frequent_findings_have_warnings(found, said):
    [warning] = warnings(
        assigned(100, **{name: everybody(100, each) for name, each in found.items()})
    )
    assert warning.startswith(said)


@pytest.mark.parametrize(("n", "is_warned"), [(20, False), (21, True)])
def test_more_than_a_fifth_is_worth_a_warning(n, is_warned):
    assert bool(warnings(assigned(100, imputed=everybody(n, ["income"])))) == is_warned


def test_an_absent_column_is_reported_as_missing():
    [warning] = warnings(assigned(5, imputed=everybody(5, ["income"])), missing_columns=["income"])
    assert warning == "5 of 5 customers: income imputed, since the dataset has no such column"


def test_many_rejected_customers_are_warned_of():
    errors = {row: [RowError(row=row, feature=None, detail="is bad")] for row in range(3)}
    [warning] = warnings(assigned(10, index=[-1] * 3 + [0, 1] * 3 + [1], errors=errors))
    assert warning == "3 of 10 customers are rejected: see the column 'rejected'"


def test_where_all_are_rejected_the_columns_that_are_not_there_are_named():
    errors = {row: [RowError(row=row, feature=None, detail="nothing is known")] for row in range(3)}
    [warning] = warnings(
        assigned(3, index=[-1] * 3, errors=errors), missing_columns=["age", "income"]
    )
    assert warning.endswith("the dataset has no column age, income")


@pytest.mark.parametrize(
    ("n", "n_segments", "is_warned"),
    [(100, 4, True), (100, 1, False), (9, 4, False)],
    ids=["many", "one", "few"],
)
def test_all_customers_in_one_of_several_segments_are_warned_of(n, n_segments, is_warned):
    found = warnings(assigned(n, index=[0] * n), n_segments=n_segments)
    assert found == (
        [f"all {n} customers are in one segment; the model has {n_segments}"] if is_warned else []
    )


def test_no_more_than_ten_features_are_named():
    found = warnings(assigned(5, imputed=everybody(5, [f"x{n}" for n in range(300)])))
    assert (len(found), found[-1]) == (
        11,
        "290 more features are imputed for more than 20 % of the customers",
    )


def with_sizes(size, n=100, **found):
    counted = AssignmentCounts()
    counted.add(assigned(n, **found), {"income": size})
    return counted.warnings(missing_columns=(), n_segments=2)


def test_much_smaller_numbers_are_warned_of_though_they_are_no_outliers():
    assert with_sizes(0.001) == [
        "income is much smaller than what the model has learned; compare the units"
    ]


@pytest.mark.parametrize("size", [0.3, 1.0, -1.0])
def test_numbers_of_a_similar_size_are_not_warned_of(size):
    assert with_sizes(size) == []


def test_small_numbers_that_are_outliers_are_warned_of_once():
    assert len(with_sizes(0.001, outlier_reasons=everybody(100, INCOME))) == 1


@pytest.mark.parametrize(
    ("impute", "values", "size"),
    [(50.0, [40.0, np.nan, 80.0], 1.2), (50.0, [np.nan], None), (0.0, [3.0], None)],
    ids=["known", "missing", "typically zero"],
)
def test_the_size_of_numbers_is_a_multiple_of_the_typical_one(impute, values, size):
    plain = {
        "low": 0.0,
        "high": 100.0,
        "log": False,
        "log_factor": None,
        "center": 40.0,
        "scale": 7.0,
        "stretch": 2.0,
    }
    income = NumericFeature(name="income", position=0, impute=impute, **plain)
    assert income.size(np.array(values)) == (size if size is None else pytest.approx(size))
