"""Datasets that are made of transactions, over HTTP."""

import io
import json
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from itertools import count

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.datasets import erasure, stored_versions, version_writer
from service.datasets import operations as datasets
from service.datasets.transactions import operations as transactions
from service.web.formats import read_table
from service.web.formats.writers import FORMATS, write_table
from tests.support.fakes import Interrupted
from tests.support.realistic_tables import transactions as lookalike
from tests.support.steps import customers_of, erase, finished, fit, put_csv, refit, run_of

pytestmark = pytest.mark.slow

CANARY = "Zanzibar-77"
CSV = "text/csv"
RECIPE = {"shape": "transactions", "customer": "customer", "date": "date", "amount": "amount"}
RFM = ["recency_days", "frequency", "monetary_value"]
FIRST = [("a", "2024-01-01", 10), ("b", "2024-02-10", 5), ("a", "2024-01-31", 20)]
LATER = [("a", "2024-02-15", 6), ("c", "2024-02-20", 8)]
BAD = [
    pytest.param(("", "2024-02-15", 6), "customer", id="no-customer"),
    pytest.param(("a", "", 6), "date", id="no-date"),
    pytest.param(("a", CANARY, 6), "date", id="no-day"),
    pytest.param(("a", "2024-02-30", 6), "date", id="no-such-day"),
    pytest.param(("a", "2024-02-15", CANARY), "amount", id="no-amount"),
    pytest.param(("a", "2024-02-15", ""), "amount", id="amount-missing"),
    pytest.param((f"{CANARY}\u0007", "2024-02-15", 6), "customer", id="no-id"),
]

_names = (f"split-{n}" for n in count(1))

# Quarters add up exactly in any order.
amounts = st.integers(-40, 400).map(lambda quarters: quarters / 4)
days = st.dates(date(2023, 12, 1), date(2024, 3, 1)).map(str)
orders = st.tuples(st.sampled_from(["a", "b", "c", "007"]), days, amounts)


def body(rows):
    return "\n".join(["customer,date,amount", *(",".join(map(str, row)) for row in rows)]) + "\n"


def put(client, name, rows, media_type=CSV, **query):
    content = rows if isinstance(rows, str | bytes) else body(rows)
    headers = {"Content-Type": media_type}
    return client.put(
        f"/v1/datasets/{name}", content=content, headers=headers, params=RECIPE | query
    )


def add(client, name, rows, media_type=CSV, **query):
    content = rows if isinstance(rows, str | bytes) else body(rows)
    headers = {"Content-Type": media_type}
    return client.post(
        f"/v1/datasets/{name}/transactions", content=content, headers=headers, params=query
    )


def shown(client, name):
    """Give what a dataset is, but for its name, its version and its times, and the rows it has."""
    found = client.get(f"/v1/datasets/{name}").json()
    varying = ("dataset", "dataset_version", "created_at", "updated_at")
    return {key: cell for key, cell in found.items() if key not in varying}, customers_of(
        client, name
    )


def kinds(client, name):
    return {
        column["name"]: column["kind"]
        for column in client.get(f"/v1/datasets/{name}").json()["columns"]
    }


def of(client, name, customer):
    return next((row for row in customers_of(client, name) if row["customer"] == customer), None)


def files(directory):
    return [path for path in directory.rglob("*") if path.is_file()]


def holds(path, text):
    """Tell whether a file holds a text, as it is or packed."""
    if path.suffix == ".parquet":
        return any(text in map(str, column.to_pylist()) for column in pq.read_table(path).columns)
    return text.encode() in path.read_bytes()


@contextmanager
def meanwhile(client, method, happens, *, at=1):
    """Let something else happen once, just before the tables are used for the nth time."""
    parts, left = client.app.state.services, [lambda: None] * (at - 1) + [happens]
    stores = parts.stores
    tables = Interrupted(stores.tables, method, lambda: left and left.pop(0)())
    client.app.state.services = replace(parts, stores=replace(stores, tables=tables))
    yield stores
    client.app.state.services = parts


