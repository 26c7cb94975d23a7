"""The customers of a dataset over HTTP."""

import csv
import io
import json
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from steps import customers_of, erase, put_csv, upsert

CANARY = "Zanzibar-77"
TABLE = "customer_id,age,town\nc1,30,Ulm\nc2,41.5,Bonn\nc3,,Köln\n"
FIRST = {"customer_id": "c1", "age": 30, "town": "Ulm"}
JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"
OBJECTS, TABLES = (JSON, NDJSON), (CSV, PARQUET, ARROW)
BATCH = [
    {"customer_id": "c2", "age": 42.0, "town": None},
    {"customer_id": "c4", "age": 18.5, "town": "Zürich, Süd"},
    {"customer_id": "c2", "age": None, "town": 'the "old" one'},
]
ODD_IDS = ["a/b", "a//b/", "50%", "%2F", "Łukasz ż", "名前", "a b", "a?b#c", "a+b", "c;d=e,f", "...", "x" * 256]
BAD = [
    pytest.param({"customer_id": "c9", "age": "old"}, "age", id="no-number"),
    pytest.param({"customer_id": "c9", "age": True}, "age", id="boolean"),
    pytest.param({"customer_id": None, "age": 1}, "customer_id", id="no-id"),
    pytest.param({"age": 1}, "customer_id", id="absent-id"),
    pytest.param({"customer_id": "..", "age": 1}, "customer_id", id="path-for-an-id"),
    pytest.param({"customer_id": "c9", "town": "Ulm\u0007"}, "town", id="control-character"),
]


def encoded(customers, media_type):
    """Write the same customers in any format; all have the same fields."""
    if media_type == JSON:
        return json.dumps({"customers": customers}).encode()
    if media_type == NDJSON:
        return "\n".join(map(json.dumps, customers)).encode()
    if media_type == CSV:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(customers[0]))
        writer.writeheader()
        writer.writerows(customers)
        return text.getvalue().encode()
    table, sink = pa.Table.from_pylist(customers), io.BytesIO()
    if media_type == PARQUET:
        pq.write_table(table, sink)
    else:
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    return sink.getvalue()


def send(client, name, customers, media_type=JSON, **query):
    body, headers = encoded(customers, media_type), {"Content-Type": media_type}
    return client.post(f"/v1/datasets/{name}/customers", content=body, headers=headers, params=query)


def post(client, name, body, media_type=CSV, **query):
    headers = {"Content-Type": media_type}
    return client.post(f"/v1/datasets/{name}/customers", content=body.encode(), headers=headers, params=query)


def listed(client, name, **query):
    return client.get(f"/v1/datasets/{name}/customers", params=query)


def one(client, name, customer_id):
    return client.get(f"/v1/datasets/{name}/customers/{quote(customer_id, safe='')}")


def cells(client, name, customer_id):
    answer = one(client, name, customer_id)
    assert answer.status_code == 200, answer.text
    return answer.json()["customer"]


def column(client, dataset, name):
    columns = client.get(f"/v1/datasets/{dataset}").json()["columns"]
    return next(column for column in columns if column["name"] == name)


def results(answer):
    return [row["result"] for row in answer["results"]]


@pytest.fixture
def shop(sampled, name):
    """The name of a dataset of three customers."""
    put_csv(sampled, name, TABLE)
    return name


# Upserts


def test_an_unknown_customer_is_inserted(sampled, shop):
    assert results(upsert(sampled, shop, {"customer_id": "c4", "age": 20, "town": "Ulm"})) == ["inserted"]
    assert cells(sampled, shop, "c4") == {"customer_id": "c4", "age": 20, "town": "Ulm"}


def test_a_known_customer_is_updated(sampled, shop):
    assert results(upsert(sampled, shop, {"customer_id": "c1", "age": 31, "town": "Bonn"})) == ["updated"]
    assert cells(sampled, shop, "c1") == {"customer_id": "c1", "age": 31, "town": "Bonn"}


