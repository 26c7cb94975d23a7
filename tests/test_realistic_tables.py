"""Each table that one meets is understood as a person would understand it."""

from io import BytesIO

import pytest

from models.columns import apply_schema, infer_schema
from models.transactions import (
    TransactionColumns,
    aggregate_transactions,
    customers,
    merge_ledgers,
    summarize_transactions,
)
from service.web.formats import read_table
from tests.support.realistic_tables import (
    LOOKALIKES,
    credit_cards,
    mall,
    marketing,
    scaled,
    telco,
    transactions,
    wholesale,
)

RECIPE = TransactionColumns(customer="CustomerID", date="InvoiceDate", amount="Amount")


def read(body):
    return read_table(BytesIO(body), "text/csv")


def described(body, customer_id=None):
    return infer_schema(read(body), customer_id=customer_id)


def kinds(body):
    return {column.name: column.kind for column in described(body).columns}


def of_kind(body, kind):
    return [name for name, found in kinds(body).items() if found == kind]


def missing(body):
    return {column.name: column.missing for column in described(body).columns if column.missing}


def reasons(body):
    return {column.name: column.reason for column in described(body).columns if column.reason}


@pytest.mark.parametrize("made", LOOKALIKES.values(), ids=LOOKALIKES)
def test_the_same_arguments_make_the_same_file(made):
    assert made(50) == made(50)


@pytest.mark.parametrize("made", LOOKALIKES.values(), ids=LOOKALIKES)
def test_another_seed_makes_another_file(made):
    assert made(50, seed=98) != made(50, seed=99)


@pytest.mark.parametrize(
    ("made", "n_columns"),
    [(mall, 5), (wholesale, 8), (marketing, 29), (credit_cards, 18), (telco, 21)],
)
@pytest.mark.parametrize("n_customers", [20, 300])
def test_a_file_has_as_many_customers_as_asked_for(made, n_columns, n_customers):
    assert read(made(n_customers)).shape == (n_customers, n_columns)


@pytest.mark.parametrize(
    ("made", "customer_id"),
    [
        (mall, "CustomerID"),
        (wholesale, None),
        (marketing, "ID"),
        (credit_cards, "CUST_ID"),
        (telco, "customerID"),
    ],
)
def test_the_column_that_names_the_customers_is_found(made, customer_id):
    assert described(made(500)).customer_id == customer_id


@pytest.mark.parametrize("made", [mall, wholesale, marketing, credit_cards, telco])
def test_every_cell_can_be_stored(made):
    raw = read(made(500))
    assert apply_schema(raw, infer_schema(raw, customer_id=None)).num_rows == 500


@pytest.mark.parametrize("made", [mall, credit_cards])
def test_a_table_without_problems_has_no_warnings(made):
    assert described(made(500)).warnings == ()


def test_gender_is_the_malls_only_category():
    assert of_kind(mall(), "categorical") == ["Gender"]


def test_all_spending_of_wholesale_customers_is_numeric():
    assert of_kind(wholesale(), "numeric")[-6:] == [
        "Fresh",
        "Milk",
        "Grocery",
        "Frozen",
        "Detergents_Paper",
        "Delicassen",
    ]


def test_wholesale_customers_have_no_id_and_a_warning():
    assert "row-1" in described(wholesale()).warnings[0]


@pytest.mark.parametrize("column", ["Channel", "Region"])
def test_a_few_codes_in_digits_are_suggested_as_categories(column):
    [warning] = [warning for warning in described(wholesale()).warnings if f"'{column}'" in warning]
    assert "categor" in warning


def test_incomes_are_numbers_of_which_a_few_are_missing():
    assert kinds(marketing())["Income"] == "numeric"
    assert missing(marketing()) == {"Income": 24}


def test_features_of_marketing_customers_exclude_the_date_and_constants():
    expected = {"Dt_Customer": "date", "Z_CostContact": "constant", "Z_Revenue": "constant"}
    found = described(marketing())
    assert reasons(marketing()) == expected
    assert all(
        f"'{name}'" in warning for name, warning in zip(expected, found.warnings, strict=False)
    )


@pytest.mark.parametrize(("made", "outcome"), [(telco, "Churn"), (marketing, "Response")])
def test_an_outcome_is_the_only_column_with_a_warning(made, outcome):
    doubts = {
        column.name: column.doubts for column in described(made(500)).columns if column.doubts
    }
    assert list(doubts) == [outcome]


def test_education_marital_status_and_every_yes_or_no_of_a_campaign_are_categories():
    offers = [f"AcceptedCmp{n}" for n in (3, 4, 5, 1, 2)]
    assert of_kind(marketing(), "categorical") == [
        "Education",
        "Marital_Status",
        *offers,
        "Complain",
        "Response",
    ]


def test_holders_of_credit_cards_are_all_numbers_but_for_their_ids():
    assert len(of_kind(credit_cards(500), "numeric")) == 17


def test_missing_payments_are_counted():
    assert missing(credit_cards()) == {"CREDIT_LIMIT": 1, "MINIMUM_PAYMENTS": 313}


def test_blanks_among_charges_are_missing_numbers():
    assert of_kind(telco(), "numeric") == ["tenure", "MonthlyCharges", "TotalCharges"]
    assert missing(telco()) == {"TotalCharges": 11}


def test_yes_and_no_and_0_and_1_are_categories():
    assert len(of_kind(telco(500), "categorical")) == 17


@pytest.mark.parametrize("n_customers", [100, 2000])
def test_small_files_miss_as_large_a_share(n_customers):
    assert missing(marketing(n_customers)) == {"Income": scaled(24, n_customers, 2240)}


def test_transactions_uploaded_as_customers_have_a_warning():
    found = described(transactions(200))
    assert found.customer_id is None
    assert "'CustomerID' looks like a customer id, but does not name every row" in found.warnings[0]


def test_negative_quantities_are_no_sentinels():
    assert not [
        warning for warning in described(transactions()).warnings if "'Quantity'" in warning
    ]


def test_invoice_numbers_are_no_garbled_amounts():
    assert not [
        warning
        for warning in described(transactions(200)).warnings
        if "'InvoiceNo' is read as text" in warning
    ]


def test_transactions_become_customers_of_numbers():
    found = summarize_transactions(read(transactions(500)), RECIPE)
    described = infer_schema(found.table, customer_id="CustomerID")
    assert found.table.num_rows == pytest.approx(500, abs=5)
    assert [column.kind for column in described.columns] == ["identifier", *["numeric"] * 6]
    assert described.warnings == ()


def test_guests_are_named_and_left_out():
    raw = read(transactions(500))
    found = summarize_transactions(raw, RECIPE)
    assert found.n_faulty == raw["CustomerID"].to_pylist().count("")
    assert {(cell.column, cell.detail) for cell in found.faults} == {("CustomerID", "is missing")}


def test_a_shop_that_sends_its_invoices_month_by_month_has_the_same_customers():
    raw = read(transactions(500))
    whole = summarize_transactions(raw, RECIPE).table
    months = [raw.slice(start, 500) for start in range(0, raw.num_rows, 500)]
    kept = aggregate_transactions(months[0], RECIPE).table
    for month in months[1:]:
        kept = merge_ledgers(kept, aggregate_transactions(month, RECIPE).table)
    updated = customers(kept, None)
    for name in whole.column_names[1:]:
        assert updated[name].to_pylist() == pytest.approx(whole[name].to_pylist())
