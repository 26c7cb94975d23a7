"""Earlier answers, spellings, totals and missing headers.

Asked about, and overruled by what is proposed.
"""

import numpy as np
import pyarrow as pa
import pytest

from models.columns import Override, apply_schema, infer_schema, read_rows

N = 60
RNG = np.random.default_rng(3)
SPENT = RNG.lognormal(4, 1, N).round(2).tolist()
GROUPS = [n % 3 for n in range(N)]


def described(columns, **overrides):
    return infer_schema(pa.table(columns), customer_id=None, overrides=overrides)


def column(name, values, **overrides):
    return next(
        c for c in described({name: values, "spent": SPENT}, **overrides).columns if c.name == name
    )


@pytest.mark.parametrize(
    "header",
    [
        *(
            "Cluster",
            "Cluster_group",
            "cluster_id",
            "Segment",
            "segment_name",
            "Segmentation",
            "RFM_Segment",
            "RFM_Score_Segment",
            "RFM_Class",
            "rfm level",
        ),
        *("KMeans_Cluster", "Kundensegment", "Segmento", "customer segment", "ClusterLabel"),
    ],
)
@pytest.mark.parametrize(
    "values", [GROUPS, [f"group {n}" for n in GROUPS]], ids=["numbers", "texts"]
)
def test_an_earlier_segmentation_is_ignored_with_the_override_that_keeps_it(header, values):
    found = column(header, values)
    assert (found.kind, found.reason) == ("ignored", "earlier segmentation")
    assert f'{{"columns": {{"{header}": {{"kind": "categorical"}}}}}}' in found.doubts[0]


@pytest.mark.parametrize(
    "header", ["cluster_distance", "segment_size", "market_segments_count", "segment share"]
)
def test_figures_about_segments_are_amounts(header):
    assert column(header, SPENT).kind == "numeric"