@pytest.fixture
def shop(sampled, name):
    """The name of a dataset that is made of three orders of two customers."""
    assert put(sampled, name, FIRST).status_code == 201
    return name


# Made of transactions


def test_each_customer_is_one_row_of_six_numbers(sampled, name):
    put(
        sampled,
        name,
        [*FIRST, ("c", "2024-02-10", 7), ("c", "2024-01-31", 8), ("c", "2024-02-10", -1)],
    )
    names = (
        "recency_days",
        "frequency",
        "monetary_value",
        "tenure_days",
        "mean_basket",
        "days_between_orders",
    )
    assert customers_of(sampled, name) == [
        {"customer": "a", **dict(zip(names, (10, 2, 30, 40, 15, 30), strict=True))},
        {"customer": "b", **dict(zip(names, (0, 1, 5, 0, 5, None), strict=True))},
        {"customer": "c", **dict(zip(names, (0, 2, 14, 10, 7, 10), strict=True))},
    ]


def test_without_amounts_there_is_no_value_and_no_basket(sampled, name):
    query = {key: column for key, column in RECIPE.items() if key != "amount"}
    sampled.put(
        f"/v1/datasets/{name}", content=body(FIRST), headers={"Content-Type": CSV}, params=query
    )
    assert list(kinds(sampled, name)) == [
        *("customer", "recency_days", "frequency", "tenure_days", "days_between_orders")
    ]


def test_the_dataset_shows_its_customer_id_column(sampled, shop):
    found = sampled.get(f"/v1/datasets/{shop}").json()
    assert (found["customer_id"], found["n_customers"], found["dataset_version"]) == (
        "customer",
        2,
        1,
    )


def test_uploading_transactions_again_replaces_the_dataset(sampled, shop):
    before = shown(sampled, shop)
    assert put(sampled, shop, FIRST).status_code == 200
    assert shown(sampled, shop) == before


@settings(deadline=None, max_examples=6)
@given(
    batches=st.lists(st.lists(orders, min_size=1, max_size=6), min_size=1, max_size=3),
    reference=st.sampled_from([None, "2024-03-01"]),
)
def test_several_batches_make_the_dataset_that_all_at_once_make(sampled, batches, reference):
    name, other = next(_names), next(_names)
    query = {"reference": reference} if reference else {}
    put(sampled, name, [row for batch in batches for row in batch], **query)
    put(sampled, other, batches[0], **query)
    answers = [add(sampled, other, batch) for batch in batches[1:]]
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    assert shown(sampled, other) == shown(sampled, name)


def test_the_ledger_outlives_that_old_files_are_cleared_away(sampled, shop):
    answers = [add(sampled, shop, [("d", "2024-03-01", n)]) for n in range(12)]
    assert [answer.status_code for answer in answers] == [200] * 12
    found = of(sampled, shop, "d")
    assert (found["frequency"], found["monetary_value"]) == (12, sum(range(12)))


def test_a_batch_is_a_new_version_with_counts_of_its_rows(sampled, shop):
    answer = add(sampled, shop, LATER).json()
    assert (answer["n_taken"], answer["n_rejected"], answer["n_later"], answer["errors"]) == (
        2,
        0,
        0,
        [],
    )
    assert (answer["dataset"]["dataset_version"], answer["dataset"]["n_customers"]) == (2, 3)


# Rows that cannot be read


@pytest.mark.parametrize(("bad", "fault"), BAD)
def test_invalid_rows_of_an_upload_are_left_out_and_the_first_is_reported(
    sampled, name, bad, fault
):
    answer = put(sampled, name, [*FIRST[:2], bad, FIRST[2]])
    assert [warning for warning in answer.json()["warnings"] if f"row 3, where {fault} " in warning]
    assert CANARY not in answer.text
    assert customers_of(sampled, name)[0]["monetary_value"] == 30


