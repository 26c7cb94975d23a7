"""One table in all formats: put, assigned and read back with equal cells."""

import io
import json
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.steps import customers_of

pytestmark = pytest.mark.slow

JSON, LINES, CSV, TSV = (
    "application/json",
    "application/x-ndjson",
    "text/csv",
    "text/tab-separated-values",
)
PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"
DECLARED = json.dumps({"columns": {"price": {"kind": "categorical"}, "seen": {"kind": "numeric"}}})
FEATURES = ["member", "price", "spent", "city", "seen"]
CITIES = ("Łódź", "São Paulo", "東京")
NEW_YORK = ZoneInfo("America/New_York")


def seen(n):
    """An evening in New York, which is the next day in UTC."""
    return datetime(2024, 1 + n % 12, 1 + n % 28, 22, 30, tzinfo=NEW_YORK)


ROWS = [
    {
        "id": 17_850 + n,
        "member": n % 3 == 0,
        "price": (Decimal("7.10"), Decimal("12.30"), Decimal("4.35"))[n % 3],
        "spent": None if n % 10 == 9 else n * 1.5,
        "city": CITIES[n % 3],
        "code": f"{n % 4:05}",
        "seen": seen(n),
    }
    for n in range(60)
]


def in_json(row):
    return row | {
        "id": float(row["id"]),
        "price": float(row["price"]),
        "seen": row["seen"].isoformat(),
    }


def in_text(row):
    texts = {name: "" if cell is None else str(cell) for name, cell in in_json(row).items()}
    return texts | {"seen": row["seen"].isoformat(sep=" ")}


def in_arrow():
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    floats = [float("nan") if cell is None else cell for cell in columns["spent"]]
    return pa.table(
        columns
        | {
            "id": pa.array(map(float, columns["id"]), pa.float64()),
            "price": pa.array(columns["price"], pa.decimal128(10, 2)),
            "spent": pa.array(floats, pa.float64()),
            "city": pa.array(columns["city"]).dictionary_encode(),
            "seen": pa.array(columns["seen"], pa.timestamp("us", "America/New_York")),
        }
    )


def delimited(delimiter):
    rows = [ROWS[0].keys(), *(in_text(row).values() for row in ROWS)]
    return "\n".join(map(delimiter.join, rows)).encode()


def parquet():
    file = io.BytesIO()
    pq.write_table(in_arrow(), file)
    return file.getvalue()


def arrow():
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, in_arrow().schema) as writer:
        writer.write_table(in_arrow())
    return sink.getvalue()


BODIES = {
    JSON: lambda: json.dumps({"customers": list(map(in_json, ROWS))}).encode(),
    LINES: lambda: "\n".join(json.dumps(in_json(row)) for row in ROWS).encode(),
    CSV: lambda: delimited(","),
    TSV: lambda: delimited("\t"),
    PARQUET: parquet,
    ARROW: arrow,
}


def put(client, name, media_type):
    answer = client.put(
        f"/v1/datasets/{name}",
        content=BODIES[media_type](),
        headers={"Content-Type": media_type},
        params={"schema": DECLARED},
    )
    assert answer.status_code < 300, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def learned(sampled):
    """A client with the dataset `same` and the model of it, learned from CSV."""
    put(sampled, "same", CSV)
    asked = {"name": "same", "dataset": "same", "k": 3, "features": FEATURES}
    answer = sampled.post("/v1/models", json=asked, headers={"Prefer": "wait=60"})
    assert answer.status_code == 201, answer.text
    return sampled


def assigned(client, body, media_type):
    answer = client.post(
        "/v1/models/same/assignments", content=body, headers={"Content-Type": media_type}
    ).json()
    assert answer["rejected"] == []
    return [
        {name: each.get(name) for name in ("customer_id", "segment", "imputed", "unknown")}
        for each in answer["assignments"]
    ]


@pytest.mark.parametrize("media_type", BODIES)
def test_the_same_customers_are_the_same_dataset_in_any_format(learned, media_type):
    name = "in-" + media_type.rpartition("/")[2].rpartition(".")[2].rpartition("-")[2]
    kinds = [
        (column["name"], column["kind"], column["missing"])
        for column in put(learned, name, media_type)["columns"]
    ]
    assert kinds == [
        (column["name"], column["kind"], column["missing"])
        for column in learned.get("/v1/datasets/same").json()["columns"]
    ]
    assert customers_of(learned, name) == customers_of(learned, "same")


@pytest.mark.parametrize("media_type", BODIES)
def test_the_same_customers_are_assigned_alike_in_any_format(learned, media_type):
    expected = assigned(learned, BODIES[CSV](), CSV)
    assert assigned(learned, BODIES[media_type](), media_type) == expected
    assert [each["unknown"] for each in expected] == [None] * len(ROWS)
    assert [each["customer_id"] for each in expected[:2]] == ["17850", "17851"]


@pytest.mark.parametrize("fmt", ["ndjson", "csv", "parquet", "arrow"])
def test_a_dataset_that_is_read_and_put_again_stays_the_same(learned, fmt):
    body = learned.get("/v1/datasets/same/customers", params={"format": fmt})
    learned.put(
        f"/v1/datasets/again-{fmt}",
        content=body.content,
        headers={"Content-Type": body.headers["content-type"]},
    )
    again = customers_of(learned, f"again-{fmt}")
    assert [row["id"] for row in again] == [str(row["id"]) for row in ROWS]
    assert [row["code"] for row in again] == [row["code"] for row in ROWS]


def test_the_day_of_a_time_is_the_one_that_its_zone_has(learned):
    newest = max(seen(n) for n in range(60))
    expected = [float((newest.date() - row["seen"].date()) / timedelta(days=1)) for row in ROWS]
    assert [row["seen"] for row in customers_of(learned, "same")] == expected


def test_nan_is_missing_with_a_warning(learned):
    assert (
        "'spent' holds NaN in 6 rows, which is taken for a missing value."
        in put(learned, "nan", PARQUET)["warnings"]
    )


def test_infinity_is_refused(learned):
    file = io.BytesIO()
    pq.write_table(pa.table({"id": ["a", "b"], "x": [1.0, float("inf")]}), file)
    answer = learned.put(
        "/v1/datasets/inf", content=file.getvalue(), headers={"Content-Type": PARQUET}
    )
    assert (answer.status_code, answer.json()["errors"][0]["detail"]) == (
        422,
        "x: is not a finite number",
    )
