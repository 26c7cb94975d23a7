"""What a table holds, and what its owner should know."""

import json
import re
import subprocess
import sys
from dataclasses import asdict
from math import isclose, sqrt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from models.columns.column import Column
from models.features import Feature
from models.preparation import decide
from models.summary import MAX_COMPARED, sample, summarize
from tests.support.paths import ROOT

N = 400
VALUE = "Zanzibar-77"
MAKERS = [
    pytest.param(lambda rng: rng.lognormal(3, 1, N), id="long tail"),
    pytest.param(
        lambda rng: rng.lognormal(3, 1, N) * (rng.random(N) < 0.5), id="long tail with zeros"
    ),
    pytest.param(lambda rng: rng.normal(size=N), id="bell"),
    pytest.param(lambda rng: -rng.lognormal(3, 1, N), id="long left tail"),
    pytest.param(lambda rng: rng.integers(18, 70, N).astype(float), id="whole"),
    pytest.param(lambda rng: (rng.random(N) < 0.1) * 5.0, id="mostly zero"),
]

finite = st.floats(allow_nan=False, allow_infinity=False)
numbers = st.lists(
    st.one_of(st.none(), finite, st.sampled_from([0.0, -0.0, 1.0, 5e-324, 1.7e308])), max_size=40
)
words = st.lists(st.one_of(st.none(), st.sampled_from(["a", "b", VALUE])), max_size=40)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def summary_of(columns, *, ids=None, customer_id="id", kinds=None):
    table = pa.table(columns)
    ids = pa.array(
        [f"{n:x}" for n in shuffled(table.num_rows)] if ids is None else ids, pa.string()
    )
    described = [column(name, table[name], (kinds or {}).get(name)) for name in table.column_names]
    return summarize(table.append_column(customer_id, ids), described, customer_id=customer_id)


def shuffled(n):
    return np.random.default_rng(1).permutation(n)


def column(name, values, kind):
    found = kind or ("numeric" if pa.types.is_floating(values.type) else "categorical")
    return Column(name=name, kind=found, missing=values.null_count, distinct=len(values.unique()))


def numeric(values):
    return summary_of({"x": pa.array(values, pa.float64())}).columns[0].numeric


def categorical(values):
    return summary_of({"x": pa.array(values, pa.string())}).columns[0].categorical


def value(found, measure, pair=("a", "b")):
    return next(
        (c.value for c in found.correlations if c.measure == measure and {c.a, c.b} == set(pair)),
        None,
    )


def warnings(columns, **more):
    return summary_of(columns, **more).warnings


def warning(columns, word, **more):
    return next((said for said in warnings(columns, **more) if word in said), None)


@given(x=numbers, y=numbers, towns=words)
def test_every_table_has_a_summary_that_json_can_hold(x, y, towns):
    size = min(len(x), len(y), len(towns))
    columns = {"x": pa.array(x[:size], pa.float64()), "y": pa.array(y[:size], pa.float64())}
    found = summary_of({**columns, "town": pa.array(towns[:size], pa.string())})
    json.dumps(asdict(found), allow_nan=False)


@given(x=numbers)
def test_the_histogram_counts_every_known_value_once(x):
    found = numeric(x)
    if found:
        outside = found.histogram.below + found.histogram.above
        assert sum(found.histogram.counts) + outside == found.n == sum(v is not None for v in x)
        assert len(found.histogram.edges) == len(found.histogram.counts) + 1 <= 31


@pytest.mark.parametrize("make", MAKERS)
def test_the_histogram_agrees_with_numpy(make, rng):
    x = make(rng)
    found = numeric(x).histogram
    assert list(found.counts) == np.histogram(x, found.edges)[0].tolist()


def test_bins_of_whole_numbers_are_a_whole_number_wide(rng):
    edges = np.array(numeric(rng.integers(18, 70, N).astype(float)).histogram.edges)
    assert edges[0] == 18
    assert set(np.diff(edges)) == {np.round(edges[1] - edges[0])}


def test_one_extreme_value_does_not_squeeze_all_others_into_one_bin(rng):
    found = numeric([*rng.normal(size=N), 1e9]).histogram
    assert found.above == 1
    assert max(found.counts) < N / 4


@pytest.mark.parametrize("make", MAKERS)
def test_numbers_are_described_as_scipy_and_numpy_do(make, rng):
    x = make(rng)
    found, quantiles = numeric(x), np.quantile(x, [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99])
    described = [
        found.n,
        found.min,
        found.max,
        found.mean,
        found.standard_deviation,
        found.skew,
        found.distinct,
    ]
    expected = [N, x.min(), x.max(), x.mean(), x.std(), stats.skew(x), np.unique(x).size]
    np.testing.assert_allclose(
        [*described, *asdict(found.quantiles).values()], [*expected, *quantiles], rtol=1e-9
    )