@pytest.mark.parametrize(("bad", "fault"), BAD)
def test_of_a_batch_bad_rows_are_rejected_and_named(sampled, shop, bad, fault):
    answer = add(sampled, shop, [LATER[0], bad, LATER[1]])
    [error] = answer.json()["errors"]
    assert (answer.json()["n_taken"], answer.json()["n_rejected"]) == (2, 1)
    assert (error["row"], error["detail"].partition(":")[0], CANARY in answer.text) == (
        2,
        fault,
        False,
    )


@pytest.mark.parametrize(
    "rows", [[LATER[0], ("a", "x", 1)], [("a", "x", 1)], [("a", "x", 1), ("", "", 2)]]
)
def test_all_or_nothing_is_nothing_when_one_is_bad(sampled, shop, rows):
    before = shown(sampled, shop)
    answer = add(sampled, shop, rows, atomic=True)
    assert (answer.status_code, answer.json()["errors"][0]["row"]) == (
        422,
        rows.index(("a", "x", 1)) + 1,
    )
    assert shown(sampled, shop) == before


def test_an_atomic_batch_of_valid_rows_succeeds(sampled, shop):
    assert add(sampled, shop, LATER, atomic=True).json()["n_taken"] == 2


@pytest.mark.parametrize("send", [put, add])
def test_when_all_are_bad_nothing_is_written(sampled, shop, send):
    before = sampled.get(f"/v1/datasets/{shop}").json()
    answer = send(sampled, shop, [("a", CANARY, 1), ("", "2024-01-01", 2)])
    assert (answer.status_code, [fault["row"] for fault in answer.json()["errors"]]) == (
        422,
        [1, 2],
    )
    assert (sampled.get(f"/v1/datasets/{shop}").json(), CANARY in answer.text) == (before, False)


# The reference date


def test_a_reference_date_is_where_recency_counts_from(sampled, name):
    put(sampled, name, FIRST, reference="2024-03-01")
    assert [row["recency_days"] for row in customers_of(sampled, name)] == [30, 20]


def test_rows_after_the_reference_date_are_left_out_and_counted(sampled, name):
    warnings = put(sampled, name, [*FIRST, *LATER], reference="2024-02-10").json()["warnings"]
    before = customers_of(sampled, name)
    answer = add(sampled, name, [*LATER, ("b", "2024-02-10", 5)]).json()
    assert [warning for warning in warnings if "later than the reference date" in warning]
    assert (answer["n_taken"], answer["n_later"], answer["n_rejected"]) == (1, 2, 0)
    after = {row["customer"]: row["monetary_value"] for row in customers_of(sampled, name)}
    assert ({row["customer"]: row["monetary_value"] for row in before}, after) == (
        {"a": 30, "b": 5},
        {"a": 30, "b": 10},
    )


def test_a_batch_of_later_rows_alone_changes_no_customer(sampled, name):
    put(sampled, name, FIRST, reference="2024-02-10")
    before = customers_of(sampled, name)
    assert add(sampled, name, LATER).json()["n_later"] == 2
    assert customers_of(sampled, name) == before


@pytest.mark.parametrize("rows", [FIRST, [*FIRST, ("a", "x", 1)]])
def test_a_table_without_a_row_up_to_the_reference_date_is_refused(sampled, name, rows):
    assert put(sampled, name, rows, reference="2023-01-01").status_code == 422
    assert sampled.get(f"/v1/datasets/{name}").status_code == 404


# What a recipe must say


@pytest.mark.parametrize("left_out", [["customer"], ["date"], ["customer", "date"]])
def test_the_columns_of_customer_and_date_must_be_declared(sampled, name, left_out):
    query = {key: column for key, column in RECIPE.items() if key not in left_out}
    answer = sampled.put(
        f"/v1/datasets/{name}", content=body(FIRST), headers={"Content-Type": CSV}, params=query
    )
    assert (answer.status_code, all(each in answer.text for each in left_out)) == (422, True)


@pytest.mark.parametrize(
    "query",
    [
        {"customer": "who"},
        {"date": "when"},
        {"amount": "much"},
        {"amount": "date"},
        {"customer": "date"},
        {"reference": "yesterday"},
        {"shape": "orders"},
    ],
)
def test_a_recipe_that_does_not_fit_the_table_is_refused(sampled, name, query):
    assert put(sampled, name, FIRST, **query).status_code == 422