def test_customers_who_are_not_named_stay_as_they_are(sampled, shop):
    before = customers_of(sampled, shop)
    upsert(sampled, shop, {"customer_id": "c2", "age": 1})
    assert [row for row in customers_of(sampled, shop) if row["customer_id"] != "c2"] == [before[0], before[2]]


def test_new_customers_come_last_in_their_order(sampled, shop):
    upsert(sampled, shop, *({"customer_id": key} for key in ("z", "a", "c2", "m")))
    assert [row["customer_id"] for row in customers_of(sampled, shop)] == ["c1", "c2", "c3", "z", "a", "m"]


@pytest.mark.parametrize("media_type", OBJECTS)
def test_an_absent_field_keeps_its_value(sampled, shop, media_type):
    send(sampled, shop, [{"customer_id": "c1", "age": 31}, {"customer_id": "c2", "town": "Ulm"}], media_type)
    assert [cells(sampled, shop, key) for key in ("c1", "c2")] == [
        {"customer_id": "c1", "age": 31, "town": "Ulm"},
        {"customer_id": "c2", "age": 41.5, "town": "Ulm"},
    ]


@pytest.mark.parametrize("media_type", OBJECTS)
def test_a_null_clears(sampled, shop, media_type):
    send(sampled, shop, [{"customer_id": "c1", "age": None}], media_type)
    assert cells(sampled, shop, "c1") == FIRST | {"age": None}


@pytest.mark.parametrize("media_type", TABLES)
def test_an_absent_column_keeps_its_values(sampled, shop, media_type):
    send(sampled, shop, [{"customer_id": "c1", "age": 31.0}], media_type)
    assert cells(sampled, shop, "c1") == FIRST | {"age": 31}


@pytest.mark.parametrize("media_type", TABLES)
def test_an_empty_cell_clears(sampled, shop, media_type):
    send(sampled, shop, [{"customer_id": "c1", "age": 31.0, "town": None}], media_type)
    assert cells(sampled, shop, "c1") == FIRST | {"age": 31, "town": None}


@pytest.mark.parametrize("media_type", [NDJSON, *TABLES])
def test_the_same_batch_in_any_format_gives_the_same_dataset(sampled, shop, name, media_type):
    other = f"{name}-json"
    put_csv(sampled, other, TABLE)
    asked = [send(sampled, other, BATCH), send(sampled, shop, BATCH, media_type)]
    same = {"dataset": None, "created_at": None, "updated_at": None}
    shown = [sampled.get(f"/v1/datasets/{each}").json() | same for each in (other, shop)]
    assert asked[0].json() | same == asked[1].json() | same
    assert (shown[0], customers_of(sampled, other)) == (shown[1], customers_of(sampled, shop))


def test_a_batch_may_come_as_a_file_of_a_form(sampled, shop):
    file = {"file": ("batch.csv", b"customer_id,age\nc1,31\n", "text/csv")}
    assert sampled.post(f"/v1/datasets/{shop}/customers", files=file).status_code == 200
    assert cells(sampled, shop, "c1") == FIRST | {"age": 31}


def test_of_several_rows_for_a_customer_the_last_wins_and_is_told(sampled, shop):
    done = upsert(sampled, shop, *({"customer_id": key, "age": n} for n, key in enumerate(["c1", "n", "c1", "n"])))
    assert results(done) == ["superseded", "superseded", "updated", "inserted"]
    assert done["counts"] == {"superseded": 2, "updated": 1, "inserted": 1}
    assert [cells(sampled, shop, key)["age"] for key in ("c1", "n")] == [2, 3]


def test_a_bad_row_supersedes_no_good_one(sampled, shop):
    done = upsert(sampled, shop, {"customer_id": "c1", "age": 31}, {"customer_id": "c1", "age": "old"})
    assert (results(done), cells(sampled, shop, "c1")["age"]) == (["updated", "rejected"], 31)


