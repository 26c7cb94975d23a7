"""Transactions that are order lines, returns, and implausible days."""

from datetime import date, timedelta
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from models.columns import BadCells, UnknownColumn
from models.transactions import (
    TransactionColumns,
    UnclearRecipe,
    aggregate_transactions,
    customers,
    merge_ledgers,
    summarize_transactions,
    warn_of_leap,
)
from models.transactions.order_numbers import is_order_header

RECIPE = TransactionColumns(customer="who", date="when", amount="much", order="invoice")
START = date(2024, 2, 27)
TODAY = date(2024, 12, 31)

lines = st.tuples(
    st.sampled_from("abc"), st.sampled_from("12345"), st.integers(0, 9), st.integers(-3, 9)
)


def sold(*found, **columns):
    """Build order lines of tuples (customer, order number, days since the start, amount)."""
    whos, numbers, offsets, amounts = zip(*found, strict=True) if found else ((), (), (), ())
    days = [str(START + timedelta(days=offset)) for offset in offsets]
    cells = {"who": whos, "invoice": numbers, "when": days}
    typed = {name: pa.array(values, pa.string()) for name, values in cells.items()}
    return pa.table(typed | {"much": pa.array(amounts, pa.float64())} | columns)


def only(raw, recipe=RECIPE):
    [row] = summarize_transactions(raw, recipe).table.to_pylist()
    return row


def dated(*days, today=TODAY, **recipe):
    raw = pa.table(
        {"who": [f"c{n % 7}" for n in range(len(days))], "when": [str(day) for day in days]}
    )
    return aggregate_transactions(
        raw, TransactionColumns(customer="who", date="when", amount=None, **recipe), today
    )


def daily(n, start=date(2024, 1, 1)):
    return [start + timedelta(days=day) for day in range(n)]


# Lines of orders


def test_an_invoice_of_three_lines_is_one_order():
    found = only(sold(("ann", "I1", 0, 10), ("ann", "I1", 0, 20), ("ann", "I1", 0, 5)))
    assert (found["frequency"], found["mean_basket"], found["days_between_orders"]) == (1, 35, None)


def test_two_customers_may_have_orders_of_one_number():
    found = summarize_transactions(sold(("ann", "1", 0, 10), ("ben", "1", 0, 20)), RECIPE).table
    assert found["frequency"].to_pylist() == [1, 1]


def test_the_gap_between_orders_counts_from_their_first_days():
    found = only(sold(("ann", "1", 0, 10), ("ann", "1", 8, 1), ("ann", "2", 9, 20)))
    assert (found["days_between_orders"], found["recency_days"]) == (9, 0)


@pytest.mark.parametrize("numbers", [["7", " 7 "], [7, 7]])
def test_a_number_of_an_order_is_read_as_an_id(numbers):
    raw = sold(("ann", "", 0, 10), ("ann", "", 1, 20)).set_column(1, "invoice", pa.array(numbers))
    assert only(raw)["frequency"] == 1


def test_a_line_without_the_number_of_its_order_is_left_out_and_named():
    kept = aggregate_transactions(sold(("ann", "1", 0, 10), ("ann", None, 0, 20)), RECIPE)
    assert [(fault.row, fault.column, fault.detail) for fault in kept.faults] == [
        (2, "invoice", "is missing")
    ]


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(
    found=st.lists(lines, min_size=1, max_size=30), cuts=st.lists(st.integers(0, 30), max_size=4)
)
def test_order_lines_build_the_same_ledger_in_any_batches(found, cuts):
    whole = aggregate_transactions(sold(*found), RECIPE)
    edges = [0, *sorted(min(cut, len(found)) for cut in cuts), len(found)]
    kept = aggregate_transactions(sold(), RECIPE).table
    for start, end in pairwise(edges):
        kept = merge_ledgers(
            kept, aggregate_transactions(sold(*found[start:end]), whole.recipe).table
        )
    assert kept.equals(whole.table)


@settings(deadline=None, max_examples=60)
@given(found=st.lists(lines, min_size=1, max_size=30))
def test_numbers_of_orders_agree_with_plain_counting(found):
    table = summarize_transactions(sold(*found), RECIPE).table
    for row in table.to_pylist():
        own = [
            (number, offset)
            for who, number, offset, much in found
            if who == row["who"] and much >= 0
        ]
        first = {number: min(offset for each, offset in own if each == number) for number, _ in own}
        days = sorted(set(first.values()))
        gap = (days[-1] - days[0]) / (len(days) - 1) if len(days) > 1 else None
        assert (row["frequency"], row["days_between_orders"]) == (len(first), gap)