def test_shares_of_zeros_and_of_the_most_common_value_are_of_the_known_ones():
    found = numeric([0.0, -0.0, 3.0, 3.0, 3.0, 1.0, None, None])
    assert (found.zeros_share, found.largest_share, found.distinct) == (2 / 6, 3 / 6, 3)


def test_outliers_lie_beyond_the_fences(rng):
    x = np.concatenate([rng.normal(size=N), [-50, 60, 70]])
    found, (q1, q3) = numeric(x).outliers, np.quantile(x, [0.25, 0.75])
    assert (found.below, found.above) == (1, 2)
    np.testing.assert_allclose([found.low, found.high], [q1 - 3 * (q3 - q1), q3 + 3 * (q3 - q1)])


def test_where_half_the_values_are_one_value_there_are_no_fences():
    assert numeric([5.0] * 8 + [1.0, 9.0]).outliers is None


@pytest.mark.parametrize("make", MAKERS)
def test_log_helps_exactly_if_a_fit_applies_the_log(make, rng):
    x = make(rng)
    (decided,) = decide(pd.DataFrame({"x": x}), [Feature(name="x", kind="numeric")])
    assert numeric(x).log_helps is decided.log


def test_a_column_beyond_the_accepted_range_is_reported_without_statistics():
    found = summary_of({"x": [1e101, 1.0, 2.0]})
    assert found.columns[0].numeric is None
    assert "'x' (beyond 1e+100) holds a number that no fit accepts" in " ".join(found.warnings)


def test_top_values_are_sorted_by_count_then_name_and_the_rest_is_counted():
    found = categorical(["b", "b", "a", "a", None, *(f"z{n:02}" for n in range(30))])
    assert [top.value for top in found.top[:3]] == ["a", "b", "z00"]
    assert (found.n, found.distinct, len(found.top), found.rest) == (34, 32, 20, 12)
    assert found.largest_share == found.top[0].share == 2 / 34


def test_identifiers_and_ignored_columns_are_only_counted():
    described = Column(name="note", kind="ignored", missing=2, distinct=1, reason="constant")
    found = summarize(pa.table({"id": ["1", "2", "3"]}), [described], customer_id="id").columns[0]
    assert (found.missing, found.missing_share, found.distinct, found.reason) == (
        2,
        2 / 3,
        1,
        "constant",
    )
    assert found.numeric is None
    assert found.categorical is None


def test_correlations_of_numbers_are_those_of_scipy(rng):
    a = rng.normal(size=N)
    b = np.exp(a + rng.normal(size=N)).round(1)
    found = summary_of({"a": a, "b": b})
    assert isclose(value(found, "pearson"), stats.pearsonr(a, b).statistic, rel_tol=1e-9)
    assert isclose(value(found, "spearman"), stats.spearmanr(a, b).statistic, rel_tol=1e-9)


def test_a_correlation_is_measured_on_the_customers_that_have_both(rng):
    a, b = rng.normal(size=N), rng.normal(size=N)
    b += a
    gaps_a, gaps_b = rng.random(N) < 0.2, rng.random(N) < 0.3
    both = ~gaps_a & ~gaps_b
    found = summary_of({"a": pa.array(a, mask=gaps_a), "b": pa.array(b, mask=gaps_b)})
    assert isclose(
        value(found, "pearson"), stats.pearsonr(a[both], b[both]).statistic, rel_tol=1e-9
    )


@pytest.mark.parametrize(("shift", "scale"), [(1e12, 1), (0, 1e90), (0, 1e-90), (-1e6, 1e-3)])
def test_units_and_origin_change_no_correlation(rng, shift, scale):
    a = rng.normal(size=N)
    b = a + rng.normal(size=N)
    plain, moved = summary_of({"a": a, "b": b}), summary_of({"a": a * scale + shift, "b": b})
    assert isclose(value(plain, "pearson"), value(moved, "pearson"), abs_tol=1e-3)


def test_cramers_v_is_corrected_as_bergsma_proposes(rng):
    a = rng.integers(0, 3, N)
    b = np.where(rng.random(N) < 0.5, a, rng.integers(0, 4, N))
    found = summary_of({"a": a.astype(str), "b": b.astype(str)})
    chi2 = stats.chi2_contingency(pd.crosstab(a, b), correction=False).statistic
    phi2 = max(0, chi2 / N - 2 * 3 / (N - 1))
    assert isclose(
        value(found, "cramers_v"),
        sqrt(phi2 / (min(3 - 4 / (N - 1), 4 - 9 / (N - 1)) - 1)),
        rel_tol=1e-9,
    )