@pytest.mark.parametrize("header", ["customer,date", "who,date,amount", "Customer,date,amount"])
def test_a_batch_without_the_columns_of_the_recipe_is_refused(sampled, shop, header):
    answer = add(sampled, shop, f"{header}\n{','.join(['1'] * (header.count(',') + 1))}\n")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unknown-column")


def test_transactions_of_no_dataset_are_not_found(sampled, name):
    assert add(sampled, name, LATER).status_code == 404


# Plain again


def test_a_plain_table_under_the_name_makes_it_a_plain_dataset(sampled, shop):
    put_csv(sampled, shop, "customer_id,age\na,30\nb,41\n")
    answer = add(sampled, shop, LATER)
    assert (answer.status_code, "shape=transactions" in answer.json()["detail"]) == (409, True)
    upserted = sampled.post(
        f"/v1/datasets/{shop}/customers", json={"customers": [{"customer_id": "a", "age": 31}]}
    )
    assert upserted.status_code == 200


def test_transactions_under_the_name_of_a_plain_dataset_make_it_one_of_transactions(sampled, name):
    put_csv(sampled, name, "customer_id,age\na,30\nb,41\n")
    assert put(sampled, name, FIRST).status_code == 200
    assert add(sampled, name, LATER).json()["dataset"]["n_customers"] == 3


def test_transactions_put_again_start_a_new_ledger(sampled, shop):
    put(sampled, shop, LATER)
    add(sampled, shop, [("c", "2024-02-21", 1)])
    assert {row["customer"]: row["monetary_value"] for row in customers_of(sampled, shop)} == {
        "a": 6,
        "c": 9,
    }


def test_upserts_are_refused_with_the_url_for_transactions(sampled, shop):
    answer = sampled.post(
        f"/v1/datasets/{shop}/customers", json={"customers": [{"customer": "a", "frequency": 9}]}
    )
    assert (answer.status_code, f"/v1/datasets/{shop}/transactions" in answer.json()["detail"]) == (
        409,
        True,
    )


# Erasure


def test_an_erased_customer_does_not_reappear_with_the_next_batch(sampled, shop):
    erase(sampled, shop, "a")
    add(sampled, shop, [("b", "2024-02-15", 6)])
    assert [(row["customer"], row["monetary_value"]) for row in customers_of(sampled, shop)] == [
        ("b", 11)
    ]


def test_a_customer_who_buys_after_an_erasure_is_new(sampled, shop):
    erase(sampled, shop, "a")
    add(sampled, shop, LATER)
    found = of(sampled, shop, "a")
    assert (found["frequency"], found["monetary_value"], found["tenure_days"]) == (1, 6, 5)


def test_no_bytes_of_an_erased_customer_remain_on_disk(client, settings):
    put(client, "shop", [*FIRST, (CANARY, "2024-01-05", 3)])
    add(client, "shop", [*LATER, (CANARY, "2024-02-05", 3)])
    assert [path for path in files(settings.home) if holds(path, CANARY)]
    assert finished(client, erase(client, "shop", CANARY))["state"] == "succeeded"
    assert [path for path in files(settings.tables_directory()) if holds(path, CANARY)] == []


def test_no_bytes_of_an_erased_customer_remain_in_an_earlier_ledger(client, settings):
    put(client, "shop", [*FIRST, (CANARY, "2024-01-05", 3)])
    put_csv(client, "shop", f"customer_id,age\na,30\n{CANARY},41\n")
    finished(client, erase(client, "shop", CANARY))
    assert [path for path in files(settings.tables_directory()) if holds(path, CANARY)] == []


@pytest.mark.parametrize("at", [1, 2], ids=["customers", "ledger"])
def test_an_erasure_applies_no_batch_that_failed_to_write(client, at):
    put(client, "shop", FIRST)
    with meanwhile(client, "stage", lambda: int(CANARY), at=at):
        assert add(client, "shop", LATER).status_code == 500
    erase(client, "shop", "b")
    add(client, "shop", LATER)
    assert of(client, "shop", "a")["monetary_value"] == 36


