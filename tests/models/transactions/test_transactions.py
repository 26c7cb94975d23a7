"""Transactions in, customers out."""

import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from models.columns import MAX_LISTED, BadCells, UnknownColumn, apply_schema, infer_schema
from models.errors import ValueOutOfRange
from models.transactions import (
    ReferenceTooEarly,
    TransactionColumns,
    UnclearRecipe,
    aggregate_transactions,
    customers,
    merge_ledgers,
    summarize_transactions,
)
from tests.support.paths import ROOT

VALUE = "Zanzibar-77"
RECIPE = TransactionColumns(customer="who", date="when", amount="much")
START = date(2024, 2, 27)

anything = st.one_of(
    st.none(), st.text(max_size=12), st.dates().map(str), st.from_regex(r"[0-9a-z/.: -]{4,12}")
)
rows = st.tuples(st.sampled_from("abcd"), st.integers(0, 9), st.integers(-3, 9))
tables = st.lists(rows, max_size=30).map(lambda found: bought(*found))


def bought(*found):
    """Make transactions from tuples of customer, days since the start, and amount."""
    whos, offsets, amounts = zip(*found, strict=True) if found else ((), (), ())
    days = [str(START + timedelta(days=offset)) for offset in offsets]
    return table(whos, days, amounts)


def table(whos, days, amounts):
    types = (pa.string(), pa.string(), pa.float64())
    return pa.table(
        [pa.array(c, t) for c, t in zip((whos, days, amounts), types, strict=True)],
        ["who", "when", "much"],
    )


def dated(*days, **recipe):
    """Put one order on each day, all by one customer."""
    return aggregate_transactions(
        pa.table({"who": ["a"] * len(days), "when": days}),
        TransactionColumns(customer="who", date="when", amount=None, **recipe),
    )


def days_of(*days, **recipe):
    [found] = dated(*days, **recipe).table["order_days"].to_pylist() or [[]]
    return [str(day) for day in found]


def by_hand(found, today):
    """Describe one customer's transactions, (day, amount) each, in plain Python."""
    orders = sorted(day for day, amount in found if amount >= 0)
    distinct = sorted(set(orders))
    total = float(sum(amount for _, amount in found))
    return {
        "recency_days": (today - orders[-1]).days if orders else None,
        "frequency": len(orders),
        "monetary_value": total,
        "tenure_days": (today - orders[0]).days if orders else None,
        "mean_basket": total / len(orders) if orders else None,
        "days_between_orders": (distinct[-1] - distinct[0]).days / (len(distinct) - 1)
        if len(distinct) > 1
        else None,
    }


def test_customers_are_described_by_recency_frequency_and_monetary_value():
    raw = bought(("b", 0, 10), ("a", 1, 5), ("b", 4, 20), ("b", 4, 1), ("b", 10, 2))
    [_, b] = summarize_transactions(raw, RECIPE).table.to_pylist()
    assert b == {
        "who": "b",
        "recency_days": 0,
        "frequency": 4,
        "monetary_value": 33,
        "tenure_days": 10,
        "mean_basket": 33 / 4,
        "days_between_orders": 5,
    }


@settings(deadline=None, max_examples=50)
@given(found=st.lists(rows, min_size=1, max_size=30))
def test_customers_agree_with_plain_counting(found):
    at = [(who, START + timedelta(days=offset), amount) for who, offset, amount in found]
    today = max(day for _, day, _ in at)
    whos = sorted({who for who, _, _ in at})
    counted = [
        {"who": who} | by_hand([(day, x) for name, day, x in at if name == who], today)
        for who in whos
    ]
    assert summarize_transactions(bought(*found), RECIPE).table.to_pylist() == counted


@settings(deadline=None, max_examples=50)
@given(a=tables, b=tables)
def test_ledgers_merge_to_the_ledger_of_all_transactions_however_they_are_split(a, b):
    merged = merge_ledgers(
        aggregate_transactions(a, RECIPE).table, aggregate_transactions(b, RECIPE).table
    )
    assert merged.equals(aggregate_transactions(pa.concat_tables([a, b]), RECIPE).table)


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(a=tables, b=tables)
def test_which_ledger_is_merged_into_which_does_not_matter(a, b):
    first, second = aggregate_transactions(a, RECIPE).table, aggregate_transactions(b, RECIPE).table
    assert merge_ledgers(first, second).equals(merge_ledgers(second, first))


