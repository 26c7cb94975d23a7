"""Columns that name rows, or hold codes, are no amounts; and amounts are no keys."""

import numpy as np
import pyarrow as pa
import pytest

from models.columns import Override, apply_schema, infer_schema
from models.columns.headers import is_amount_header, is_code_header, is_key_header

N = 120
RNG = np.random.default_rng(0)
SPENT = RNG.lognormal(4, 1, N).round(2)
OPAQUE = RNG.choice(90_000_000, N, replace=False) + 708_000_000
SCATTERED = np.sort(RNG.choice(5_000, N, replace=False)) + 17

KEY_HEADERS = [
    *(
        "CLIENTNUM",
        "CustomerKey",
        "RowNumber",
        "Sl_No",
        "Loyalty_Number",
        "Index",
        "Unnamed: 0",
        "__index_level_0__",
    ),
    *(
        "Kundennummer",
        "KundenNr",
        "Kunden-Nr.",
        "Kd-Nr",
        "Mitgliedsnummer",
        "Vertragsnummer",
        "Auftragsnr",
        "Belegnr",
    ),
    *(
        "numéro client",
        "N° client",
        "Numéro de client",
        "code client",
        "id_client",
        "identifiant client",
        "matricule",
    ),
    *(
        "código_cliente",
        "Número de cliente",
        "ID_Cliente",
        "Codice Cliente",
        "klantnummer",
        "kundnr",
        "numer klienta",
    ),
    *(
        "cust_no",
        "CUST_KEY",
        "custkey",
        "o_orderkey",
        "AccountNumber",
        "Account_No",
        "MemberNo",
        "membership number",
    ),
    *(
        "order_number",
        "OrderNo",
        "orderid",
        "InvoiceNo",
        "invoiceno",
        "ORDERNUM",
        "Sr No",
        "S.No.",
        "SNo",
        "#",
        "Nr",
    ),
    *(
        "No",
        "Lfd-Nr",
        "serial number",
        "row_id",
        "rownum",
        "record_key",
        "Referenznummer",
        "passport number",
        "pk",
    ),
    *(
        "level_0",
        "index",
        "user_no",
        "LoyaltyCardNumber",
        "номер клиента",
        "客户编号",
        "zip",
        "PLZ",
        "code postal",
    ),
    *(
        "postcode",
        "Telefonnummer",
        "phone_number",
        "EAN",
        "barcode",
        "store_id",
        "StoreID",
        "storeid",
        "region_code",
    ),
]
AMOUNT_HEADERS = [
    *(
        "income",
        "income_cents",
        "Annual Income (k$)",
        "Spending Score (1-100)",
        "Age",
        "Alter",
        "Umsatz",
        "Betrag",
    ),
    *(
        "Total_Relationship_Count",
        "Months_on_book",
        "Credit_Limit",
        "Total_Revolving_Bal",
        "Avg_Open_To_Buy",
    ),
    *(
        "number_of_orders",
        "Number of orders",
        "No of children",
        "NumWebPurchases",
        "num_orders",
        "numero de pedidos",
    ),
    *(
        "nombre de visites",
        "Anzahl Bestellungen",
        "Kidhome",
        "Recency",
        "MntWines",
        "Balance",
        "EstimatedSalary",
    ),
    *(
        "NumOfProducts",
        "Tenure",
        "CreditScore",
        "Total_Credit_Cards",
        "Avg_Credit_Limit",
        "Milk",
        "Fresh",
        "spend",
    ),
    *(
        "MonthlyCharges",
        "prepaid",
        "paid",
        "unpaid",
        "grid_kwh",
        "solid",
        "platinum",
        "minimum",
        "maximum",
        "monkeys",
    ),
    *(
        "casino",
        "vino",
        "piano",
        "score",
        "Year_Birth",
        "distance",
        "orders_per_year",
        "days_since_last_order",
        "CLV",
    ),
    *(
        "phone_minutes",
        "mobile_data_mb",
        "vat_rate",
        "number_of_id_checks",
        "covid",
        "hits",
        "x",
        "value",
        "bid",
    ),
    *(
        "avg_utilization_ratio",
        "lifetime_value",
        "price",
        "turnover",
        "Number of visits",
        "NumStorePurchases",
    ),
]


def described(values, name, **overrides):
    table = pa.table({name: values, "spent": SPENT[: len(values)]})
    return infer_schema(table, customer_id=None, overrides=overrides)


def column(values, name):
    return next(column for column in described(values, name).columns if column.name == name)


def stored(values, name, **overrides):
    raw = pa.table({name: values, "spent": SPENT[: len(values)]})
    return apply_schema(raw, infer_schema(raw, customer_id=None, overrides=overrides))[
        name
    ].to_pylist()


def with_one(value, values):
    return pa.array([value, *values[1:]])


