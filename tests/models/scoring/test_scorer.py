import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.algorithms import Hierarchical, KMeans
from models.cells import BadCell
from models.errors import ArtifactFromAnotherRelease
from models.features import Feature
from models.scoring import RowAssignment, RowError, Scorer
from models.scoring.compiler import outlier_thresholds
from models.scoring.features import CategoricalFeature
from models.scoring.inputs import read_categories, read_numbers
from models.segmentation import fit
from tests.support.paths import ROOT
from tests.support.scorer_columns import cells_of

FEATURES = [
    Feature(name="income", kind="numeric"),
    Feature(name="visits", kind="numeric", scale="robust", weight=2.0),
    Feature(name="age", kind="numeric", scale="none", weight=0.01),
    Feature(name="plan", kind="categorical", weight=3.0),
]


def customers(n=300):
    random = np.random.default_rng(2)
    group = random.integers(0, 4, n)
    return pd.DataFrame(
        {
            "income": random.lognormal(3 + group, 0.4),
            "visits": random.poisson(np.array([0, 1, 5, 20])[group]).astype(float),
            "age": random.normal(20 + 10 * group, 4),
            "plan": np.array(["basic", "plus", "gold"], dtype=object)[
                (group + random.integers(0, 2, n)) % 3
            ],
        }
    )


FITTED = {
    (algorithm.name, k): fit(customers(), FEATURES, algorithm, k=k, seed=0)
    for algorithm in (KMeans(), Hierarchical())
    for k in (1, 4)
}
every_fit = pytest.mark.parametrize("segmentation", FITTED.values(), ids=map(str, FITTED))
contested_fit = pytest.mark.parametrize("name", ["kmeans", "hierarchical"])

damaged_number = st.one_of(
    st.none(), st.sampled_from([-1e300, 1e300, -1.0, 0.0]), st.floats(-1e4, 1e4)
)
damaged_row = st.fixed_dictionaries(
    {
        "income": damaged_number,
        "visits": damaged_number,
        "age": st.floats(0, 100),
        "plan": st.sampled_from([None, "basic", "plus", "gold", "unheard of"]),
    }
)


def assign(segmentation, rows, *, explain=False):
    columns = {feature.name: [row.get(feature.name) for row in rows] for feature in FEATURES}
    return segmentation.scorer.assign(columns, len(rows), explain=explain)


strange_cell = st.one_of(
    damaged_number,
    st.integers(-(10**20), 10**20),
    st.sampled_from(
        [
            "",
            " 12 ",
            "1e3",
            "basic",
            " gold ",
            "1.0",
            "much",
            "a\x00",
            True,
            10**400,
            math.inf,
            math.nan,
        ]
    ),
)
strange_row = st.one_of(
    damaged_row, st.dictionaries(st.sampled_from(["income", "visits", "age", "plan"]), strange_cell)
)


def placed_alone(scorer, row):
    """Give what the scorer says of one customer, None where it would rather have it in a table."""
    try:
        return scorer.single.assign([row.get(feature.name) for feature in FEATURES])
    except BadCell:
        return None


def as_single(assigned, row=0):
    has_runner_up = assigned.runner_up[row] >= 0
    return RowAssignment(
        segment=assigned.index[row],
        runner_up=assigned.runner_up[row] if has_runner_up else None,
        distance=assigned.distance[row],
        margin=assigned.margin[row] if has_runner_up else None,
        outlier_reasons=assigned.outlier_reasons.get(row),
        imputed=assigned.imputed.get(row),
        unknown=assigned.unknown.get(row),
    )


@every_fit
@settings(deadline=None, max_examples=100)
@given(row=strange_row)
def test_one_customer_is_assigned_bit_for_bit_as_in_a_table(segmentation, row):
    alone, assigned = placed_alone(segmentation.scorer, row), assign(segmentation, [row])
    assert alone == (None if assigned.errors else as_single(assigned))


@every_fit
def test_each_customer_alone_is_assigned_bit_for_bit_as_in_a_batch(segmentation):
    rows = customers().to_dict("records")
    assigned = assign(segmentation, rows)
    assert [placed_alone(segmentation.scorer, row) for row in rows] == [
        as_single(assigned, row) for row in range(len(rows))
    ]