@settings(deadline=None, max_examples=50)
@given(raw=tables, shuffle=st.randoms(use_true_random=False))
def test_the_order_of_transactions_does_not_matter(raw, shuffle):
    order = shuffle.sample(range(raw.num_rows), raw.num_rows)
    shuffled = raw.take(pa.array(order, pa.int64()))
    assert summarize_transactions(shuffled, RECIPE).table.equals(
        summarize_transactions(raw, RECIPE).table
    )


def test_a_ledger_survives_a_file(tmp_path):
    kept = aggregate_transactions(bought(("a", 1, 5), ("b", 2, -1), ("a", 3, 1)), RECIPE).table
    parquet.write_table(kept, tmp_path / "ledger.parquet")
    read = parquet.read_table(tmp_path / "ledger.parquet")
    assert customers(merge_ledgers(kept, read), None).equals(
        customers(merge_ledgers(kept, kept), None)
    )


def test_a_refund_lowers_the_monetary_value_and_is_no_order():
    [row] = summarize_transactions(bought(("a", 0, 30), ("a", 7, -10)), RECIPE).table.to_pylist()
    assert (row["monetary_value"], row["frequency"], row["recency_days"]) == (20, 1, 7)


def test_a_customer_with_returns_only_has_no_recency_and_no_basket():
    [row] = summarize_transactions(bought(("a", 0, -30)), RECIPE).table.to_pylist()
    unknown = {name for name, value in row.items() if value is None}
    assert unknown == {"recency_days", "tenure_days", "mean_basket", "days_between_orders"}


def test_days_between_orders_counts_a_day_once():
    [row] = summarize_transactions(
        bought(("a", 0, 1), ("a", 0, 1), ("a", 6, 1), ("a", 6, 1)), RECIPE
    ).table.to_pylist()
    assert row["days_between_orders"] == 6


def test_without_amounts_there_is_no_monetary_value():
    found = customers(dated("2024-01-01", "2024-01-05").table, None)
    assert found.column_names == [
        "who",
        "recency_days",
        "frequency",
        "tenure_days",
        "days_between_orders",
    ]


def test_days_count_up_to_the_reference_date():
    [row] = customers(dated("2024-01-01", reference="2024-01-31").table, "2024-01-31").to_pylist()
    assert (row["recency_days"], row["tenure_days"]) == (30, 30)


def test_transactions_after_the_reference_date_are_left_out_and_counted():
    kept = dated("2024-01-01", "2024-01-02", "2024-01-03T08:00", reference="2024-01-02")
    assert (kept.table["n_orders"].to_pylist(), kept.n_later) == ([2], 1)


def test_a_ledger_cannot_look_back():
    with pytest.raises(ReferenceTooEarly):
        customers(dated("2024-01-01", "2024-01-03").table, "2024-01-02")


def test_ids_keep_leading_zeros_lose_blanks_and_are_sorted():
    raw = table(["0002", " 1 ", "1", "0002", "01"], ["2024-01-01"] * 5, [1] * 5)
    assert summarize_transactions(raw, RECIPE).table["who"].to_pylist() == ["0002", "01", "1"]


def test_ids_in_numbers_are_text():
    raw = pa.table({"who": [7, 8, 7], "when": ["2024-01-01"] * 3, "much": [1, 2, 3]})
    assert summarize_transactions(raw, RECIPE).table["who"].to_pylist() == ["7", "8"]


@pytest.mark.parametrize(
    "written",
    [
        *(
            "2024-02-03",
            "2024/2/3",
            "2024.02.03",
            "20240203",
            "3 Feb 2024",
            "3. February 2024",
            "03-Feb-2024",
        ),
        *("Feb 3, 2024", "feb 3 2024", "3/2/2024", "03.02.2024", "3-2-24", " 2024-02-03 "),
        *(
            "2024-02-03 08:15",
            "2024-02-03T08:15:00.123456Z",
            "2024-02-03T23:59:59+02:00",
            "3/2/24 8:15 PM",
        ),
    ],
)
def test_a_day_is_read_as_it_is_commonly_written(written):
    assert days_of(written) == ["2024-02-03"]