def test_a_deleted_dataset_leaves_no_file(client, settings):
    put(client, "shop", FIRST)
    add(client, "shop", LATER)
    assert client.delete("/v1/datasets/shop").status_code == 204
    assert files(settings.tables_directory()) == []


# How columns are read


def test_declarations_of_columns_stay_after_further_transactions(sampled, shop):
    declared = {"frequency": {"kind": "categorical"}, "tenure_days": {"kind": "ignored"}}
    sampled.patch(
        f"/v1/datasets/{shop}", json={"columns": {**declared, "mean_basket": {"missing": ["8"]}}}
    )
    add(sampled, shop, LATER)
    found = kinds(sampled, shop)
    assert {name: found[name] for name in declared} == {
        "frequency": "categorical",
        "tenure_days": "ignored",
    }
    assert of(sampled, shop, "c")["mean_basket"] is None


def test_declarations_stay_permanently(sampled, shop):
    sampled.patch(f"/v1/datasets/{shop}", json={"columns": {"monetary_value": {"kind": "ignored"}}})
    for day in range(20, 24):
        add(sampled, shop, [("b", f"2024-02-{day}", day)])
    assert kinds(sampled, shop)["monetary_value"] == "ignored"


FEW = [("a", "2024-01-01", 5), ("b", "2024-01-01", 5)]
MANY = [
    ("a", "2024-01-09", 6),
    ("b", "2024-02-10", 7),
    ("c", "2024-02-20", 9),
    ("a", "2024-03-03", 8),
]


def test_computed_columns_are_numeric_in_every_version(sampled, name):
    put(sampled, name, FEW)
    assert set(kinds(sampled, name).values()) == {"identifier", "numeric"}
    add(sampled, name, MANY)
    assert set(kinds(sampled, name).values()) == {"identifier", "numeric"}


def test_a_computed_column_that_is_the_same_for_all_is_named(sampled, name):
    warnings = put(sampled, name, FEW).json()["warnings"]
    assert "'monetary_value' is the same for every customer: a fit leaves it out" in warnings
    assert "'days_between_orders' is unknown for every customer: a fit leaves it out" in warnings


def test_a_marker_alone_leaves_a_computed_column_numeric(sampled, name):
    put(sampled, name, FEW)
    sampled.patch(f"/v1/datasets/{name}", json={"columns": {"recency_days": {"missing": ["9"]}}})
    assert kinds(sampled, name)["recency_days"] == "numeric"


def test_a_model_can_be_fitted_again_to_later_transactions(sampled, name):
    first = [(f"c{n}", f"2024-01-0{1 + n % 2}", 5 + n) for n in range(12)]
    put(sampled, name, first)
    learned = fit(sampled, name, dataset=name, k=2, features=None)
    assert [feature["name"] for feature in learned["features"]] == [
        *("recency_days", "monetary_value", "tenure_days", "mean_basket")
    ]
    add(sampled, name, MANY)
    assert refit(sampled, name)["version"] == 2


# Lines of orders


LINES = "invoice,customer,date,amount\nI1,a,2024-01-05,10\nI1,a,2024-01-05,20\nI2,b,2024-01-06,30\n"


def test_later_lines_are_joined_to_their_orders(sampled, name):
    put(sampled, name, LINES, order="invoice")
    add(sampled, name, "invoice,customer,date,amount\nI1,a,2024-01-05,5\nI3,b,2024-02-06,40\n")
    assert [(row["frequency"], row["mean_basket"]) for row in customers_of(sampled, name)] == [
        (1, 35),
        (2, 35),
    ]


def test_an_order_column_that_is_not_there_is_refused(sampled, name):
    answer = put(sampled, name, LINES, order="order_no")
    assert (answer.status_code, "'order_no'" in answer.json()["detail"]) == (422, True)


def test_an_undeclared_order_column_has_a_warning(sampled, name):
    warnings = put(sampled, name, LINES).json()["warnings"]
    assert [warning for warning in warnings if "&order=invoice" in warning]
    assert of(sampled, name, "a")["frequency"] == 2


