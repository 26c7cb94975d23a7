"""Assignments over HTTP in every format, parsed by the schema of the model's dataset."""

import csv
import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.web.formats import media_type_of, read_table
from service.web.formats.writers import FORMATS, write_table
from tests.support.steps import INCOME, SCORE, customers_of, fit, put_csv

pytestmark = pytest.mark.slow

CANARY = "Zanzibar-77"
JSON, CSV, TSV = "application/json", "text/csv", "text/tab-separated-values"
PARQUET = "application/vnd.apache.parquet"
BY_NAME = {fmt.name: fmt for fmt in FORMATS}
FEATURES = ["spent", "seen", "size", "town"]
DECLARED = {
    "seen": {"kind": "numeric"},
    "size": {"kind": "numeric", "missing": ["n/a", "999"]},
    "town": {"missing": ["-"]},
}
TOWNS = ("Ulm", "Bonn", "-", "Köln")
ALGORITHMS = {"messy": {"name": "kmeans"}, "messy-tree": {"name": "hierarchical"}}


def written(n):
    """Write one customer as a shop in Germany does, with the spaces that do not break."""
    euros = f"{900 + 137 * n % 5000:,}".replace(",", ".") + f",{n % 100:02}\u00a0€"
    size = ("n/a", "999", n % 31)[min(n % 7, 2)]
    day = f"{1 + n % 28:02}.{1 + n % 12:02}.2024"
    return f"{n:04};{euros if n % 11 else ''};{day};{size};{TOWNS[n % 4]}"


MESSY = "\n".join(["Customer No;spent;seen;size;town", *map(written, range(1, 90))]) + "\n"


@pytest.fixture(scope="module")
def messy(sampled):
    """The name of a dataset as it comes, and of a model of it; `messy-tree` is another one."""
    put_csv(
        sampled, "messy", MESSY, schema=json.dumps({"columns": DECLARED}), customer_id="Customer No"
    )
    for model, algorithm in ALGORITHMS.items():
        fit(sampled, model, dataset="messy", k=3, features=FEATURES, algorithm=algorithm)
    return "messy"


@pytest.fixture(scope="module")
def raw():
    return read_table(io.BytesIO(MESSY.encode()), CSV)


def encoded(table, media_type):
    if media_type == TSV:
        text = io.StringIO()
        csv.writer(text, delimiter="\t").writerows(
            [table.column_names, *(row.values() for row in table.to_pylist())]
        )
        return text.getvalue().encode()
    [fmt] = [fmt for fmt in FORMATS if fmt.media_type == media_type]
    return b"".join(write_table(table.to_batches(), table.schema, fmt, "customers"))


def send(client, model, body, media_type=CSV, **query):
    headers = {"Content-Type": media_type}
    return client.post(
        f"/v1/models/{model}/assignments", content=body, headers=headers, params=query
    )


def post(client, model, *customers):
    return client.post(f"/v1/models/{model}/assignments", json={"customers": customers}).json()


def one(client, model, **customer):
    answer = post(client, model, customer)
    return answer["assignments"][0] if "assignments" in answer else answer["errors"]


def places(answer):
    """Give the segment of each customer."""
    assert answer.status_code == 200, answer.text
    assert answer.json()["rejected"] == []
    return {each["customer_id"]: each["segment"] for each in answer.json()["assignments"]}


def table_of(body, fmt):
    """Read an answer as a program would, every empty cell as None."""
    if fmt == "csv":
        rows = list(csv.DictReader(io.StringIO(body.decode(), newline="")))
        return [{name: cell or None for name, cell in row.items()} for row in rows]
    if fmt == "ndjson":
        return [json.loads(line) for line in body.splitlines()]
    if fmt == "parquet":
        return pq.read_table(io.BytesIO(body)).to_pylist()
    return pa.ipc.open_stream(body).read_all().to_pylist()


def expected_table(answer):
    """Lay out a JSON answer as a table."""
    nothing = dict.fromkeys(
        ("segment", "segment_name", "distance", "runner_up", "margin", "outlier")
    )
    placed = [
        {name: each[name] for name in ("row", "customer_id", *nothing)}
        | {
            "imputed": ", ".join(each.get("imputed", [])) or None,
            "unknown": ", ".join(each.get("unknown", {})) or None,
        }
        | {"rejected": None}
        for each in answer["assignments"]
    ]
    rejected = [
        {
            "row": each["row"],
            "customer_id": each["customer_id"],
            **nothing,
            "imputed": None,
            "unknown": None,
        }
        | {"rejected": "; ".join(error["detail"] for error in each["errors"])}
        for each in answer["rejected"]
    ]
    return sorted([*placed, *rejected], key=lambda row: row["row"])