def test_a_day_in_digits_may_be_a_number():
    raw = pa.table({"who": ["a"], "when": [20240203], "much": [1]})
    assert aggregate_transactions(raw, RECIPE).table["order_days"].to_pylist() == [
        [date(2024, 2, 3)]
    ]


@pytest.mark.parametrize(("written", "day"), [("1/1/68", "2068-01-01"), ("1/1/69", "1969-01-01")])
def test_two_digits_are_a_year_from_1969_to_2068(written, day):
    assert days_of(written) == [day]


@pytest.mark.parametrize(
    "written",
    [
        *(
            "2024-02-30",
            "2024-13-01",
            "0001-01-01",
            "9999-12-31",
            "31/4/2024",
            "yesterday",
            "450",
        ),
        *("2024-02-03 later", "2024-02-03T", VALUE),
    ],
)
def test_invalid_dates_are_errors(written):
    [fault] = dated(written).faults
    assert (fault.row, fault.column, fault.detail)[:2] == (1, "when")


@pytest.mark.parametrize(
    ("written", "days"),
    [
        (["3/4/2024", "13/4/2024"], ["2024-04-03", "2024-04-13"]),
        (["3/4/2024", "4/13/2024"], ["2024-03-04", "2024-04-13"]),
    ],
)
def test_one_unambiguous_date_decides_the_order_of_all(written, days):
    assert days_of(*written) == days


@pytest.mark.parametrize(
    ("days", "row"),
    [
        (["13/4/2024", "3/4/2024", "4/13/2024"], 3),
        (["1. Januar 2023", "2. Januar 2023", "5 мая 2023"], 3),
        (["2024-01-01", "2024-W05-3", "2024-W06-1"], 2),
        (["2024-01-01"] * 30 + ["2024-31-01", "2024-30-01"], 31),
        ([*map(str, range(1704067200, 1704067230)), "9" * 15, "8" * 15], 31),
    ],
    ids=["both-orders", "unknown-language", "weeks", "year-day-month", "epoch-and-others"],
)
def test_dates_of_which_a_part_cannot_be_read_are_refused_by_row(days, row):
    with pytest.raises(BadCells, match="'when'") as caught:
        dated(*days)
    assert (caught.value.cells[0].column, caught.value.cells[0].row) == ("when", row)


SERIAL_DAYS = {
    "unix seconds": [1704067200, 1704240000],
    "unix milliseconds": [1704067200000, 1704240000000],
    "unix microseconds": [1704067200000000, 1704240000000000],
    "unix nanoseconds": [1704067200000000000, 1704240000000000000],
    "excel days": [45292, 45294],
}


@pytest.mark.parametrize("unit", SERIAL_DAYS)
@pytest.mark.parametrize("cell", [int, str, float])
def test_dates_written_as_numbers_are_read_and_named(unit, cell):
    kept = dated(*map(cell, SERIAL_DAYS[unit]))
    assert [str(day) for day in kept.table["order_days"].to_pylist()[0]] == [
        "2024-01-01",
        "2024-01-03",
    ]
    [warning] = kept.warnings
    assert warning.startswith(f"'when' holds numbers that are read as dates ({unit}).")


@pytest.mark.parametrize("unit", SERIAL_DAYS)
def test_later_dates_are_read_in_the_unit_of_the_first_ones(unit):
    kept = dated(*SERIAL_DAYS[unit])
    assert kept.recipe.date_order == unit
    later = dated(SERIAL_DAYS[unit][1], date_order=unit)
    assert [str(day) for day in later.table["order_days"].to_pylist()[0]] == ["2024-01-03"]
    assert not later.warnings


def test_months_written_as_numbers_are_read_as_their_first_days():
    assert days_of(202401, 202403) == ["2024-01-01", "2024-03-01"]


def test_a_number_far_from_the_other_dates_is_left_out():
    assert dated(*[1704067200 + 86400 * n for n in range(20)], 10**15).n_faulty == 1


def test_a_refusal_shows_dates_that_are_read():
    with pytest.raises(BadCells, match=r"31\.01\.2015.*31-Jan-15.*Polish"):
        dated("2024-W05-3", "2024-W06-3")