def test_a_ledger_of_orders_survives_a_file(tmp_path):
    kept = aggregate_transactions(
        sold(("a", "1", 1, 5), ("b", "2", 2, -1), ("a", "3", 3, 1)), RECIPE
    ).table
    parquet.write_table(kept, tmp_path / "ledger.parquet")
    assert merge_ledgers(kept, parquet.read_table(tmp_path / "ledger.parquet")).equals(
        merge_ledgers(kept, kept)
    )
    assert customers(kept, None)["frequency"].to_pylist() == [2, 0]


def test_a_ledger_keeps_no_number_of_an_order():
    assert "Zanzibar-77" not in str(
        aggregate_transactions(sold(("a", "Zanzibar-77", 1, 5)), RECIPE).table.to_pydict()
    )


def test_the_order_column_must_exist():
    with pytest.raises(UnknownColumn, match="'order_no'"):
        aggregate_transactions(
            sold(), TransactionColumns(customer="who", date="when", amount="much", order="order_no")
        )


def test_the_number_of_an_order_is_no_other_column():
    with pytest.raises(UnclearRecipe):
        aggregate_transactions(
            sold(), TransactionColumns(customer="who", date="when", amount="much", order="when")
        )


# Orders that nobody has named


@pytest.mark.parametrize(
    "header",
    [
        *(
            "InvoiceNo",
            "Invoice",
            "order_id",
            "ORDERNUMBER",
            "Order ID",
            "transaction_id",
            "receipt_no",
            "BasketID",
        ),
        *(
            "Rechnungsnummer",
            "Bestellnr.",
            "Beleg-Nr",
            "numéro de facture",
            "id_pedido",
            "Numero ordine",
            "Factuurnr",
        ),
        *("Nr faktury", "Zamówienie", "número do pedido", "Bon"),
    ],
)
def test_order_numbers_are_recognized_by_their_header(header):
    assert is_order_header(header)


@pytest.mark.parametrize(
    "header", ["CustomerID", "date", "order_date", "orders", "amount", "Number", "ID", "StockCode"]
)
def test_other_headers_do_not(header):
    assert not is_order_header(header)


def test_a_repeating_number_is_reported_with_the_parameter_that_declares_it():
    raw = sold(("ann", "1", 0, 10), ("ann", "1", 0, 20), ("ben", "2", 0, 20))
    raw = raw.rename_columns(["who", "Invoice No", "when", "much"])
    kept = aggregate_transactions(
        raw, TransactionColumns(customer="who", date="when", amount="much")
    )
    assert "'Invoice No'" in kept.warnings[0]
    assert kept.warnings[0].endswith("2 of 3 rows, but each row counts as an order. If the rows "
                                     "are lines of orders, "
                                     "send the table again with &order=Invoice%20No")  # fmt: skip
    assert kept.table["n_orders"].to_pylist() == [2, 1]


@pytest.mark.parametrize(
    "numbers", [["1", "2", "3", "4"], ["cash", "card", "cash", "card"], [None, None, None, None]]
)
def test_numbers_that_do_not_repeat_and_kinds_that_all_customers_share_are_not(numbers):
    raw = sold(*((who, "", 0, 1) for who in ("ann", "ann", "ben", "ben"))).set_column(
        1, "transaction", pa.array(numbers, pa.string())
    )
    assert (
        aggregate_transactions(
            raw, TransactionColumns(customer="who", date="when", amount="much")
        ).warnings
        == ()
    )


# Returns


def test_a_return_lowers_the_value_and_is_no_order():
    found = only(sold(("ann", "1", 0, 30), ("ann", "2", 5, -10)))
    assert (found["frequency"], found["monetary_value"], found["recency_days"]) == (1, 20, 5)


def test_a_return_under_the_number_of_its_order_does_not_move_the_order():
    found = only(sold(("ann", "1", 3, 30), ("ann", "1", 0, -10), ("ann", "1", 9, -5)))
    assert (found["frequency"], found["tenure_days"], found["monetary_value"]) == (1, 6, 15)


def test_a_c_before_digits_cancels_a_line_with_any_sign_of_the_amount():
    raw = sold(
        ("ann", "536", 0, 30), ("ann", "537", 1, 5), ("ann", "C538", 2, 10), ("ann", "C539", 2, -5)
    )
    found = summarize_transactions(raw, RECIPE)
    [row] = found.table.to_pylist()
    assert (row["frequency"], row["monetary_value"]) == (2, 20)
    [warning] = found.warnings
    assert warning.startswith(
        "2 rows, the first of them row 3, are taken for returned: in 'invoice'"
    )