def as_texts(rows):
    """Write cells as CSV has them."""
    said = {True: "true", False: "false", None: None}
    return [
        {
            name: said[cell] if cell is None or isinstance(cell, bool) else str(cell)
            for name, cell in row.items()
        }
        for row in rows
    ]


def numbers_as_texts(rows):
    """Write whole numbers alike, whether a format keeps 1 and 1.0 apart or not."""
    return [
        {
            name: cell.removesuffix(".0") if cell and name in {"distance", "margin"} else cell
            for name, cell in row.items()
        }
        for row in as_texts(rows)
    ]


# In


def test_a_small_table_that_unpacks_to_a_large_one_is_refused(sampled):
    texts = pa.DictionaryArray.from_arrays(np.zeros(20_000, np.int32), pa.array(["x" * 20_000]))
    with io.BytesIO() as file:
        pq.write_table(pa.table({"customer_id": texts}), file)
        body = file.getvalue()
    answer = sampled.post(
        "/v1/models/sample/assignments", content=body, headers={"Content-Type": PARQUET}
    )
    assert (answer.status_code, "once it is unpacked" in answer.json()["detail"]) == (422, True)


@pytest.mark.parametrize("model", ALGORITHMS)
def test_the_uploaded_table_is_assigned_as_segments_list_their_members(sampled, messy, model):
    segments = sampled.get(f"/v1/models/{model}/versions/1/segments").json()["segments"]
    listed = {}
    for segment in segments:
        address = f"/v1/models/{model}/versions/1/segments/{segment['segment']}/customers"
        members = table_of(sampled.get(address, params={"format": "ndjson"}).content, "ndjson")
        listed |= {member["Customer No"]: segment["segment"] for member in members}
    assert len(listed) == sampled.get(f"/v1/datasets/{messy}").json()["n_customers"]
    assert places(send(sampled, model, MESSY)) == listed


@pytest.mark.parametrize("media_type", [*(fmt.media_type for fmt in FORMATS), TSV])
def test_the_same_customers_have_the_same_assignments_in_any_format(
    sampled, messy, raw, media_type
):
    assert (
        send(sampled, messy, encoded(raw, media_type), media_type).json()
        == send(sampled, messy, MESSY).json()
    )


@pytest.mark.parametrize(
    "file", ["customers.csv", "customers.tsv", "customers.parquet", "customers.json"]
)
def test_customers_may_come_as_a_file_of_a_form(sampled, messy, raw, file):
    form = {"file": (file, encoded(raw, media_type_of(file)))}
    answer = sampled.post(f"/v1/models/{messy}/assignments", files=form)
    assert answer.json() == send(sampled, messy, MESSY).json()


@pytest.mark.parametrize("fmt", ["json", "ndjson", "parquet", "arrow"])
def test_customers_exported_from_the_dataset_are_assigned_as_uploaded(sampled, messy, fmt):
    query = {"format": fmt, "page_size": 1000}
    stored = sampled.get(f"/v1/datasets/{messy}/customers", params=query)
    placed = send(sampled, messy, stored.content, BY_NAME[fmt].media_type)
    assert places(placed) == places(send(sampled, messy, MESSY))


def test_customers_retrieved_one_by_one_are_assigned_as_uploaded(sampled, messy):
    answer = post(sampled, messy, *customers_of(sampled, messy))
    assert answer == send(sampled, messy, MESSY).json()


numbers = st.none() | st.floats(-1e9, 1e9).map(lambda number: number + 0.0)
towns = st.none() | st.sampled_from([*TOWNS, "Trier", "1"])
anybody = st.fixed_dictionaries(
    {"spent": numbers, "seen": numbers, "size": st.none() | st.integers(-5, 5), "town": towns}
)


@settings(deadline=None, max_examples=25)
@given(
    customers=st.lists(anybody, min_size=1, max_size=8),
    fmt=st.sampled_from(["ndjson", "parquet", "arrow"]),
)
def test_typed_formats_have_the_same_assignments_for_any_customers(sampled, messy, customers, fmt):
    schema = pa.schema(
        {"spent": pa.float64(), "seen": pa.float64(), "size": pa.int64(), "town": pa.string()}
    )
    table = pa.Table.from_pylist(customers, schema=schema)
    answer = send(sampled, messy, encoded(table, BY_NAME[fmt].media_type), BY_NAME[fmt].media_type)
    plain = send(sampled, messy, json.dumps({"customers": customers}), JSON)
    varying = {"instance": None}
    assert (answer.status_code, answer.json() | varying) == (
        plain.status_code,
        plain.json() | varying,
    )