@pytest.mark.parametrize(("bad", "fault"), BAD)
def test_a_bad_row_is_named_and_the_others_are_taken(sampled, shop, bad, fault):
    done = upsert(sampled, shop, {"customer_id": "c1", "age": 31}, bad, {"customer_id": "c8", "age": 8})
    [error] = done["results"][1]["errors"]
    assert results(done) == ["updated", "rejected", "inserted"]
    assert (error["row"], error["detail"].partition(":")[0]) == (2, fault)
    assert [row["customer_id"] for row in customers_of(sampled, shop)] == ["c1", "c2", "c3", "c8"]


@pytest.mark.parametrize(("bad", "fault"), BAD)
@pytest.mark.parametrize("atomic", [False, True])
def test_all_rows_are_refused_if_all_are_bad_or_one_and_atomic(sampled, shop, bad, fault, atomic):
    before = sampled.get(f"/v1/datasets/{shop}").json()
    batch = [{"customer_id": "c1", "age": 31}, bad] if atomic else [bad]
    answer = send(sampled, shop, batch, atomic=atomic)
    assert (answer.status_code, answer.json()["errors"][0]["row"]) == (422, len(batch))
    assert fault in answer.json()["errors"][0]["detail"]
    assert sampled.get(f"/v1/datasets/{shop}").json() == before


def test_an_atomic_batch_of_good_rows_is_taken(sampled, shop):
    assert results(upsert(sampled, shop, FIRST | {"age": 1}, atomic=True)) == ["updated"]


def test_a_refusal_repeats_no_value(sampled, shop):
    answer = send(sampled, shop, [{"customer_id": f"{CANARY}\u0007", "age": CANARY}, {"age": CANARY}])
    assert (answer.status_code, CANARY in answer.text) == (422, False)


def test_a_dataset_whose_ids_were_made_up_takes_no_batch(sampled, name):
    put_csv(sampled, name, "age\n30\n41\n")
    assert send(sampled, name, [{"customer_id": "row-1", "age": 31}]).status_code == 409


@pytest.mark.parametrize("header", ["Code No", "customer_id"])
@pytest.mark.parametrize("media_type", [*OBJECTS, *TABLES])
def test_a_batch_names_customers_as_the_dataset_does_or_plainly(sampled, name, header, media_type):
    table = {"content": b"Code No,age\nx,30\ny,41\n", "headers": {"Content-Type": CSV}}
    sampled.put(f"/v1/datasets/{name}", params={"customer_id": "Code No"}, **table)
    send(sampled, name, [{header: "y", "age": 42.0}, {header: "z", "age": 43.0}], media_type)
    assert customers_of(sampled, name) == [
        {"Code No": "x", "age": 30},
        {"Code No": "y", "age": 42},
        {"Code No": "z", "age": 43},
    ]


def test_a_batch_that_names_nobody_is_refused(sampled, shop):
    answer = post(sampled, shop, "age,town\n1,Ulm\n")
    assert (answer.status_code, "'customer_id'" in answer.json()["detail"]) == (422, True)


def test_whole_numbers_and_texts_are_the_same_id(sampled, name):
    put_csv(sampled, name, "customer_id,age\n1,30\n2,41\n")
    assert results(upsert(sampled, name, {"customer_id": 1, "age": 1}, {"customer_id": "2", "age": 2})) == [
        "updated",
        "updated",
    ]


@pytest.mark.parametrize(
    ("values", "kind", "stored"),
    [
        ([1, 2.5], "numeric", [1, 2.5]),
        (["gold", "plus"], "categorical", ["gold", "plus"]),
        ([0, 1], "categorical", ["0", "1"]),
        ([7, 7], "ignored", ["7", "7"]),
        (["1.234,50", "2.000,00"], "numeric", [1234.5, 2000]),
        ([True, False], "categorical", ["true", "false"]),
    ],
)
def test_a_new_column_gets_a_kind_and_is_empty_for_everybody_else(sampled, shop, values, kind, stored):
    upsert(sampled, shop, *({"customer_id": f"c{n}", "extra": value} for n, value in enumerate(values, 1)))
    found = column(sampled, shop, "extra")
    assert (found["kind"], found["missing"]) == (kind, 1)
    assert [row["extra"] for row in customers_of(sampled, shop)] == [*stored, None]