@pytest.mark.parametrize(
    "header",
    [
        "Exited",
        "Response",
        "Churn",
        "churn_label",
        "Attrition_Flag",
        "Output",
        "Label",
        "target",
        "is_churned",
        "Kündigung",
        "y_pred",
    ],
)
@pytest.mark.parametrize(
    "values", [[n % 2 for n in range(N)], ["yes", "no"] * (N // 2)], ids=["flags", "texts"]
)
def test_an_outcome_is_kept_with_the_override_that_ignores_it(header, values):
    found = column(header, values)
    assert (found.kind, "outcome" in found.doubts[0]) == ("categorical", True)
    assert f'{{"columns": {{"{header}": {{"kind": "ignored"}}}}}}' in found.doubts[0]


@pytest.mark.parametrize(
    "header", ["response_time", "response_rate", "label_count", "output_power", "Channel"]
)
def test_other_columns_are_no_outcomes(header):
    assert column(header, ["yes", "no"] * (N // 2)).doubts == ()


def test_categories_that_differ_only_in_capitals_are_named_and_folding_is_proposed():
    [doubt] = column("plan", ["Gold", "gold", "GOLD", "silver"] * (N // 4)).doubts
    assert "'Gold' and 'gold' and 'GOLD'" in doubt
    assert '{"columns": {"plan": {"fold_case": true}}}' in doubt


def test_a_spelling_of_a_single_row_is_not_repeated():
    [doubt] = column("plan", ["zanzibar", *["Zanzibar", "other"] * (N // 2 - 1), "other"]).doubts
    assert "zanzibar" not in doubt


@pytest.mark.parametrize("kind", [None, "categorical"])
def test_folded_categories_are_one_in_lower_case(kind):
    raw = pa.table({"plan": ["Gold", "gold", "GOLD ", "silver"] * (N // 4), "spent": SPENT})
    found = infer_schema(
        raw, customer_id=None, overrides={"plan": Override(kind=kind, fold_case=True)}
    )
    assert (found.columns[0].distinct, found.columns[0].doubts) == (2, ())
    assert set(apply_schema(raw, found)["plan"].to_pylist()) == {"gold", "silver"}


def test_later_rows_are_folded_too():
    columns = described(
        {"plan": ["Gold", "silver"] * 30, "spent": SPENT}, plan=Override(fold_case=True)
    ).columns
    assert read_rows(pa.table({"plan": ["GOLD", "Silver"]}), columns)[0]["plan"].to_pylist() == [
        "gold",
        "silver",
    ]


def with_times(texts):
    return described({"call": texts, "spent": [1.5 * n for n in range(len(texts))]}).columns[0]


@pytest.mark.parametrize("end", ["", ":07", ":07.5"])
def test_many_times_are_ignored_and_named(end):
    column = with_times([f"{n // 60 + 1:02}:{n % 60:02}{end}" for n in range(300)])
    assert (column.kind, column.reason) == ("ignored", "time")
    assert "seconds" in column.doubts[0]


def test_a_few_times_are_categories_and_named():
    column = with_times(["09:00", "14:30", "18:00"] * 20)
    assert column.kind == "categorical"
    assert column.doubts[0].startswith("'call' holds times written like hh:mm or mm:ss")


def test_ratios_are_no_times():
    assert not with_times(["16:9", "4:3", "1:1"] * 20).doubts


ENDS = {0: "Row 1, the first,", 20: "Row 21, the last,"}


def totals(label, orders, revenue, *, row=20, others=None):
    table = {
        "id": [f"c{n}" for n in range(20)],
        "orders": [*range(1, 21)],
        "revenue": [*range(30, 50)],
    }
    for name, total in {"id": label, "orders": orders, "revenue": revenue}.items():
        table[name].insert(row, total)
    return described({**table, **(others or {})})


def says_total(found, row=20):
    return [
        warning
        for warning in found.warnings
        if warning.startswith(f"{ENDS[row]} looks like a total")
    ]


@pytest.mark.parametrize(
    "label", ["Total", "TOTAL:", "Summe", "Gesamt", "Grand total", "Somme", "Suma", None, ""]
)
@pytest.mark.parametrize("revenue", [790, 800])
@pytest.mark.parametrize("row", ENDS)
def test_a_first_or_last_row_of_totals_is_named(label, revenue, row):
    assert says_total(totals(label, 210, revenue, row=row), row)


@pytest.mark.parametrize("row", ENDS)
def test_a_first_or_last_row_of_exact_sums_is_named_whatever_its_id(row):
    assert says_total(totals("c99", 210, 790, row=row), row)


def test_beside_averages_a_labelled_total_is_named():
    assert says_total(totals("Total", 210, 40, others={"age": [*range(20, 40), 29]}))


@pytest.mark.parametrize(
    ("label", "orders", "revenue"), [("c99", 200, 800), ("Total", 7, 31), (None, 7, 31)]
)
@pytest.mark.parametrize("row", ENDS)
def test_a_first_or_last_customer_like_others_is_no_total(label, orders, revenue, row):
    assert not says_total(totals(label, orders, revenue, row=row), row)


FOOTED = {"id": ["c1", "c2", "c3"], "orders": ["1", "2", "3"], "revenue": ["7", "9", "8"]}


def says_footer(**last):
    columns = {name: [*cells, last.get(name)] for name, cells in FOOTED.items()}
    return [
        warning for warning in described(columns).warnings if warning.startswith("Row 4, the last")
    ]


@pytest.mark.parametrize("blank", [None, "", " "])
def test_a_last_row_of_a_single_cell_is_named(blank):
    assert says_footer(id="Exported on 5 May", orders=blank, revenue=blank)


def test_a_last_row_with_an_amount_is_no_footer():
    assert not says_footer(id="c4", revenue="5")


def test_a_last_row_as_empty_as_others_is_no_footer():
    columns = {**FOOTED, "orders": ["1", None, None], "revenue": ["7", None, None]}
    assert not [w for w in described(columns).warnings if "footer" in w]


@pytest.mark.parametrize("blank", [None, ""])
def test_crosses_beside_blanks_are_asked_about(blank):
    found = described({"vip": ["x", blank] * 30, "spent": SPENT})
    assert "'vip' is ignored: it has one value, and none in 30 rows." in found.warnings[1]
    assert "yes and no" in found.warnings[1]


def says_headers(found):
    return [
        warning
        for warning in found.warnings
        if warning.startswith("The headers look like a row of data")
    ]


@pytest.mark.parametrize(
    "headers", [("C0", "24", "397.5", "north"), ("u1", "1", "250", "m"), ("7", "9", "130,5", "x")]
)
def test_headers_that_could_be_cells_have_a_warning(headers):
    texts = [headers[3], "south"] * (N // 2)
    cells = (
        [f"C{n}" for n in range(1, N + 1)],
        [n % 30 for n in range(N)],
        [100.0 + n * 7 for n in range(N)],
        texts,
    )
    assert says_headers(described(dict(zip(headers, cells, strict=True))))


def test_a_running_number_that_precedes_its_column_is_a_cell_as_well():
    raw = {"1000": range(1001, 1001 + N), "37": [n % 50 for n in range(N)]}
    assert says_headers(described(raw))


def test_numbers_of_any_size_may_lie_under_a_header_that_is_a_number():
    assert not says_headers(described({"1": [-1.7e308, 1.7e308], "5": [1e307, 1.7e308]}))


@pytest.mark.parametrize("header", ["zip", "store_id", "phone", "flag"])
def test_a_column_of_numbers_without_a_known_one_is_empty(header):
    raw = pa.table({header: pa.array([None] * 3, pa.float64()), "age": [20, 31, 42]})
    found = infer_schema(raw, customer_id=None)
    assert {each.name: each.reason for each in found.columns}[header] == "empty"


def test_a_number_just_below_numbers_that_do_not_run_is_a_header():
    spread = [5 + n * n for n in range(N)]
    assert not says_headers(described({"1": spread, "4": spread[::-1], "2": spread}))


@pytest.mark.parametrize(
    "headers", [("2019", "2020", "2021"), ("1", "2", "3"), ("age", "10", "town")]
)
def test_headers_that_count_or_are_words_are_headers(headers):
    cells = RNG.integers(0, 4000, (len(headers), N)).tolist()
    assert not says_headers(described(dict(zip(headers, cells, strict=True))))


GERMAN = {"rabatt": ["9,5", "10,8", "9,4"] * 20, "umsatz": ["2.730", "174", "7.503"] * 20}


def test_beside_decimal_commas_a_dot_groups_thousands():
    raw = pa.table(GERMAN)
    found = infer_schema(raw, customer_id=None)
    assert apply_schema(raw, found)["umsatz"].to_pylist()[:3] == [2730.0, 174.0, 7503.0]


def test_beside_decimal_commas_a_comma_is_no_group():
    raw = pa.table({**GERMAN, "umsatz": ["2,730", "174", "7,503"] * 20})
    found = infer_schema(raw, customer_id=None)
    assert apply_schema(raw, found)["umsatz"].to_pylist()[:3] == [2.73, 174.0, 7.503]


def test_without_decimal_commas_an_ambiguous_dot_has_a_warning():
    [doubt] = described({"umsatz": GERMAN["umsatz"]}).columns[0].doubts
    assert '?schema={"columns": {"umsatz": {"numerals": "1.234,56"}}}' in doubt


@pytest.mark.parametrize(
    ("numerals", "numbers"),
    [("1.234,56", [2730.0, 174.0, 7503.0]), ("1234.56", [2.73, 174.0, 7.503])],
)
def test_declared_numerals_are_how_numbers_are_read(numerals, numbers):
    raw = pa.table(GERMAN)
    found = infer_schema(raw, customer_id=None, overrides={"umsatz": Override(numerals=numerals)})
    assert apply_schema(raw, found)["umsatz"].to_pylist()[:3] == numbers


def test_a_declared_order_is_how_dates_are_read():
    raw = pa.table({"since": ["01/02/2024", "03/04/2024"]})
    found = infer_schema(
        raw, customer_id=None, overrides={"since": Override(numerals="mm/dd/yyyy")}
    )
    assert (found.columns[0].newest, apply_schema(raw, found)["since"].to_pylist()) == (
        "2024-03-04",
        [62.0, 0.0],
    )
