"""Upserts that assign the stored customers in the same request."""

import csv
import io

import pytest

from tests.support.steps import INCOME, SCORE, fit, place, put_csv, upsert

TABLE = f"CustomerID,{INCOME},{SCORE},town\n1,15,39,Ulm\n2,120,80,Bonn\n"


@pytest.fixture
def model(sampled, name):
    """The name of a model of the sample, and of a dataset with its features."""
    put_csv(sampled, name, TABLE)
    fit(sampled, name)
    return name


def post(client, name, *customers, headers=None, **query):
    return client.post(
        f"/v1/datasets/{name}/customers",
        json={"customers": customers},
        params=query,
        headers=headers,
    )


def stored(client, name, customer):
    return client.get(f"/v1/datasets/{name}/customers/{customer}").json()["customer"]


def test_each_result_has_the_assignment_of_the_row_as_stored(sampled, model):
    done = upsert(sampled, model, {"CustomerID": 1, SCORE: 77}, assign=model)
    [result] = done["results"]
    row = stored(sampled, model, 1)
    assert (row[INCOME], row[SCORE]) == (15, 77)
    [expected] = place(sampled, model, {"customer_id": "1", INCOME: 15, SCORE: 77})["assignments"]
    assert result["assignment"] == expected
    assert (done["model"], done["model_version"]) == (model, 1)


def test_cells_written_before_count_in_the_assignment(sampled, model):
    upsert(sampled, model, {"CustomerID": 1, SCORE: 77})
    [result] = upsert(sampled, model, {"CustomerID": 1, INCOME: 16}, assign=model)["results"]
    [expected] = place(sampled, model, {"customer_id": "1", INCOME: 16, SCORE: 77})["assignments"]
    assert result["assignment"] == expected


def test_a_new_customer_is_assigned_with_what_it_lacks_imputed(sampled, model):
    [result] = upsert(sampled, model, {"CustomerID": 9, SCORE: 77}, assign=model)["results"]
    assert (result["result"], result["assignment"]["imputed"]) == ("inserted", [INCOME])


@pytest.mark.parametrize("n_customers", [2, 40])
def test_new_customers_are_assigned_with_what_they_lack_imputed(sampled, model, n_customers):
    rows = [{"CustomerID": 100 + n, SCORE: 99 - n} for n in range(n_customers)]
    results = upsert(sampled, model, *rows, assign=model)["results"]
    assert [each["assignment"]["imputed"] for each in results] == [[INCOME]] * n_customers


@pytest.mark.parametrize("n_customers", [2, 40])
def test_many_rows_are_assigned_as_each_alone(sampled, model, n_customers):
    rows = [{"CustomerID": n, INCOME: 15 + n, SCORE: 99 - n} for n in range(n_customers)]
    results = upsert(sampled, model, *rows, assign=model)["results"]
    plain = [{"customer_id": str(row["CustomerID"]), **row} for row in rows]
    assert [each["assignment"] for each in results] == place(sampled, model, *plain)["assignments"]


def test_a_table_that_adds_a_column_is_assigned_too(sampled, model):
    [result] = upsert(sampled, model, {"CustomerID": 1, "new": 7}, assign=model)["results"]
    [expected] = place(sampled, model, {"customer_id": "1", INCOME: 15, SCORE: 39})["assignments"]
    assert result["assignment"] == expected


def test_a_csv_table_is_assigned_too(sampled, model):
    text = io.StringIO()
    csv.writer(text).writerows([["CustomerID", SCORE], ["1", "77"]])
    answer = sampled.post(
        f"/v1/datasets/{model}/customers",
        content=text.getvalue().encode(),
        headers={"Content-Type": "text/csv"},
        params={"assign": model},
    )
    [expected] = place(sampled, model, {"customer_id": "1", INCOME: 15, SCORE: 77})["assignments"]
    assert answer.json()["results"][0]["assignment"] == expected


def test_a_row_that_cannot_be_assigned_is_stored_with_its_errors(sampled, model):
    empty = {"CustomerID": 1, INCOME: None, SCORE: None}
    [result] = upsert(sampled, model, empty, assign=model)["results"]
    assert (result["result"], result["assignment"]) == ("updated", None)
    assert result["errors"][0]["detail"]
    assert stored(sampled, model, 1)[SCORE] is None


def test_a_rejected_row_has_no_assignment(sampled, model):
    rows = [{"CustomerID": 1, SCORE: "high"}, {"CustomerID": 2, SCORE: 5}]
    rejected, updated = upsert(sampled, model, *rows, assign=model)["results"]
    assert (rejected["result"], "assignment" in rejected) == ("rejected", False)
    assert updated["assignment"]["customer_id"] == "2"


def test_without_assign_no_result_has_an_assignment(sampled, model):
    done = upsert(sampled, model, {"CustomerID": 1, SCORE: 77})
    assert ("assignment" in done["results"][0], "model" in done) == (False, False)


def test_an_unknown_model_is_not_found_before_anything_is_written(sampled, model):
    answer = post(sampled, model, {"CustomerID": 1, SCORE: 77}, assign="nowhere")
    assert (answer.status_code, stored(sampled, model, 1)[SCORE]) == (404, 39)


def test_a_repeated_request_has_the_first_assignment(sampled, model):
    headers = {"Idempotency-Key": f"{model}-1"}
    row = {"CustomerID": 1, SCORE: 77}
    first = post(sampled, model, row, headers=headers, assign=model)
    upsert(sampled, model, {"CustomerID": 1, SCORE: 1})
    again = post(sampled, model, row, headers=headers, assign=model)
    assert (again.status_code, again.content) == (200, first.content)
    assert stored(sampled, model, 1)[SCORE] == 1