def test_later_dates_in_the_other_order_are_refused():
    with pytest.raises(BadCells, match="begin with the month"):
        days_of("3/4/2024", "4/13/2024", date_order="dd/mm/yyyy")


@pytest.mark.parametrize("left_out", ["soon", "0000-00-00"])
def test_missing_dates_in_words_or_zeros_are_left_out_however_many(left_out):
    assert dated("2024-01-01", *[left_out] * 5).n_faulty == 5


def test_a_slip_among_many_dates_is_left_out():
    assert dated("2024-01-01", "2024-02-30").n_faulty == 1


@pytest.mark.parametrize(
    "written", ["2024-01-05T23:30:00-05:00", "2024-01-05 23:30:00+00", "2024-01-05 00:10+14:00"]
)
def test_the_local_day_counts_in_any_time_zone(written):
    assert days_of(written) == ["2024-01-05"]


def test_ambiguous_dates_are_read_day_first_with_a_warning():
    kept = dated("3/4/2024")
    assert "'when'" in kept.warnings[0]
    assert kept.recipe.date_order == "dd/mm/yyyy"


@pytest.mark.parametrize("written", ["2024-03-04", "3 Apr 2024", "13/4/2024"])
def test_clear_dates_need_no_warning(written):
    assert dated(written).warnings == ()


def test_later_transactions_are_read_as_the_first_ones_were():
    recipe = dated("4/13/2024").recipe
    assert days_of("3/4/2024", date_order=recipe.date_order) == ["2024-03-04"]


@pytest.mark.parametrize(
    ("written", "numerals", "total"),
    [
        (["1.234,50 €", "2,5"], "1.234,56 €", 1237),
        (["$1,200.50", "($200.50)"], "1,234.56 $", 1000),
        (["12,5", "-2,5"], "1234,56", 10),
    ],
)
def test_amounts_are_read_in_the_format_of_the_column_and_a_warning_names_it(
    written, numerals, total
):
    kept = aggregate_transactions(
        table(["a", "a"], ["2024-01-01"] * 2, [0, 0]).set_column(2, "much", pa.array(written)),
        RECIPE,
    )
    assert (kept.table["total"].to_pylist(), kept.recipe.numerals) == ([total], numerals)
    assert f"'much' is read as numbers written like {numerals}" in kept.warnings[0]


def test_later_amounts_are_read_as_the_first_ones_were():
    recipe = replace(RECIPE, numerals="1.234,56")
    raw = pa.table({"who": ["a"], "when": ["2024-01-01"], "much": ["1.234"]})
    kept = aggregate_transactions(raw, recipe)
    assert (kept.table["total"].to_pylist(), kept.recipe, kept.warnings) == ([1234], recipe, ())


def test_a_recipe_that_nothing_decided_stays_open():
    assert dated("2024-01-01").recipe.date_order is None


@pytest.mark.parametrize(
    ("who", "when", "much", "faults"),
    [
        (None, "2024-01-01", "1", [("who", "is missing")]),
        ("", "2024-01-01", "1", [("who", "is missing")]),
        ("..", "2024-01-01", "1", [("who", "is a path, not an id")]),
        ("a", " ", "1", [("when", "is missing")]),
        ("a", "2024-01-01", None, [("much", "is missing")]),
        ("a", "2024-01-01", VALUE, [("much", "is not a number")]),
        ("a", "2024-01-01", "1e999", [("much", "is too large for a number")]),
        (
            None,
            VALUE,
            "nan",
            [
                ("who", "is missing"),
                ("when", "is not a date written like yyyy-mm-dd"),
                ("much", "is not a number"),
            ],
        ),
    ],
)
def test_a_row_that_cannot_be_read_is_left_out_and_named(who, when, much, faults):
    raw = pa.table({"who": ["a", who], "when": ["2024-01-01", when], "much": ["1", much]})
    found = summarize_transactions(raw, RECIPE)
    assert [(cell.row, cell.column, cell.detail) for cell in found.faults] == [
        (2, *fault) for fault in faults
    ]
    assert (found.n_faulty, found.table["frequency"].to_pylist()) == (1, [1])