@pytest.mark.parametrize(
    ("written_so", "stored"),
    [
        ({"spent": "1.234,50 €"}, {"spent": 1234.5}),
        ({"spent": "1.234,50\u00a0€"}, {"spent": 1234.5}),
        ({"spent": "1234,5"}, {"spent": 1234.5}),
        ({"spent": "(12,00 €)"}, {"spent": -12}),
        ({"seen": "28.12.2024", "size": 4}, {"seen": 0, "size": 4}),
        ({"seen": "2024-12-18", "size": 4}, {"seen": 10, "size": 4}),
        ({"seen": "01.01.2025", "size": 4}, {"seen": -4, "size": 4}),
        ({"size": "999", "seen": 3}, {"size": None, "seen": 3}),
        ({"size": 999, "seen": 3}, {"size": None, "seen": 3}),
        ({"size": "n/a", "seen": 3}, {"size": None, "seen": 3}),
        ({"town": " - ", "seen": 3}, {"town": None, "seen": 3}),
        ({"spent": " ", "seen": 3}, {"spent": None, "seen": 3}),
    ],
)
def test_a_cell_as_it_is_written_is_the_cell_as_it_is_stored(sampled, messy, written_so, stored):
    newest = max(
        column["newest"] or "" for column in sampled.get(f"/v1/datasets/{messy}").json()["columns"]
    )
    assert (newest, one(sampled, messy, **written_so)) == (
        "2024-12-28",
        one(sampled, messy, **stored),
    )


def test_a_declared_marker_is_imputed_and_named(sampled, messy):
    assert one(sampled, messy, spent=1000, seen=3, size=999, town="-")["imputed"] == [
        "size",
        "town",
    ]


def test_a_column_of_numbers_with_gaps_is_imputed_where_they_are(sampled, messy):
    table = pa.table(
        {"Customer No": ["a", "b"], "spent": [1200.5, 1300.0], "size": [None, 4.0], "seen": [1, 2]}
    )
    answer = send(sampled, messy, encoded(table, PARQUET), PARQUET).json()
    assert ([each["imputed"] for each in answer["assignments"]], answer["rejected"]) == (
        [["size", "town"], ["town"]],
        [],
    )


@pytest.mark.parametrize("cell", ["1.5.5", "soon", True, [1], 10**400, "\ud800"])
@pytest.mark.parametrize("column", ["spent", "seen", "size"])
def test_unreadable_cells_are_rejected_once_and_not_echoed(sampled, messy, column, cell):
    body = json.dumps({"customers": [{"town": "Ulm"}, {column: cell}]})
    answer = send(sampled, messy, body, JSON)
    [rejected] = answer.json()["rejected"]
    [error] = rejected["errors"]
    assert (rejected["row"], error["pointer"]) == (2, f"/customers/1/{column}")
    assert error["detail"].startswith(f"{column}: ")


def test_an_unreadable_cell_is_not_echoed(sampled, messy):
    bad = {"spent": CANARY, "seen": CANARY, "size": CANARY, "customer_id": f"{CANARY}\u0007"}
    assert CANARY not in json.dumps(post(sampled, messy, {"town": "Ulm"}, bad))


def test_columns_that_the_model_does_not_use_are_not_read(sampled, messy, name):
    fit(sampled, name, dataset=messy, k=2, features=["spent", "town"])
    answer = post(sampled, name, {"spent": 1000, "seen": "rubbish", "size": "many"})
    assert (len(answer["assignments"]), answer["rejected"]) == (1, [])
    assert answer["warnings"] == ["The model does not use seen, size"]


@pytest.mark.parametrize("fmt", ["json", "ndjson", "parquet", "arrow"])
def test_rows_count_as_they_came_also_after_an_empty_one(sampled, messy, fmt):
    customers = [
        {"spent": 1000.0, "town": "Ulm"},
        {"spent": None, "town": None},
        {"spent": 2000.0, "town": "Bonn"},
    ]
    table = pa.Table.from_pylist(customers)
    answer = send(
        sampled, messy, encoded(table, BY_NAME[fmt].media_type), BY_NAME[fmt].media_type
    ).json()
    assert [each["row"] for each in answer["assignments"]] == [1, 3]
    assert [each["row"] for each in answer["rejected"]] == [2]