def told(column, row):
    """Give what is told of one cell."""
    kept = (column.missing[row], column.unknown.get(row), column.bad.get(row))
    return (*np.nan_to_num(np.asarray(vars(column)["values"])[[row]], nan=-7.5), *kept)


@pytest.mark.parametrize(
    "read", [read_numbers, lambda cells: read_categories(cells, {"basic": 0, "12": 1})]
)
@settings(deadline=None)
@given(cells=st.lists(strange_cell, max_size=20))
def test_a_column_is_read_as_its_cells_are_one_by_one(read, cells):
    column = read(cells)
    assert [told(column, row) for row in range(len(cells))] == [
        told(read([cell]), 0) for cell in cells
    ]


@pytest.mark.costly
@every_fit
@settings(settings.get_profile("costly"))
@given(rows=st.lists(damaged_row, min_size=1, max_size=20))
def test_the_scorer_and_the_pipeline_give_damaged_customers_the_same_segment(segmentation, rows):
    table = pd.DataFrame(rows).astype(
        {"income": float, "visits": float, "age": float, "plan": object}
    )
    assigned = assign(segmentation, rows)
    clear = ~(assigned.margin < 1e-9)
    assert (segmentation.pipeline.predict(table)[clear] == assigned.index[clear]).all()


@every_fit
def test_a_scorer_survives_its_bytes_exactly(segmentation):
    data = segmentation.scorer.to_bytes()
    assert Scorer.from_bytes(data).to_bytes() == data


def test_a_scorer_of_another_format_is_refused():
    with pytest.raises(ArtifactFromAnotherRelease):
        Scorer.from_bytes(b'{"format": 2}')


@every_fit
def test_raw_cells_and_stored_columns_are_assigned_alike(segmentation):
    stored = segmentation.scorer.assign(cells_of(customers(), FEATURES), 300)
    texts = [
        {name: str(cell) for name, cell in row.items()} for row in customers().to_dict("records")
    ]
    assert (assign(segmentation, texts).distance == stored.distance).all()


@contested_fit
def test_the_runner_up_is_always_another_segment(name):
    assigned = assign(FITTED[name, 4], customers().to_dict("records"))
    assert (assigned.runner_up != assigned.index).all()


@contested_fit
def test_contributions_add_up_to_the_margin(name):
    assigned = assign(FITTED[name, 4], customers().to_dict("records"), explain=True)
    sums = [sum(reason.contribution for reason in assigned.reasons[row]) for row in range(300)]
    assert np.clip(sums, 0, 1) == pytest.approx(assigned.margin)


@contested_fit
def test_the_strongest_reason_comes_first(name):
    reasons = assign(FITTED[name, 4], customers().to_dict("records"), explain=True).reasons
    strengths = [[abs(reason.contribution) for reason in found] for found in reasons.values()]
    assert all(found == sorted(found, reverse=True) for found in strengths)


def test_a_reason_contains_the_original_value():
    reasons = assign(FITTED["kmeans", 4], [{"income": "1e9", "plan": "odd"}], explain=True).reasons[
        0
    ]
    assert {reason.feature: reason.value for reason in reasons} == {
        "income": 1e9,
        "visits": None,
        "age": None,
        "plan": "odd",
    }


@pytest.mark.parametrize("name", ["kmeans", "hierarchical"])
def test_one_segment_has_no_runner_up_and_no_reasons(name):
    assigned = assign(FITTED[name, 1], [{"income": 10}], explain=True)
    assert (assigned.index[0], assigned.runner_up[0], assigned.reasons) == (0, -1, {})
    assert math.isnan(assigned.margin[0])


def test_a_customer_at_a_center_is_far_from_the_border():
    points = pd.DataFrame({"x": [0.0, 0.0, 10.0, 10.0]})
    scorer = fit(points, [Feature(name="x", kind="numeric")], KMeans(), k=2, seed=0).scorer
    assert scorer.assign({"x": [0, 5]}, 2).margin == pytest.approx([1, 0])