def test_faults_are_listed_by_row_up_to_a_hundred_and_counted_in_all():
    raw = table([None, "a"] * 150, ["2024-01-01", VALUE] * 150, [1] * 300)
    kept = aggregate_transactions(raw, RECIPE)
    assert [cell.row for cell in kept.faults] == list(range(1, MAX_LISTED + 1))
    assert kept.n_faulty == 300


def test_no_fault_and_no_warning_repeats_a_cell():
    raw = pa.table({"who": [f"{VALUE}\x00"], "when": [VALUE], "much": [VALUE]})
    found = summarize_transactions(raw, RECIPE)
    assert VALUE not in str(found.faults) + str(found.warnings)


@pytest.mark.parametrize("column", ["who", "when", "much"])
@pytest.mark.parametrize("typed", [pa.float64(), pa.int64(), pa.string()])
def test_a_column_of_another_type_is_read_or_its_rows_are_named(column, typed):
    raw = bought(("a", 1, 1)).drop_columns(column).append_column(column, pa.nulls(1, typed))
    [fault] = aggregate_transactions(raw, RECIPE).faults
    assert (fault.column, fault.detail) == (column, "is missing")


def test_without_a_readable_transaction_there_are_no_customers():
    found = summarize_transactions(table([None], ["2024-01-01"], [1]), RECIPE)
    assert (found.table.num_rows, found.table.schema) == (
        0,
        summarize_transactions(bought(("a", 1, 1)), RECIPE).table.schema,
    )


@pytest.mark.parametrize("n_chunks", [1, 3])
def test_chunks_do_not_matter(n_chunks):
    chunked = pa.concat_tables([bought(("b", 1, 1), ("a", 2, 3))] * n_chunks)
    assert aggregate_transactions(chunked, RECIPE).table.equals(
        aggregate_transactions(chunked.combine_chunks(), RECIPE).table
    )


def test_a_recipe_must_name_columns_that_are_there():
    with pytest.raises(UnknownColumn, match="'counts_key'"):
        aggregate_transactions(
            bought(), TransactionColumns(customer="counts_key", date="when", amount="much")
        )


@pytest.mark.parametrize(
    "recipe", [{"customer": "who", "date": "who"}, {"customer": "Frequency", "date": "when"}]
)
def test_a_recipe_that_confuses_columns_is_refused(recipe):
    with pytest.raises(UnclearRecipe):
        aggregate_transactions(
            pa.table({"who": ["a"], "Frequency": ["a"], "when": ["a"]}),
            TransactionColumns(**recipe, amount=None),
        )


def test_a_reference_must_be_an_iso_date():
    with pytest.raises(ValueError, match="isoformat"):
        dated("2024-01-01", reference="31.1.2024")


def test_amounts_too_large_to_add_up_are_refused():
    with pytest.raises(ValueOutOfRange):
        aggregate_transactions(bought(("a", 1, 1.7e308), ("a", 1, 1.7e308)), RECIPE)


def test_customers_are_a_dataset_of_numbers():
    raw = bought(*((who, day, day + 1) for day in range(9) for who in "abcde"[: 1 + day % 5]))
    found = summarize_transactions(raw, RECIPE).table
    described = infer_schema(found, customer_id="who")
    assert apply_schema(found, described).column_names == found.column_names
    assert {column.kind for column in described.columns[1:]} <= {"numeric", "ignored"}


@settings(deadline=None, max_examples=50)
@given(cells=st.lists(st.tuples(anything, anything), max_size=8))
def test_every_row_is_read_or_named_or_the_dates_are_refused(cells):
    raw = pa.table(
        [pa.array([cell[n] for cell in cells], pa.string()) for n in range(2)], ["who", "when"]
    )
    try:
        found = aggregate_transactions(
            raw, TransactionColumns(customer="who", date="when", amount=None)
        )
    except BadCells as error:
        named = {fault.column for fault in error.cells}
    else:
        named = {"when"}
        assert sum(found.table["n_orders"].to_pylist()) + found.n_faulty == len(cells)
    assert named == {"when"}


def test_transactions_need_no_learning_library():
    script = (
        "import sys, models.transactions; sys.exit(any(n in sys.modules for n in ('sklearn', "
        "'scipy', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0  # noqa: S603 - our own script