def test_marked_returns_reduce_and_are_no_orders(sampled, name):
    put(
        sampled,
        name,
        "customer,date,amount,items\na,2024-01-05,10,1\na,2024-01-06,4,-1\n",
        returned="items",
    )
    assert (of(sampled, name, "a")["frequency"], of(sampled, name, "a")["monetary_value"]) == (1, 6)


@pytest.mark.parametrize("given", [*RECIPE.keys() - {"shape"}, "order", "returned", "reference"])
def test_parameters_of_transactions_are_refused_for_customers(sampled, name, given):
    query = {given: "2024-01-01" if given == "reference" else "date"}
    content = {"content": body(FIRST), "headers": {"Content-Type": CSV}}
    answer = sampled.put(f"/v1/datasets/{name}", params=query, **content)
    assert (answer.status_code, given in answer.json()["errors"][0]["detail"]) == (422, True)


# Days that are not plausible


def test_a_day_in_the_future_is_left_out_and_reported(sampled, name):
    put(sampled, name, FIRST)
    before = customers_of(sampled, name)
    answer = add(sampled, name, [("a", "2142-02-15", 6)]).json()
    assert (answer["n_taken"], answer["n_later"], customers_of(sampled, name)) == (0, 1, before)
    assert "in the future" in answer["dataset"]["warnings"][0]


def test_a_table_of_future_days_is_refused_with_the_reason(sampled, name):
    answer = put(sampled, name, [("a", "2142-02-15", 6), ("b", "2142-02-16", 6)])
    assert (answer.status_code, "in the future" in answer.json()["errors"][0]["detail"]) == (
        422,
        True,
    )
    assert put(sampled, name, [("a", "2142-02-15", 6)], reference="2142-03-01").status_code == 201


def test_a_batch_years_after_all_before_is_named(sampled, shop):
    answer = add(sampled, shop, [("a", "2026-02-15", 6)]).json()
    assert "2 years later than all before" in answer["dataset"]["warnings"][0]


def test_month_names_of_an_unknown_language_are_refused_with_examples(sampled, name):
    answer = put(sampled, name, [("a", "1. Januar 2023", 6), ("b", "5 мая 2023", 6)])
    problem = answer.json()
    assert (answer.status_code, problem["errors"][0]["row"], "31-Jan-15" in problem["detail"]) == (
        422,
        2,
        True,
    )
    assert "date: " in problem["errors"][0]["detail"]


# Formats


@pytest.mark.parametrize("send", [put, add])
@pytest.mark.parametrize("fmt", FORMATS, ids=[fmt.name for fmt in FORMATS])
def test_transactions_are_accepted_in_any_format(sampled, shop, name, send, fmt):
    table = pa.table(
        dict(zip(("customer", "date", "amount"), map(list, zip(*LATER, strict=True)), strict=True))
    )
    expected = f"{name}-csv"
    put(sampled, expected, FIRST)
    send(sampled, expected, LATER)
    content = b"".join(write_table(table.to_batches(), table.schema, fmt, "customers"))
    assert send(sampled, shop, content, fmt.media_type).status_code == 200
    assert shown(sampled, shop) == shown(sampled, expected)


@pytest.mark.parametrize("fmt", FORMATS, ids=[fmt.name for fmt in FORMATS])
def test_the_day_counts_as_it_is_written_in_any_format(sampled, name, fmt):
    days = ["2024-01-05T23:30:00-05:00", "2024-01-05T12:00:00-05:00", "2024-01-08T00:30:00+14:00"]
    table = pa.table({"customer": ["a", "a", "b"], "date": days, "amount": [10, 10, 5]})
    put(
        sampled,
        name,
        b"".join(write_table(table.to_batches(), table.schema, fmt, "customers")),
        fmt.media_type,
    )
    assert [
        (row["recency_days"], row["days_between_orders"]) for row in customers_of(sampled, name)
    ] == [
        (3, None),
        (0, None),
    ]