def test_a_bad_cell_rejects_its_row_alone():
    assigned = assign(FITTED["kmeans", 4], [{"income": True}, {"income": 10}])
    assert assigned.errors == {
        0: [RowError(row=0, feature="income", detail="is a boolean, not a number")]
    }
    assert (assigned.index >= 0).tolist() == [False, True]


@pytest.mark.parametrize("cell", [math.nan, math.inf, "nan", 10**400, [1]])
def test_a_cell_that_breaks_the_rule_is_named_by_its_feature(cell):
    errors = assign(FITTED["kmeans", 4], [{"age": cell, "income": 1}]).errors
    assert [error.feature for error in errors[0]] == ["age"]


@pytest.mark.parametrize("row", [{}, {"plan": "unheard of"}, {"income": "  "}])
def test_a_customer_with_no_known_feature_is_rejected(row):
    assigned = assign(FITTED["kmeans", 4], [row])
    assert [error.feature for error in assigned.errors[0]] == [None]


def test_rejected_rows_report_nothing_else():
    assigned = assign(FITTED["kmeans", 4], [{"plan": "unheard of"}], explain=True)
    assert [assigned.imputed, assigned.unknown, assigned.outlier_reasons, assigned.reasons] == [
        {}
    ] * 4


def test_missing_features_and_unknown_categories_are_named():
    assigned = assign(FITTED["kmeans", 4], [{"income": 10, "age": 3, "plan": "unheard of"}])
    assert assigned.imputed == {0: ["visits"]}
    assert assigned.unknown == {0: {"plan": "unheard of"}}


def test_an_absent_column_is_missing_everywhere():
    assigned = FITTED["kmeans", 4].scorer.assign({"income": [10.0, 20.0], "shoe size": [42, 43]}, 2)
    assert assigned.imputed == {row: ["visits", "age", "plan"] for row in range(2)}


@pytest.mark.parametrize("income", [1e300, -1e300])
def test_a_value_beyond_its_fence_makes_an_outlier(income):
    assigned = assign(FITTED["kmeans", 4], [{"income": income}])
    assert assigned.outlier.tolist() == [True]
    assert "income" in [reason.feature for reason in assigned.outlier_reasons[0]]


def test_a_point_far_from_every_center_is_an_outlier():
    ring = np.linspace(0, 2 * np.pi, 100)
    table = pd.DataFrame({"x": np.cos(ring), "y": np.sin(ring)})
    scorer = fit(
        table, [Feature(name=c, kind="numeric", scale="none") for c in "xy"], KMeans(), k=1, seed=0
    ).scorer
    assigned = scorer.assign({"x": [4.0, 1.0], "y": [4.0, 0.0]}, 2)
    assert {
        row: [reason.feature for reason in found] for row, found in assigned.outlier_reasons.items()
    } == {0: [None]}


def test_ordinary_customers_are_rarely_outliers():
    assert assign(FITTED["kmeans", 4], customers().to_dict("records")).outlier.mean() < 0.02


def test_a_small_segment_is_fenced_by_all_customers_together():
    distance = np.r_[np.linspace(1, 2, 100), 50.0]
    own, pooled = outlier_thresholds(distance, np.r_[np.zeros(100, int), 1], 2)
    assert own < pooled < np.log(50)


def test_customers_at_their_centers_are_no_outliers():
    assert outlier_thresholds(np.zeros(40), np.zeros(40, int), 1).tolist() == [np.inf]


def test_an_empty_table_gets_no_assignments():
    assert len(FITTED["kmeans", 4].scorer.assign({}, 0).index) == 0


def test_serving_needs_neither_scikit_learn_nor_scipy_nor_pandas():
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
        "import models.scoring, models.cells, models.errors, models.features, models.algorithms; "
        "print(sorted({'sklearn', 'scipy', 'pandas', 'joblib'} & set(sys.modules)))"
    )
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_model_with_an_older_spelling_of_true_still_accepts_it():
    coordinate = CategoricalFeature(
        name="member", categories=("False", "True"), distances=np.zeros((3, 1))
    )
    assert coordinate.positions == {"false": 0, "true": 1}