@pytest.mark.parametrize(
    ("customer", "told"),
    [
        ({"customer_id": "", "Customer No": "0004"}, "0004"),
        ({"customer_id": None, "Customer No": "0004"}, "0004"),
        ({"customer_id": "x", "Customer No": "0004"}, "x"),
        ({"customer_id": " ", "Customer No": ""}, None),
    ],
)
@pytest.mark.parametrize("fmt", FORMATS, ids=BY_NAME)
def test_a_customer_is_named_by_the_first_id_it_has(sampled, messy, fmt, customer, told):
    table = pa.Table.from_pylist([{**customer, "spent": 1000.0}])
    answer = send(sampled, messy, encoded(table, fmt.media_type), fmt.media_type)
    assert [each["customer_id"] for each in answer.json()["assignments"]] == [told]


def test_an_empty_id_column_names_no_customer(sampled, messy):
    table = pa.table(
        {"Customer No": pa.array([None, None], pa.float64()), "spent": [1000.0, 2000.0]}
    )
    answer = send(sampled, messy, encoded(table, PARQUET), PARQUET).json()
    assert [each["customer_id"] for each in answer["assignments"]] == [None, None]


@pytest.mark.parametrize("media_type", [CSV, TSV, PARQUET, JSON])
def test_a_body_of_another_media_type_is_refused(sampled, media_type):
    assert send(sampled, "sample", b"\x00\xff\x00", media_type).status_code == 422


# Out


MIXED = [
    {"customer_id": "a", "spent": "1.234,50 €", "seen": "01.05.2024", "size": 3, "town": "Ulm"},
    {"customer_id": 'the "b", c', "spent": "much", "seen": "never"},
    {"customer_id": "d", "spent": 800, "town": "Atlantis"},
    {"customer_id": True, "spent": 800},
    {"spent": 1e9, "size": 999},
    {},
]


@pytest.mark.parametrize("asked", ["Accept", "format"])
@pytest.mark.parametrize("fmt", ["ndjson", "csv", "parquet", "arrow"])
def test_a_table_of_assignments_agrees_with_the_json_document(sampled, messy, fmt, asked):
    document = post(sampled, messy, *MIXED)
    how = (
        {"headers": {"Accept": BY_NAME[fmt].media_type}}
        if asked == "Accept"
        else {"params": {"format": fmt}}
    )
    answer = sampled.post(f"/v1/models/{messy}/assignments", json={"customers": MIXED}, **how)
    assert answer.headers["Content-Type"].partition(";")[0] == BY_NAME[fmt].media_type
    assert ([row["row"] for row in document["assignments"]], len(document["rejected"])) == (
        [1, 3, 5],
        3,
    )
    assert numbers_as_texts(table_of(answer.content, fmt)) == numbers_as_texts(
        expected_table(document)
    )


def test_a_rejected_row_is_in_the_table_with_its_reason(sampled, messy):
    answer = sampled.post(
        f"/v1/models/{messy}/assignments", json={"customers": MIXED}, params={"format": "csv"}
    )
    row = table_of(answer.content, "csv")[1]
    assert (row["customer_id"], row["segment"]) == ('the "b", c', None)
    assert row["rejected"].startswith("spent: is not a number written like")
    assert "; seen: is not a date written like dd/mm/yyyy" in row["rejected"]


def test_a_version_and_its_model_return_the_same_table(sampled):
    body = {"json": {"customers": [{INCOME: 60, SCORE: 50}]}, "params": {"format": "csv"}}
    answers = [
        sampled.post(f"/v1/models/sample/{path}", **body)
        for path in ("assignments", "versions/1/assignments")
    ]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("fmt", ["csv", "parquet", "arrow", "ndjson"])
def test_a_refusal_is_problem_json_for_any_requested_format(sampled, fmt):
    answer = send(sampled, "sample", json.dumps({"customers": [{INCOME: "x"}]}), JSON, format=fmt)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")


@pytest.mark.parametrize(
    "how", [{"headers": {"Accept": "application/xml"}}, {"params": {"format": "xlsx"}}]
)
def test_a_format_that_there_is_not_is_answered_with_all_there_are(sampled, how):
    answer = sampled.post(
        "/v1/models/sample/assignments", json={"customers": [{INCOME: 60}]}, **how
    )
    assert (
        answer.status_code,
        all(fmt.media_type in answer.json()["detail"] for fmt in FORMATS),
    ) == (406, True)