def test_the_correlation_ratio_comes_from_the_variance_between_categories(rng):
    group = rng.integers(0, 3, N)
    x = group + rng.normal(size=N)
    within = sum(((x[group == g] - x[group == g].mean()) ** 2).sum() for g in range(3))
    explained = 1 - (within / (N - 3)) / (((x - x.mean()) ** 2).sum() / (N - 1))
    found = summary_of({"a": group.astype(str), "b": x})
    assert isclose(value(found, "correlation_ratio"), sqrt(explained), rel_tol=1e-9)


def test_chance_alone_makes_no_columns_of_many_categories_related(rng):
    town, shop = (rng.integers(0, 60, N).astype(str) for _ in range(2))
    found = summary_of({"town": town, "shop": shop, "spend": rng.normal(size=N)})
    assert max(pair.value for pair in found.correlations) < 0.2


def test_a_category_that_determines_another_column_has_correlation_one(rng):
    town = rng.integers(0, 4, N)
    found = summary_of(
        {"town": town.astype(str), "region": (town // 2).astype(str), "rent": town * 10.0}
    )
    assert isclose(value(found, "cramers_v", ("town", "region")), 1, abs_tol=0.01)
    assert isclose(value(found, "correlation_ratio", ("town", "rent")), 1)


def test_correlations_come_strongest_first(rng):
    columns = {f"c{n}": rng.normal(size=N) + n * rng.normal(size=N) for n in range(5)}
    strengths = [
        abs(pair.value)
        for pair in summary_of({**columns, "t": rng.integers(0, 3, N).astype(str)}).correlations
    ]
    assert strengths == sorted(strengths, reverse=True)


def test_too_few_customers_have_no_correlations():
    assert not summary_of(
        {"a": [1.0, 2.5, 4.0], "b": [2.0, 5.0, 8.5], "c": ["x", "y", "x"]}
    ).correlations


def test_no_more_columns_are_compared_than_a_reader_can_bear(rng):
    found = summary_of({f"c{n}": rng.normal(size=20) for n in range(MAX_COMPARED + 2)})
    assert f"c{MAX_COMPARED}" not in {pair.b for pair in found.correlations}
    assert "Only the first 60 of 62 usable columns were compared with each other." in found.warnings


def test_a_large_table_is_compared_on_a_fixed_sample_whose_size_is_reported(rng):
    n = sample.MAX_SAMPLED + 1
    columns = {"a": rng.normal(size=n), "b": rng.integers(0, 9, n).astype(str)}
    first, second = (summary_of(columns) for _ in range(2))
    assert first == second
    assert first.sampled == sample.MAX_SAMPLED


@given(
    rows=st.lists(
        st.tuples(st.sampled_from([None, 0.0, -0.0, 1.5]), st.sampled_from([None, "a", "b"])),
        max_size=20,
    )
)
def test_duplicates_are_customers_less_distinct_customers(rows):
    columns = {
        "x": pa.array([x for x, _ in rows] + [8.0, 9.0], pa.float64()),
        "town": pa.array([town for _, town in rows] + ["c", "d"]),
    }
    assert summary_of(columns).duplicates == len(rows) - len(set(rows))


def test_duplicates_are_found_by_usable_columns_only():
    columns = {"x": [1.0, 1.0, 2.5, 2.5], "note": ["a", "b", "c", "d"], "nr": [1.0, 1.0, 1.0, 1.0]}
    assert summary_of(columns, kinds={"note": "ignored"}).duplicates == 2


def test_duplicate_customers_are_reported(rng):
    x, town = rng.normal(size=50), rng.integers(0, 3, 50).astype(str)
    said = warning(
        {"x": np.tile(x, 2), "town": np.tile(town, 2)},
        "cannot be distinguished from an earlier one",
    )
    assert said.startswith("50 customers (50 %)")


def test_a_column_that_follows_the_numeric_order_of_ids_is_reported(rng):
    order = shuffled(N)
    columns = {"joined": order + rng.normal(size=N)}
    assert "rises with 'id'" in warning(columns, "joined", ids=[f"C{n}" for n in order])
    assert "falls with 'id'" in warning(
        {"joined": -columns["joined"]}, "joined", ids=[f"{n:04}" for n in order]
    )


def test_a_column_that_follows_the_row_order_is_reported(rng):
    assert "rises with the order of the rows" in warning(
        {"joined": np.sort(rng.normal(size=N))}, "joined"
    )


def test_a_running_number_is_reported_as_an_identifier_and_not_compared(rng):
    found = summary_of({"nr": shuffled(N) + 5000.0, "x": rng.normal(size=N)})
    assert "names customers and measures nothing" in " ".join(found.warnings)
    assert not found.correlations


@pytest.mark.parametrize("make", MAKERS)
def test_an_amount_is_not_taken_for_a_running_number(make, rng):
    assert warning({"x": make(rng)}, "names customers") is None


def test_a_copy_of_a_column_is_reported_once(rng):
    x = rng.lognormal(3, 1, N)
    said = [w for w in warnings({"euros": x, "dollars": 1.1 * x + 3}) if "hold the same" in w]
    assert len(said) == 1
    assert "'euros' and 'dollars'" in said[0]


def test_nearly_identical_columns_are_reported(rng):
    x = rng.normal(size=N)
    assert "hold nearly the same (correlation 0.9" in warning(
        {"a": x, "b": x + 0.2 * rng.normal(size=N)}, "'a' and 'b'"
    )


def test_pairs_of_many_similar_columns_are_not_all_listed(rng):
    x = rng.normal(size=N)
    said = warnings({f"c{n}": x + 0.01 * rng.normal(size=N) for n in range(8)})
    assert "18 more pairs of columns hold nearly the same; see the correlations." in said
    assert len(said) == 11


ODD = [
    pytest.param(
        lambda _: ["yes"] * (N - 2) + ["no"] * 2,
        "the same for all but 2 of 400",
        id="nearly constant",
    ),
    pytest.param(lambda _: [7.0] * N, "the same for all)", id="constant"),
    pytest.param(
        lambda _: [f"{n}" for n in range(N)],
        "different for nearly every customer",
        id="nearly unique",
    ),
    pytest.param(lambda _: [f"{n % 150}" for n in range(N)], "group them", id="many categories"),
    pytest.param(
        lambda rng: pa.array(rng.normal(size=N), mask=rng.random(N) < 0.7),
        "most of its values would be imputed",
        id="rare",
    ),
    pytest.param(
        lambda rng: pa.array(rng.normal(size=N), mask=rng.random(N) < 0.2),
        "a fit imputes a typical value",
        id="gaps",
    ),
    pytest.param(lambda rng: rng.lognormal(3, 1, N), "takes its logarithm", id="long tail"),
    pytest.param(
        lambda rng: (rng.random(N) < 0.2) * rng.random(N), "% zeros) is mostly zero", id="zeros"
    ),
    pytest.param(
        lambda rng: [*rng.normal(size=N - 1), 99.0], "far beyond the usual range", id="outlier"
    ),
    pytest.param(
        lambda rng: rng.integers(1, 5, N).astype(float), "(4 different numbers)", id="codes"
    ),
]


@pytest.mark.parametrize(("make", "said"), ODD)
def test_a_problem_of_a_column_is_reported_with_advice(make, said, rng):
    columns = {"it": make(rng), "other": rng.normal(size=N)}
    assert "'it'" in (warning(columns, said) or "")


def test_columns_that_share_an_oddity_share_a_sentence(rng):
    said = warning({name: rng.lognormal(3, 1, N) for name in "abc"}, "skewed")
    assert re.match(
        r"'a' \(skew [\d.]+\), 'b' \(skew [\d.]+\) and 'c' \(skew [\d.]+\) are skewed:", said
    )


def test_at_most_a_dozen_columns_are_named_in_one_sentence(rng):
    assert "and 3 more are skewed" in warning(
        {f"c{n}": rng.lognormal(3, 1, N) for n in range(15)}, "skewed"
    )


def test_a_column_with_braces_in_its_name_is_reported_like_any_other(rng):
    assert "'{0}'" in warning({"{0}": rng.lognormal(3, 1, N)}, "skewed")


def test_a_table_without_usable_columns_is_reported():
    assert warning({"x": [1.0] * 5}, "No column distinguishes customers")


def test_a_table_without_problems_has_no_warnings(rng):
    town = rng.choice(["Ulm", "Bonn", "Köln"], N)
    assert not warnings({"age": rng.normal(45, 9, N), "spend": rng.normal(size=N), "town": town})


def test_no_warning_repeats_a_value(rng):
    columns = {
        "town": [VALUE] * (N - 1) + ["Ulm"],
        "code": rng.choice([7717.0, 8828.0], N),
        "fee": [7717.0] * N,
    }
    said = " ".join(warnings(columns))
    assert "fee" in said
    assert not any(value in said for value in (VALUE, "7717", "8828", "Ulm"))


def test_summarizing_imports_no_library_that_serving_keeps_out():
    code = (
        "import sys; from service.system.import_guard import block_imports\n"
        "block_imports('pandas', 'scipy', 'sklearn')\n"
        "import pyarrow as pa; from models.summary import summarize\n"
        "summarize(pa.table({'id': ['1']}), [], customer_id='id')\n"
        "assert not {'pandas', 'scipy', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)  # noqa: S603 - our own code