@pytest.mark.parametrize("header", KEY_HEADERS)
def test_a_key_header_makes_a_key(header):
    assert is_key_header(header)


@pytest.mark.parametrize("header", AMOUNT_HEADERS)
def test_an_amount_or_neutral_header_makes_no_key(header):
    assert not is_key_header(header)


@pytest.mark.parametrize("header", KEY_HEADERS)
@pytest.mark.parametrize(
    "keys", [OPAQUE, SCATTERED, np.arange(N)], ids=["opaque", "scattered", "running"]
)
def test_different_whole_numbers_under_a_keys_header_name_rows(header, keys):
    assert column(keys, header).kind == "identifier"


@pytest.mark.parametrize("header", AMOUNT_HEADERS)
@pytest.mark.parametrize(
    "amounts", [SCATTERED, (SPENT * 100).astype(int)], ids=["scattered", "cents"]
)
def test_different_whole_numbers_under_another_header_are_amounts(header, amounts):
    assert column(RNG.permutation(amounts), header).kind == "numeric"


@pytest.mark.parametrize(
    "header", [header for header in AMOUNT_HEADERS if is_amount_header(header)]
)
def test_numbers_that_run_under_an_amounts_header_stay_amounts(header):
    assert column(np.arange(N), header).kind == "numeric"


COUNTED = RNG.choice(2 * N, N, replace=False)


@pytest.mark.parametrize(
    "keys", [OPAQUE, np.arange(N), RNG.permutation(N), np.arange(N) * 14 + 11_000, COUNTED]
)
def test_numbers_that_run_or_are_opaque_name_rows_under_any_header(keys):
    assert column(keys, "Vorgang").kind == "identifier"


@pytest.mark.parametrize(
    "amounts",
    [
        RNG.integers(20_000, 120_000, N),
        RNG.normal(5e6, 1e6, N).round(),
        RNG.lognormal(13, 0.7, N).round(),
        RNG.permutation(N) / 4 + 18,
        RNG.choice(10**6, N, replace=False),
    ],
    ids=["uniform", "bell", "skewed", "quarters", "six digits"],
)
def test_amounts_under_a_neutral_header_stay_numeric(amounts):
    assert column(amounts, "v").kind == "numeric"


@pytest.mark.parametrize("header", ["CustomerID", "CLIENTNUM", "Sl_No", "Vorgang"])
@pytest.mark.parametrize("cell", [None, 3.0], ids=["blank", "repeated"])
def test_one_wrong_cell_makes_no_feature_of_a_key(header, cell):
    keys = with_one(cell, np.arange(float(N)).tolist())
    assert column(keys, header).kind == "identifier"


@pytest.mark.parametrize("cell", ["", "C003"], ids=["blank", "repeated"])
def test_one_wrong_cell_makes_no_category_of_a_written_key(cell):
    assert column(with_one(cell, [f"C{n:03}" for n in range(40)]), "client").kind == "identifier"