def test_dates_may_have_a_date_type(sampled, shop):
    table = pa.table({"customer": ["a"], "date": [date(2024, 2, 15)], "amount": [6]})
    sink = io.BytesIO()
    pq.write_table(table, sink)
    assert (
        add(sampled, shop, sink.getvalue(), "application/vnd.apache.parquet").json()["n_taken"] == 1
    )


def test_transactions_may_be_uploaded_as_a_form_file(sampled, name):
    file = {"file": ("orders.csv", body(FIRST).encode(), CSV)}
    assert sampled.put(f"/v1/datasets/{name}", files=file, params=RECIPE).status_code == 201
    assert sampled.post(f"/v1/datasets/{name}/transactions", files=file).json()["n_taken"] == 3


def test_dates_and_amounts_are_read_as_people_write_them_then_and_later(sampled, name):
    european = (
        'customer;date;amount\na;31.01.2024 18:20;"1.234,50 €"\n'
        "b;01.02.2024 9:05;12,00 €\na;05.02.2024;-4,5\n"
    )
    assert put(sampled, name, european).json()["n_customers"] == 2
    # Alone, these would be the fourth of March and 1.5.
    assert add(sampled, name, "customer;date;amount\nb;03.04.2024;1.500\n").json()["n_taken"] == 1
    assert [
        (row["recency_days"], row["monetary_value"]) for row in customers_of(sampled, name)
    ] == [
        (63, 1230.0),
        (0, 1512.0),
    ]


# At once


def test_concurrent_batches_are_all_accepted(sampled, shop):
    batches = [[("d", "2024-02-01", 1), (f"e{n}", "2024-02-01", n)] for n in range(9)]
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda batch: add(sampled, shop, batch), batches))
    assert [answer.status_code for answer in answers] == [200] * len(batches)
    found = {row["customer"]: row["monetary_value"] for row in customers_of(sampled, shop)}
    assert found == {"a": 30, "b": 5, "d": 9, **{f"e{n}": n for n in range(9)}}


@pytest.mark.parametrize("method", ["read", "stage"])
def test_of_two_batches_at_once_neither_is_lost(sampled, shop, method):
    raw = read_table(io.BytesIO(body([("c", "2024-02-20", 8)]).encode()), CSV)

    def another():
        transactions.add_transactions(stores, "default", shop, raw, atomic=False)

    with meanwhile(sampled, method, another) as stores:
        answer = add(sampled, shop, [("a", "2024-02-15", 6)])
    assert (answer.status_code, answer.json()["dataset"]["dataset_version"]) == (200, 3)
    assert {row["customer"]: row["monetary_value"] for row in customers_of(sampled, shop)} == {
        "a": 36,
        "b": 5,
        "c": 8,
    }


def test_a_batch_that_meets_new_transactions_put_meanwhile_is_added_to_those(sampled, shop):
    with meanwhile(sampled, "stage", lambda: put_meanwhile(stores, shop)) as stores:
        assert add(sampled, shop, [("a", "2024-02-15", 6)]).status_code == 200
    assert {row["customer"]: row["monetary_value"] for row in customers_of(sampled, shop)} == {
        "a": 12,
        "c": 8,
    }


def put_meanwhile(stores, name):
    raw = read_table(io.BytesIO(body(LATER).encode()), CSV)
    recipe = transactions.TransactionColumns(customer="customer", date="date", amount="amount")
    transactions.put_transactions(stores, ("default", name), raw, recipe, datasets.Declarations())


@pytest.mark.parametrize("method", ["read", "stage"])
def test_a_batch_that_meets_an_erasure_does_not_bring_the_customer_back(sampled, shop, method):
    def erased():
        erasure.erase_customer(stores, "default", shop, "a")

    with meanwhile(sampled, method, erased) as stores:
        assert add(sampled, shop, [("b", "2024-02-15", 6)]).status_code == 200
    assert [(row["customer"], row["monetary_value"]) for row in customers_of(sampled, shop)] == [
        ("b", 11)
    ]


