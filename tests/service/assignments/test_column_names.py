"""A column may have any name that a dataset takes, on every road to an assignment."""

import json
from io import BytesIO

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyarrow import ipc

from models.cells import MAX_HEADER_LENGTH
from service.assignments.decoder import decode
from service.assignments.inputs import CustomerBatch, InputSchema
from service.assignments.json_input import read_customers
from service.errors import ServiceError
from service.web.formats import DEFAULT_LIMITS, read_patch, read_table
from tests.support.readers import READERS

CSV, NDJSON, ARROW = "text/csv", "application/x-ndjson", "application/vnd.apache.arrow.stream"
ODD = [
    'height "in"',
    "net\\gross",
    "a.b",
    " a b ",
    "Größe",
    "名前",
    "class",
    "__class__",
    "cell_0",
    "customers",
    "/",
    "~",
    "'",
    "😀",
]

names = st.text(
    st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=12
) | st.sampled_from(ODD)


def in_csv(rows):
    lines = [
        ",".join('"' + str(cell).replace('"', '""') + '"' for cell in line)
        for line in (rows[0], *map(dict.values, rows))
    ]
    return "\n".join(lines).encode()


def in_arrow(rows):
    table = pa.Table.from_pylist(rows)
    with BytesIO() as body:
        with ipc.new_stream(body, table.schema) as writer:
            writer.write_table(table)
        return body.getvalue()


def in_lines(rows):
    return "\n".join(map(json.dumps, rows)).encode()


TABLES = {CSV: in_csv, NDJSON: in_lines, ARROW: in_arrow}


def is_taken(header):
    """Tell whether a dataset may have a column of this name beside its ids."""
    try:
        return (
            read_table(BytesIO(in_csv([{"customer_id": "1", header: "5"}])), CSV).column_names[1]
            == header
        )
    except ServiceError:
        return False


def read_on_every_road(header):
    """Read one customer on each road; gives the cells of its column."""
    row = {"customer_id": "1", header: 5}
    document = json.dumps({"customers": [row]}).encode()
    shape = InputSchema(features=((header, "numeric"),), id_columns=("customer_id",))
    read = {
        "json at once": decode(document, shape, DEFAULT_LIMITS).customers(),
        "json at once, and more": decode(
            json.dumps({"customers": [{**row, "besides": 1}]}).encode(), shape, DEFAULT_LIMITS
        ).customers(),
        "json row by row": read_customers(BytesIO(document), DEFAULT_LIMITS, max_depth=9),
        **{
            kind: CustomerBatch.of_table(read_patch(BytesIO(written([row])), kind, readers=READERS))
            for kind, written in TABLES.items()
        },
    }
    return {road: float(customers.cells(header)[0]) for road, customers in read.items()}


@settings(max_examples=200)
@given(
    header=names.filter(lambda header: header.lower() not in {"customer_id", "besides"}).filter(
        is_taken
    )
)
@example(header='height "in"')
@example(header="net\\gross")
@example(header="x" * MAX_HEADER_LENGTH)
def test_a_column_of_any_name_is_read_on_every_road(header):
    assert set(read_on_every_road(header).values()) == {5.0}


@pytest.fixture(scope="module")
def odd(sampled):
    """A model of columns with odd names, and customers of all of them."""
    rows = [
        {"No": str(n), **{name: n % 7 * 10 + place + n % 3 for place, name in enumerate(ODD)}}
        for n in range(60)
    ]
    answer = sampled.put("/v1/datasets/odd", json={"customers": rows}, params={"customer_id": "No"})
    assert answer.status_code == 201, answer.text
    asked = {"name": "odd", "dataset": "odd", "k": 3, "features": ODD}
    answer = sampled.post("/v1/models", json=asked, headers={"Prefer": "wait=30"})
    assert answer.status_code == 201, answer.text
    return sampled, rows[:3]


@pytest.mark.parametrize("query", ["", "atomic=0", "explain=true"])
def test_customers_with_unusual_column_names_are_assigned_alike_on_every_path(odd, query):
    client, rows = odd
    bodies = {"application/json": json.dumps({"customers": rows}).encode()}
    bodies |= {kind: written(rows) for kind, written in TABLES.items()}
    answers = [
        client.post(
            f"/v1/models/odd/assignments?{query}", content=body, headers={"Content-Type": kind}
        )
        for kind, body in bodies.items()
    ]
    placed = [
        [each["segment"] for each in answer.json().get("assignments", [])] for answer in answers
    ]
    assert (placed, len(placed[0])) == (placed[:1] * len(bodies), len(rows))


@pytest.mark.parametrize("query", ["", "atomic=0"])
def test_a_feature_that_is_called_customer_id_is_no_id(sampled, query):
    rows = [{"No": str(n), "customer_id": n % 7 + n % 3 * 30, "b": n % 5} for n in range(60)]
    declared = json.dumps({"columns": {"customer_id": {"kind": "numeric"}}})
    sampled.put(
        "/v1/datasets/strange",
        json={"customers": rows},
        params={"customer_id": "No", "schema": declared},
    )
    asked = {
        "name": f"strange{len(query)}",
        "dataset": "strange",
        "k": 3,
        "features": ["customer_id", "b"],
    }
    assert sampled.post("/v1/models", json=asked, headers={"Prefer": "wait=30"}).status_code == 201
    answer = sampled.post(
        f"/v1/models/strange{len(query)}/assignments?{query}", json={"customers": rows[:1]}
    )
    assert answer.json()["assignments"][0]["customer_id"] == "0"