@pytest.mark.parametrize("header", ["order_no", "InvoiceNo", "Belegnr"])
def test_a_key_of_which_half_recur_is_no_amount(header):
    assert column(np.arange(N) // 2 * 7, header).kind == "identifier"


@pytest.mark.parametrize("header", ["Children No", "house number", "Nr"])
def test_a_few_numbers_under_a_keys_header_may_be_amounts(header):
    assert column(np.arange(N) % 12, header).kind == "numeric"


def test_a_customer_id_that_recurs_is_no_amount():
    assert column(np.arange(N) // 5, "CustomerID").kind == "identifier"


@pytest.mark.parametrize("header", ["customer_id", "Cliente", "KundenNr", "id"])
def test_written_customer_ids_that_recur_are_no_category(header):
    found = column([f"CS{n // 6:04}" for n in range(N)], header)
    assert found.kind == "identifier"
    assert f'{{"columns": {{"{header}": {{"kind": "categorical"}}}}}}' in found.doubts[0]


@pytest.mark.parametrize(
    ("header", "cells"), [("Cliente", ["sí", "no"]), ("Kunde", ["Bahn", "Post 1"])]
)
def test_words_under_the_header_of_a_customer_are_categories(header, cells):
    assert column(cells * (N // 2), header).kind == "categorical"


@pytest.mark.parametrize(
    "header",
    [
        *("CLIENTNUM", "Kundennummer", "numéro client", "CustomerKey", "ID cliente", "kunde"),
        *(
            "客户编号",
            "顧客番号",
            "고객번호",
            "客户ID",
            "Код клиента",
            "müşteri_no",
            "klient",
            "Клиент",
        ),
    ],
)
def test_a_key_of_customers_names_them(header):
    assert described(OPAQUE, header).customer_id == header


@pytest.mark.parametrize("header", ["RowNumber", "Sl_No", "Unnamed: 0", "order_id"])
def test_a_key_of_another_entity_is_no_customer_id(header):
    assert described(OPAQUE, header).customer_id is None


def test_a_key_is_reported_with_the_override_that_makes_it_numeric():
    found = described(np.arange(N), "RowNumber")
    [doubt] = found.columns[0].doubts
    assert '{"columns": {"RowNumber": {"kind": "numeric"}}}' in doubt
    assert doubt in found.warnings


def test_a_key_that_is_declared_numeric_is_numeric():
    found = described(np.arange(N), "RowNumber", RowNumber=Override(kind="numeric"))
    assert (found.columns[0].kind, found.columns[0].doubts) == ("numeric", ())


def test_a_column_that_looks_like_a_key_is_used_if_no_other_feature_is_left():
    assert (
        infer_schema(pa.table({"x": np.arange(N)}), customer_id=None).columns[0].kind == "numeric"
    )


CODES = [
    pytest.param("v", ["00501", "02134", "10001", "94105"] * 10, id="one length"),
    pytest.param("v", ["01", "1", "2", "07", "11"] * 10, id="several lengths"),
    pytest.param("zip", ["501", "02134", "10001"] * 10, id="a code's header"),
    pytest.param("zip", ["20001", "10001", "30003"] * 10, id="no zero"),
    pytest.param("plan", ["1E1", "2E1", "3E2"] * 10, id="exponents"),
    pytest.param("plan", ["1e1", "2e1", "3e2"] * 10, id="small exponents"),
    pytest.param("v", ["612 345 678", "712 345 678"] * 10, id="phones"),
    pytest.param("v", ["+34612345678", "+34712345678"] * 10, id="phones with plus"),
]
AMOUNTS = [
    pytest.param("v", ["0.5", "0.25", "10"] * 10, id="decimals"),
    pytest.param("v", ["0", "10", "20"] * 10, id="zeros"),
    pytest.param("v", ["1 234 567", "980 000", "12 000"] * 10, id="groups"),
    pytest.param("amount", ["111 345 678", "712 345 678"] * 10, id="large groups"),
    pytest.param("v", ["1e+05", "2e-05", "3.5e+06"] * 10, id="signed exponents"),
    pytest.param("v", ["1.5E5", "2.25E6", "3E5"] * 10, id="decimals with exponents"),
    pytest.param("v", ["10001", "20002", "30003"] * 10, id="digits"),
    pytest.param("v", ["+5", "-3", "+12"] * 10, id="signs"),
]


@pytest.mark.parametrize(("header", "cells"), CODES)
def test_codes_that_recur_are_categories_as_they_are_written(header, cells):
    assert (column(cells, header).kind, stored(cells, header)) == ("categorical", cells)


@pytest.mark.parametrize(("header", "cells"), CODES)
def test_codes_that_are_declared_numeric_are_numeric(header, cells):
    assert (
        described(cells, header, **{header: Override(kind="numeric")}).columns[0].kind == "numeric"
    )


@pytest.mark.parametrize(("header", "cells"), AMOUNTS)
def test_amounts_are_no_codes(header, cells):
    assert column(cells, header).kind == "numeric"


def test_codes_that_are_all_different_name_rows_with_their_zeros():
    cells = [f"{n * 7:05}" for n in range(40)]
    assert (column(cells, "v").kind, stored(cells, "v")) == ("identifier", cells)


@pytest.mark.parametrize("header", ["zip", "store_id", "region_code"])
def test_whole_numbers_that_recur_under_a_codes_header_are_categories(header):
    assert column(np.arange(N) % 7 + 2000, header).kind == "categorical"


def test_codes_of_too_many_values_are_no_feature():
    assert column(np.arange(N) // 2 + 10_000, "plz").kind == "ignored"


@pytest.mark.parametrize(
    "header", ["gender_code", "PLZ", "Postleitzahl", "code postal", "Tel.", "mobile", "store_id"]
)
def test_a_code_header_makes_a_code(header):
    assert is_code_header(header)


@pytest.mark.parametrize("cell", [int, str])
@pytest.mark.parametrize("first", [10**16, 1152921504606846976, 9 * 10**18])
def test_numbers_of_more_digits_than_a_float_has_are_told_apart(first, cell):
    raw = pa.table({"fb": [cell(first + n) for n in range(60)], "spent": range(60)})
    column = infer_schema(raw, customer_id=None).columns[0]
    assert (column.kind, column.distinct) == ("identifier", 60)


@pytest.mark.parametrize("header", ["Amount (INR)", "income_inr", "spend INR"])
def test_rupees_are_an_amount(header):
    raw = pa.table({header: [1000 + 37 * n for n in range(60)], "spent": range(60)})
    assert infer_schema(raw, customer_id=None).columns[0].kind == "numeric"