def test_a_batch_during_a_purge_is_accepted(sampled, shop):
    """What was read to begin with may be gone, where others have written on."""

    def purged():
        put_meanwhile(stores, shop)
        with stores.database.reading() as session:
            dataset, _ = stored_versions.find_at(session, "default", shop, None)
            version = dataset.recipe[version_writer.LEDGER_VERSION]
        stores.tables.purge(stored_versions.ledger_path("default", dataset.id), keep=[version])

    with meanwhile(sampled, "read", purged) as stores:
        assert add(sampled, shop, [("a", "2024-02-15", 6)]).status_code == 200
    assert of(sampled, shop, "a")["monetary_value"] == 12


@pytest.mark.parametrize("method", ["read", "stage"])
def test_a_batch_for_a_dataset_that_is_deleted_meanwhile_leaves_no_file(client, settings, method):
    put(client, "shop", FIRST)

    def deleted():
        datasets.delete_dataset(stores, "default", "shop", force=False)

    with meanwhile(client, method, deleted) as stores:
        assert add(client, "shop", LATER).status_code in {404, 409}
    assert files(settings.tables_directory()) == []


# Segments of it


@pytest.fixture(scope="module")
def buyers(sampled):
    """The name of a dataset that is made of a shop's invoices, and of a model of it."""
    recipe = {"customer": "CustomerID", "date": "InvoiceDate", "amount": "Amount"}
    answer = put(sampled, "buyers", lookalike(400), **recipe)
    assert answer.status_code == 201
    fit(sampled, "buyers", dataset="buyers", k=3, features=RFM)
    return "buyers"


def ledger_of(invoices):
    """Sum up the invoices as one would by hand."""
    raw = read_table(io.BytesIO(invoices), CSV).to_pylist()
    totals = defaultdict(float)
    for invoice in raw:
        if invoice["CustomerID"]:
            totals[invoice["CustomerID"]] += float(invoice["Amount"])
    return totals, sum(not invoice["CustomerID"] for invoice in raw)


def test_the_invoices_of_a_shop_become_its_customers(sampled, buyers):
    totals, n_guests = ledger_of(lookalike(400))
    [left_out] = [
        each
        for each in sampled.get(f"/v1/datasets/{buyers}").json()["warnings"]
        if "left out" in each
    ]
    found = {row["CustomerID"]: row["monetary_value"] for row in customers_of(sampled, buyers)}
    assert found == pytest.approx(totals)
    assert left_out.startswith(f"{n_guests} transactions were left out")


def test_a_model_of_them_has_segments_that_buy_differently(sampled, buyers):
    segments = sampled.get(f"/v1/models/{buyers}/versions/1/segments").json()["segments"]
    assert sum(segment["n_customers"] for segment in segments) == len(customers_of(sampled, buyers))
    assert all(segment["differs_by"] for segment in segments)


def test_customers_of_transactions_are_assigned_by_a_run(sampled, buyers):
    run = run_of(sampled, buyers, buyers)
    rows = sampled.get(
        f"/v1/models/{buyers}/versions/1/assignment-runs/{run['run']}/assignments",
        params={"format": "ndjson"},
    )
    placed = [json.loads(line) for line in rows.text.splitlines()]
    assert [row["customer_id"] for row in placed if row["segment"]] == [
        row["CustomerID"] for row in customers_of(sampled, buyers)
    ]


def test_a_next_version_uses_the_later_transactions(sampled, name):
    recipe = {"customer": "CustomerID", "date": "InvoiceDate", "amount": "Amount"}
    put(sampled, name, lookalike(100), **recipe)
    first = fit(
        sampled, name, dataset=name, k=2, features=[*RFM[:2], {"name": RFM[2], "weight": 2}]
    )
    batch = add(sampled, name, "CustomerID,InvoiceDate,Amount\nnew,1998-07-01,250\n").json()[
        "dataset"
    ]
    second = refit(sampled, name)
    assert (second["dataset_version"], second["n_customers"]) == (
        batch["dataset_version"],
        first["n_customers"] + 1,
    )
    assert (second["features"], second["k"]) == (first["features"], first["k"])