@pytest.mark.parametrize(
    "batch",
    [
        [("c1", 5), ("c1", 6)],
        [("c1", 5), ("c2", 6), ("c1", 6)],
        [("c1", "gold"), ("c1", 5), ("c2", 6)],
        [("c1", 0), ("c2", 1), ("c2", 2)],
        [("c1", 3), ("c2", 1), ("c1", 0)],
        [(None, "gold"), ("c2", 1), ("c1", 2)],
    ],
)
def test_rows_that_are_not_taken_leave_a_new_column_readable(sampled, shop, batch):
    upsert(sampled, shop, *({"customer_id": key, "extra": value} for key, value in batch))
    stored = [row["extra"] for row in customers_of(sampled, shop)]
    numbers = all(isinstance(cell, float | None) for cell in stored)
    assert numbers is (column(sampled, shop, "extra")["kind"] == "numeric")


def test_a_header_that_differs_only_in_case_is_refused(sampled, shop):
    answer = send(sampled, shop, [{"customer_id": "c1", "AGE": 31}])
    assert (answer.status_code, "'age' and 'AGE'" in answer.text) == (422, True)
    assert customers_of(sampled, shop)[0] == FIRST


def test_cells_are_read_as_the_columns_of_the_dataset_say(sampled, name):
    put_csv(
        sampled,
        name,
        'id,spent,seen,size\n1,"1.234,50 €",2024-01-31,4\n2,"12,00 €",2024-01-01,n/a\n3,"2.000,25 €",2024-01-11,7\n',
    )
    declared = {"seen": {"kind": "numeric"}, "size": {"kind": "numeric", "missing": ["n/a", "999"]}}
    assert sampled.patch(f"/v1/datasets/{name}", json={"columns": declared}).status_code == 200
    done = post(sampled, name, 'id,spent,seen,size\n4,"9.876,50 €",2024-01-21,999\n5,"1,00 €",2024-02-05,n/a\n')
    assert results(done.json()) == ["inserted", "inserted"]
    assert [list(row.values()) for row in customers_of(sampled, name)] == [
        ["1", 1234.5, 0, 4],
        ["2", 12, 30, None],
        ["3", 2000.25, 20, 7],
        ["4", 9876.5, 10, None],
        ["5", 1, -5, None],
    ]


def test_counts_of_columns_follow_the_rows(sampled, shop):
    done = upsert(sampled, shop, {"customer_id": "c3", "age": 30}, {"customer_id": "c4", "town": "Ulm"})
    age, town = column(sampled, shop, "age"), column(sampled, shop, "town")
    assert (done["n_customers"], age["missing"], age["distinct"]) == (4, 1, 2)
    assert (town["missing"], town["distinct"]) == (0, 3)


def test_each_write_is_one_version_of_the_dataset(sampled, shop):
    answers = [
        upsert(sampled, shop, FIRST)["dataset_version"],
        sampled.patch(f"/v1/datasets/{shop}", json={"columns": {"town": {"kind": "ignored"}}}).json()[
            "dataset_version"
        ],
        upsert(sampled, shop, {"customer_id": "c4"}, FIRST, {"customer_id": "c5", "age": "?"})["dataset_version"],
    ]
    erase(sampled, shop, "c4")
    assert [*answers, sampled.get(f"/v1/datasets/{shop}").json()["dataset_version"]] == [2, 3, 4, 5]


def test_customers_of_no_dataset_are_not_found(sampled, name):
    asked = [send(sampled, name, [FIRST]), listed(sampled, name), one(sampled, name, "c1")]
    assert [each.status_code for each in asked] == [404, 404, 404]
