"""Ids that software wrote as floats.

17850.0 is 17850 on every road, unless it means something else there.
"""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.steps import customers_of, fit, put_csv

pytestmark = pytest.mark.slow

CSV, JSON, PARQUET = "text/csv", "application/json", "application/vnd.apache.parquet"


def parquet(**columns):
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


BATCHES = {
    "csv": ("id,x\n17850.0,7\n", CSV),
    "csv of integers": ("id,x\n17850,7\n", CSV),
    "json float": (json.dumps({"customers": [{"id": 17850.0, "x": 7}]}), JSON),
    "json integer": (json.dumps({"customers": [{"id": 17850, "x": 7}]}), JSON),
    "json text": (json.dumps({"customers": [{"id": "17850.0", "x": 7}]}), JSON),
    "parquet": (parquet(id=[17850.0], x=[7]), PARQUET),
}


def ids(client, name):
    return [row["id"] for row in customers_of(client, name)]


def upsert(client, name, body, media_type=CSV):
    answer = client.post(
        f"/v1/datasets/{name}/customers", content=body, headers={"Content-Type": media_type}
    )
    assert answer.is_success, answer.text
    return answer.json()["counts"]


@pytest.mark.parametrize("body", ["id,x\n17850.0,1\n13047.0,2\n", "id,x\n17850.00,1\n13047,2\n"])
def test_whole_float_ids_are_stored_as_integers(client, body):
    put_csv(client, "whole", body)
    assert ids(client, "whole") == ["17850", "13047"]


def test_whole_floats_of_parquet_are_ids(client):
    body = parquet(CustomerID=[17850.0, 13047.0], x=[1, 2])
    answer = client.put(
        "/v1/datasets/typed", content=body, headers={"Content-Type": PARQUET}
    ).json()
    assert (answer["customer_id"], customers_of(client, "typed")[0]["CustomerID"]) == (
        "CustomerID",
        "17850",
    )


@pytest.mark.parametrize(
    "versions",
    [["1.0", "1.5"], ["1.0", "1"], ["1.0", "99999999999999999.0", "2.5"], ["007.0", "8.5"]],
)
def test_ids_that_only_differ_by_their_fraction_stay_texts(client, versions):
    put_csv(
        client, "versions", "\n".join(["id,x", *(f"{each},{n}" for n, each in enumerate(versions))])
    )
    assert ids(client, "versions") == versions


@pytest.mark.parametrize("batch", BATCHES)
def test_a_batch_finds_the_customer(client, batch):
    put_csv(client, "shop", "id,x\n17850,1\n13047,2\n")
    assert upsert(client, "shop", *BATCHES[batch]) == {"updated": 1}


def test_a_batch_keeps_the_texts_of_a_table_of_texts(client):
    put_csv(client, "versions", "id,x\n1.0,1\n1.5,2\n")
    assert upsert(client, "versions", "id,x\n1.0,7\n2.0,3\n") == {"updated": 1, "inserted": 1}
    assert ids(client, "versions") == ["1.0", "1.5", "2.0"]


@pytest.mark.parametrize("asked", ["17850", "17850.0"])
def test_a_path_finds_the_customer(client, asked):
    put_csv(client, "shop", "id,x\n17850.0,1\n13047.0,2\n")
    assert client.get(f"/v1/datasets/shop/customers/{asked}").json()["customer"]["id"] == "17850"


def test_a_path_erases_the_customer(client):
    put_csv(client, "shop", "id,x\n17850,1\n13047,2\n")
    assert client.delete("/v1/datasets/shop/customers/17850.0").status_code == 204
    assert ids(client, "shop") == ["13047"]


@pytest.mark.parametrize(
    ("first", "later"), [("17850.0", "17850"), ("17850", "17850.0"), ("1.5", "1.5")]
)
def test_transactions_of_one_customer_are_aggregated(client, first, later):
    put_csv(
        client,
        "orders",
        f"id,day\n{first},2024-01-01\n",
        shape="transactions",
        customer="id",
        date="day",
    )
    body = f"id,day\n{later},2024-01-05\n"
    client.post("/v1/datasets/orders/transactions", content=body, headers={"Content-Type": CSV})
    assert [(row["id"], row["frequency"]) for row in customers_of(client, "orders")] == [
        (first.removesuffix(".0"), 2.0)
    ]


def test_order_numbers_written_as_floats_are_the_same_orders(client):
    columns = {"shape": "transactions", "customer": "id", "date": "day", "order": "order"}
    put_csv(
        client, "lines", "id,day,order\na,2024-01-01,536365.0\na,2024-01-01,536365.0\n", **columns
    )
    body = "id,day,order\na,2024-01-01,536365\n"
    client.post("/v1/datasets/lines/transactions", content=body, headers={"Content-Type": CSV})
    assert customers_of(client, "lines")[0]["frequency"] == 1


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("query", [{}, {"explain": "true"}])
def test_an_assignment_names_the_customer(sampled, batch, query):
    put_csv(sampled, "placed", "\n".join(["id,x", *(f"{n},{n % 7}" for n in range(60))]))
    if sampled.get("/v1/models/placed").status_code == 404:
        fit(sampled, "placed", dataset="placed", k=2, features=["x"])
    body, media_type = BATCHES[batch]
    headers = {"Content-Type": media_type}
    answer = sampled.post(
        "/v1/models/placed/assignments", content=body, headers=headers, params=query
    )
    assert answer.json()["assignments"][0]["customer_id"] == "17850"