def test_where_all_numbers_begin_with_c_none_is_cancelled():
    assert only(sold(("ann", "C1", 0, 30), ("ann", "C2", 1, 5)))["frequency"] == 2


@pytest.mark.parametrize(("first", "orders"), [("536", 0), ("C536", 1)])
def test_later_numbers_are_read_as_the_first_ones_were(first, orders):
    recipe = aggregate_transactions(sold(("ann", first, 0, 1)), RECIPE).recipe
    assert aggregate_transactions(sold(("ann", "C999", 1, 1)), recipe).table[
        "n_orders"
    ].to_pylist() == [orders]


@pytest.mark.parametrize(
    "marks",
    [
        ["no", "yes"],
        ["", "TRUE"],
        ["0", "1"],
        [3, -1],
        ["nein", "Ja"],
        [0.0, 1.0],
        [None, "returned"],
    ],
)
def test_a_column_marks_returns(marks):
    raw = sold(("ann", "1", 0, 30), ("ann", "2", 1, 5), back=pa.array(marks))
    found = only(
        raw, TransactionColumns(customer="who", date="when", amount="much", returned="back")
    )
    assert (found["frequency"], found["monetary_value"]) == (1, 25)


def test_a_one_is_a_quantity_where_the_first_ones_were_quantities():
    recipe = TransactionColumns(customer="who", date="when", amount="much", returned="back")
    decided = aggregate_transactions(
        sold(("ann", "1", 0, 30), ("ann", "2", 1, 5), back=pa.array([3, -1])), recipe
    ).recipe
    later = aggregate_transactions(sold(("ann", "3", 2, 7), back=pa.array([1])), decided)
    assert later.table["n_orders"].to_pylist() == [1]


def test_an_unknown_return_mark_is_refused_by_row():
    raw = sold(("ann", "1", 0, 30), ("ann", "2", 1, 5), back=pa.array(["no", "Shipped"]))
    with pytest.raises(BadCells) as caught:
        aggregate_transactions(
            raw, TransactionColumns(customer="who", date="when", amount="much", returned="back")
        )
    assert [(fault.row, fault.column) for fault in caught.value.cells] == [(2, "back")]


# Days that are not plausible


def test_a_day_in_the_future_is_left_out_and_named():
    kept = dated(date(2024, 3, 1), date(2042, 3, 1), date(2024, 3, 9))
    assert (kept.n_later, str(customers(kept.table, None)["recency_days"].to_pylist())) == (
        1,
        "[8.0, 0.0]",
    )
    assert kept.warnings[0].startswith(
        "1 transaction was left out: 'when' is in the future, 17 years after all others, first in "
        "row 2."
    )
    assert "&reference=" in kept.warnings[0]


def test_tomorrow_is_somewhere_today():
    assert dated(TODAY + timedelta(days=1)).n_later == 0
    assert dated(TODAY + timedelta(days=2)).n_later == 1


def test_without_a_clock_any_day_is_past():
    assert dated(date(2042, 3, 1), today=None).n_later == 0


def test_a_reference_date_overrides_the_plausibility_check():
    assert dated(date(2024, 3, 1), date(2042, 3, 1), reference="2042-12-31").n_later == 0


def test_a_slip_in_the_year_is_left_out_though_it_is_past():
    kept = dated(*daily(60, date(2011, 1, 1)), date(2021, 2, 3))
    assert (
        kept.n_later,
        "'when' is 9 years after all others, first in row 61" in kept.warnings[0],
    ) == (1, True)


def test_a_day_long_before_all_others_counts_and_is_named():
    kept = dated(*daily(60), date(1924, 2, 3))
    assert (
        kept.n_later,
        "99 years before all others, by 'when' first in row 61" in kept.warnings[0],
    ) == (0, True)


@pytest.mark.parametrize(
    "days",
    [
        [*daily(30, date(2019, 1, 1)), *daily(30)],
        [date(2000 + year, 1, 1) for year in range(24)],
        [date(2019, 1, 1), date(2024, 1, 1)],
    ],
    ids=["two-seasons", "rare", "few"],
)
def test_days_that_are_merely_far_apart_count_without_a_warning(days):
    kept = dated(*days)
    assert (kept.n_later, kept.warnings) == (0, ())


def test_later_transactions_years_after_all_before_are_named():
    before = dated(*daily(30, date(2011, 1, 1))).table
    assert "9 years later than all before" in warn_of_leap(before, dated(date(2020, 12, 1)).table)
    assert warn_of_leap(before, dated(date(2011, 12, 1)).table) is None
