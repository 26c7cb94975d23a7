"""The customers of a dataset over HTTP."""

import csv
import io
import json
from contextlib import contextmanager
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.columns import Override
from service.datasets import operations as datasets
from service.datasets.fold import fold_dataset
from service.web.formats import read_table
from tests.support.fakes import Interrupted
from tests.support.steps import customers_of, erase, put_csv, replaced_stores, upsert
from tests.support.writing import store_rows

pytestmark = pytest.mark.slow

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
ODD_IDS = [
    "a/b",
    "a//b/",
    "50%",
    "Łukasz ż",
    "名前",
    "a b",
    "a?b#c",
    "a+b",
    "c;d=e,f",
    "...",
    "x" * 256,
]
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
    return client.post(
        f"/v1/datasets/{name}/customers", content=body, headers=headers, params=query
    )


def post(client, name, body, media_type=CSV, **query):
    headers = {"Content-Type": media_type}
    return client.post(
        f"/v1/datasets/{name}/customers", content=body.encode(), headers=headers, params=query
    )


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


def change(client, dataset, **columns):
    return client.patch(f"/v1/datasets/{dataset}", json={"columns": columns})


def results(answer):
    return [row["result"] for row in answer["results"]]


@contextmanager
def meanwhile(client, store, method, happens):
    """Let something else happen once, just before a store is used by the next request."""
    parts, left = client.app.state.services, [happens]
    interrupted = Interrupted(
        getattr(parts.stores, store), method, lambda: left and left.pop()(undisturbed)
    )
    undisturbed = parts.stores
    with replaced_stores(client, **{store: interrupted}):
        yield


@pytest.fixture
def shop(sampled, name):
    """The name of a dataset of three customers."""
    put_csv(sampled, name, TABLE)
    return name


# Upserts


def test_an_unknown_customer_is_inserted(sampled, shop):
    assert results(upsert(sampled, shop, {"customer_id": "c4", "age": 20, "town": "Ulm"})) == [
        "inserted"
    ]
    assert cells(sampled, shop, "c4") == {"customer_id": "c4", "age": 20, "town": "Ulm"}


def test_a_known_customer_is_updated(sampled, shop):
    assert results(upsert(sampled, shop, {"customer_id": "c1", "age": 31, "town": "Bonn"})) == [
        "updated"
    ]
    assert cells(sampled, shop, "c1") == {"customer_id": "c1", "age": 31, "town": "Bonn"}


def test_customers_absent_from_a_batch_are_unchanged(sampled, shop):
    before = customers_of(sampled, shop)
    upsert(sampled, shop, {"customer_id": "c2", "age": 1})
    assert [row for row in customers_of(sampled, shop) if row["customer_id"] != "c2"] == [
        before[0],
        before[2],
    ]


def test_new_customers_are_appended_in_their_order(sampled, shop):
    upsert(sampled, shop, *({"customer_id": key} for key in ("z", "a", "c2", "m")))
    assert [row["customer_id"] for row in customers_of(sampled, shop)] == [
        "c1",
        "c2",
        "c3",
        "z",
        "a",
        "m",
    ]


@pytest.mark.parametrize("media_type", OBJECTS)
def test_an_absent_field_keeps_its_value(sampled, shop, media_type):
    send(
        sampled,
        shop,
        [{"customer_id": "c1", "age": 31}, {"customer_id": "c2", "town": "Ulm"}],
        media_type,
    )
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
def test_the_same_batch_in_any_format_has_the_same_effect(sampled, shop, name, media_type):
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


def test_the_last_of_several_rows_of_a_customer_wins_with_a_warning(sampled, shop):
    done = upsert(
        sampled,
        shop,
        *({"customer_id": key, "age": n} for n, key in enumerate(["c1", "n", "c1", "n"])),
    )
    assert results(done) == ["superseded", "superseded", "updated", "inserted"]
    assert done["counts"] == {"superseded": 2, "updated": 1, "inserted": 1}
    assert [cells(sampled, shop, key)["age"] for key in ("c1", "n")] == [2, 3]


def test_a_bad_row_supersedes_no_good_one(sampled, shop):
    done = upsert(
        sampled, shop, {"customer_id": "c1", "age": 31}, {"customer_id": "c1", "age": "old"}
    )
    assert (results(done), cells(sampled, shop, "c1")["age"]) == (["updated", "rejected"], 31)


@pytest.mark.parametrize(("bad", "fault"), BAD)
def test_an_invalid_row_is_reported_and_the_others_are_accepted(sampled, shop, bad, fault):
    done = upsert(
        sampled, shop, {"customer_id": "c1", "age": 31}, bad, {"customer_id": "c8", "age": 8}
    )
    [error] = done["results"][1]["errors"]
    assert results(done) == ["updated", "rejected", "inserted"]
    assert (error["row"], error["detail"].partition(":")[0]) == (2, fault)
    assert [row["customer_id"] for row in customers_of(sampled, shop)] == ["c1", "c2", "c3", "c8"]


@pytest.mark.parametrize(("bad", "fault"), BAD)
@pytest.mark.parametrize("atomic", [False, True])
def test_all_rows_are_refused_if_all_are_bad_or_one_and_atomic(sampled, shop, bad, fault, atomic):
    before = sampled.get(f"/v1/datasets/{shop}").json()
    batch = [{"customer_id": "c1", "age": 31}, bad] if atomic else [{"customer_id": None}, bad]
    answer = send(sampled, shop, batch, atomic=atomic)
    assert (answer.status_code, answer.json()["errors"][-1]["row"]) == (422, 2)
    assert fault in answer.json()["errors"][-1]["detail"]
    assert sampled.get(f"/v1/datasets/{shop}").json() == before


def test_an_atomic_batch_of_valid_rows_is_accepted(sampled, shop):
    assert results(upsert(sampled, shop, FIRST | {"age": 1}, atomic=True)) == ["updated"]


def test_a_refusal_repeats_no_value(sampled, shop):
    answer = send(
        sampled, shop, [{"customer_id": f"{CANARY}\u0007", "age": CANARY}, {"age": CANARY}]
    )
    assert (answer.status_code, CANARY in answer.text) == (422, False)


def test_a_dataset_with_generated_ids_refuses_batches(sampled, name):
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


def test_a_batch_without_ids_is_refused(sampled, shop):
    answer = post(sampled, shop, "age,town\n1,Ulm\n")
    assert (answer.status_code, "'customer_id'" in answer.json()["detail"]) == (422, True)


def test_whole_numbers_and_texts_are_the_same_id(sampled, name):
    put_csv(sampled, name, "customer_id,age\n1,30\n2,41\n")
    assert results(
        upsert(sampled, name, {"customer_id": 1, "age": 1}, {"customer_id": "2", "age": 2})
    ) == [
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
def test_a_new_column_gets_a_kind_and_is_empty_for_all_others(sampled, shop, values, kind, stored):
    upsert(
        sampled,
        shop,
        *({"customer_id": f"c{n}", "extra": value} for n, value in enumerate(values, 1)),
    )
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
def test_rejected_rows_leave_a_new_column_readable(sampled, shop, batch):
    upsert(sampled, shop, *({"customer_id": key, "extra": value} for key, value in batch))
    stored = [row["extra"] for row in customers_of(sampled, shop)]
    numbers = all(isinstance(cell, int | float | None) for cell in stored)
    assert numbers is (column(sampled, shop, "extra")["kind"] == "numeric")


def test_a_header_that_differs_only_in_case_is_refused(sampled, shop):
    answer = send(sampled, shop, [{"customer_id": "c1", "AGE": 31}])
    assert (answer.status_code, "'age' and 'AGE'" in answer.text) == (422, True)
    assert customers_of(sampled, shop)[0] == FIRST


def test_cells_are_parsed_by_the_columns_of_the_dataset(sampled, name):
    put_csv(
        sampled,
        name,
        'id,spent,seen,size\n1,"1.234,50 €",2024-01-31,4\n'
        '2,"12,00 €",2024-01-01,n/a\n3,"2.000,25 €",2024-01-11,7\n',
    )
    declared = {"seen": {"kind": "numeric"}, "size": {"kind": "numeric", "missing": ["n/a", "999"]}}
    assert sampled.patch(f"/v1/datasets/{name}", json={"columns": declared}).status_code == 200
    done = post(
        sampled,
        name,
        'id,spent,seen,size\n4,"9.876,50 €",2024-01-21,999\n5,"1,00 €",2024-02-05,n/a\n',
    )
    assert results(done.json()) == ["inserted", "inserted"]
    assert [list(row.values()) for row in customers_of(sampled, name)] == [
        ["1", 1234.5, 0, 4],
        ["2", 12, 30, None],
        ["3", 2000.25, 20, 7],
        ["4", 9876.5, 10, None],
        ["5", 1, -5, None],
    ]


def test_counts_of_columns_follow_the_rows(sampled, shop):
    done = upsert(
        sampled, shop, {"customer_id": "c3", "age": 30}, {"customer_id": "c4", "town": "Ulm"}
    )
    age, town = column(sampled, shop, "age"), column(sampled, shop, "town")
    assert (done["n_customers"], age["missing"], age["distinct"]) == (4, 1, 2)
    assert (town["missing"], town["distinct"]) == (0, 3)


def test_each_write_is_one_version_of_the_dataset(sampled, shop):
    answers = [
        upsert(sampled, shop, FIRST)["dataset_version"],
        sampled.patch(
            f"/v1/datasets/{shop}", json={"columns": {"town": {"kind": "ignored"}}}
        ).json()["dataset_version"],
        upsert(sampled, shop, {"customer_id": "c4"}, FIRST, {"customer_id": "c5", "age": "?"})[
            "dataset_version"
        ],
    ]
    erase(sampled, shop, "c4")
    assert [*answers, sampled.get(f"/v1/datasets/{shop}").json()["dataset_version"]] == [2, 3, 4, 5]


def test_customers_of_no_dataset_are_not_found(sampled, name):
    asked = [send(sampled, name, [FIRST]), listed(sampled, name), one(sampled, name, "c1")]
    assert [each.status_code for each in asked] == [404, 404, 404]


@pytest.mark.parametrize("charset", ["latin-1", "utf-8", "UTF-8"])
def test_the_charset_of_a_small_json_body_is_obeyed(sampled, shop, charset):
    body = '{"customers": [{"customer_id": "c1", "town": "Köln"}]}'.encode(charset)
    answer = sampled.post(
        f"/v1/datasets/{shop}/customers",
        content=body,
        headers={"Content-Type": f"application/json; charset={charset}"},
    )
    assert (answer.status_code, cells(sampled, shop, "c1")["town"]) == (200, "Köln")


# Two at once


def lay(stores, name, **customer):
    """Lay one customer over a dataset, as another process would."""
    table = pa.table({key: [cell] for key, cell in customer.items()})
    store_rows(stores, name, table, atomic=False)


@pytest.mark.parametrize(("store", "method"), [("tables", "stage"), ("database", "writing")])
def test_concurrent_writes_are_both_kept(sampled, shop, store, method):
    with meanwhile(
        sampled, store, method, lambda stores: lay(stores, shop, customer_id="c5", size=5.0)
    ):
        done = upsert(sampled, shop, {"customer_id": "c4", "weight": 7.5})
    assert (done["dataset_version"], done["n_customers"]) == (3, 5)
    assert {
        row["customer_id"]: (row["weight"], row["size"]) for row in customers_of(sampled, shop)[3:]
    } == {
        "c4": ("7.5", None),
        "c5": (None, "5"),
    }
    assert {column["name"] for column in sampled.get(f"/v1/datasets/{shop}").json()["columns"]} == {
        *("customer_id", "age", "town", "weight", "size")
    }


def test_an_upsert_beside_a_change_of_a_column_keeps_the_table_readable(sampled, shop):
    def categorical(stores):
        datasets.change_columns(stores, "default", shop, {"age": Override(kind="categorical")})

    with meanwhile(sampled, "database", "writing", categorical):
        upsert(sampled, shop, {"customer_id": "c4", "town": "Ulm"})
    assert column(sampled, shop, "age")["kind"] == "categorical"
    assert [row["age"] for row in customers_of(sampled, shop)] == ["30", "41.5", None, None]


def test_a_declaration_survives_an_upsert_that_commits_first(sampled, shop):
    with meanwhile(
        sampled,
        "database",
        "writing",
        lambda stores: lay(stores, shop, customer_id="c4", town="Ulm"),
    ):
        assert change(sampled, shop, age={"missing": ["999"]}).status_code == 200
    assert column(sampled, shop, "age")["missing_markers"] == ["999"]


def test_a_column_that_two_add_at_once_has_the_cells_of_both(sampled, shop):
    with meanwhile(
        sampled, "database", "writing", lambda stores: lay(stores, shop, customer_id="c5", size=5.0)
    ):
        upsert(sampled, shop, {"customer_id": "c4", "size": 7.5})
    assert [row["size"] for row in customers_of(sampled, shop)] == [None, None, None, "5", "7.5"]


def test_an_upsert_to_a_table_that_is_replaced_meanwhile_reads_the_new_columns(sampled, shop):
    other = "id,age\n1,x\n2,y\n3,x\n"

    def replaced(stores):
        raw = read_table(io.BytesIO(other.encode()), CSV)
        datasets.replace_dataset(stores, "default", shop, raw, datasets.Declarations())

    with meanwhile(sampled, "tables", "lookup", replaced):
        done = send(sampled, shop, [{"customer_id": 2, "age": 7}])
    assert (done.status_code, customers_of(sampled, shop)[1]) == (200, {"id": "2", "age": "7"})


def test_an_upsert_to_a_dataset_that_is_deleted_meanwhile_leaves_nothing(client, settings):
    put_csv(client, "shop", TABLE)
    with meanwhile(
        client,
        "database",
        "writing",
        lambda stores: datasets.delete_dataset(stores, "default", "shop", force=False),
    ):
        answer = send(client, "shop", [{"customer_id": CANARY}])
    assert (answer.status_code, list(settings.tables_directory().rglob("*.*"))) == (404, [])


def test_a_table_put_under_a_name_that_is_deleted_meanwhile_leaves_nothing(client, settings):
    put_csv(client, "shop", TABLE)
    with meanwhile(
        client,
        "tables",
        "stage",
        lambda stores: datasets.delete_dataset(stores, "default", "shop", force=False),
    ):
        answer = client.put(
            "/v1/datasets/shop", content=TABLE.encode(), headers={"Content-Type": CSV}
        )
    assert (answer.status_code, list(settings.tables_directory().rglob("*.*"))) == (409, [])


# How columns are read


def test_a_number_becomes_a_category_and_a_number_again(sampled, name):
    before = put_csv(sampled, name, "id,size\n1,4\n2,5.5\n3,\n4,4\n")
    assert (
        change(sampled, name, size={"kind": "categorical"}).json()["columns"][1]["kind"]
        == "categorical"
    )
    assert [row["size"] for row in customers_of(sampled, name)] == ["4", "5.5", None, "4"]
    assert change(sampled, name, size={"kind": "numeric"}).json()["columns"] == before["columns"]


def test_a_declared_marker_is_missing_from_now_on(sampled, name):
    put_csv(
        sampled,
        name,
        "id,age\n" + "".join(f"{n},{999 if n % 3 == 0 else 20 + n}\n" for n in range(12)),
    )
    age = change(sampled, name, age={"missing": ["999"]}).json()["columns"][1]
    assert (age["kind"], age["missing"], age["missing_markers"]) == ("numeric", 4, ["999"])
    upsert(sampled, name, {"id": 1, "age": 999})
    fold_dataset(sampled.app.state.services.stores, "default", name)
    assert column(sampled, name, "age")["missing"] == 5


def test_dates_become_days_before_the_newest(sampled, name):
    put_csv(sampled, name, "id,seen\n1,31/01/2024\n2,01/01/2024\n3,\n4,21/01/2024\n")
    seen = change(sampled, name, seen={"kind": "numeric"}).json()["columns"][1]
    assert (seen["kind"], seen["numerals"], seen["newest"]) == (
        "numeric",
        "dd/mm/yyyy",
        "2024-01-31",
    )
    assert [row["seen"] for row in customers_of(sampled, name)] == [0, 30, None, 10]


def test_a_column_that_is_not_there_cannot_be_changed(sampled, shop):
    before = sampled.get(f"/v1/datasets/{shop}").json()
    answer = change(sampled, shop, age={"kind": "categorical"}, nowhere={"kind": "numeric"})
    assert (answer.status_code, "'nowhere'" in answer.json()["detail"]) == (422, True)
    assert sampled.get(f"/v1/datasets/{shop}").json() == before


def test_cells_that_are_no_numbers_are_named_by_their_rows_and_not_repeated(sampled, name):
    put_csv(sampled, name, f"id,size\n1,4\n2,{CANARY}\n3,\n4,{CANARY}\n")
    answer = change(sampled, name, size={"kind": "numeric"})
    assert (answer.status_code, [fault["row"] for fault in answer.json()["errors"]]) == (
        422,
        [2, 4],
    )
    assert CANARY not in answer.text


def test_columns_that_are_not_named_stay_as_they_are(sampled, shop):
    before = sampled.get(f"/v1/datasets/{shop}").json()["columns"]
    after = change(sampled, shop, town={"kind": "ignored"}).json()["columns"]
    assert (after[:2], after[2]["kind"]) == (before[:2], "ignored")
    assert customers_of(sampled, shop)[0] == FIRST


def test_a_declaration_of_one_column_survives_a_change_of_another(sampled, shop):
    change(sampled, shop, age={"missing": ["999"]})
    change(sampled, shop, town={"kind": "ignored"})
    upsert(sampled, shop, FIRST | {"age": 999})
    assert cells(sampled, shop, "c1") == FIRST | {"age": None}


def test_the_column_of_ids_stays_one(sampled, shop):
    answer = change(sampled, shop, customer_id={"kind": "ignored"}).json()
    assert (answer["columns"][0]["kind"], "names the customers" in answer["warnings"][-1]) == (
        "identifier",
        True,
    )


@pytest.mark.parametrize(
    ("cells", "declared"),
    [
        (["4", "n/a", "999", "6"], {"kind": "numeric", "missing": ["n/a", "999"]}),
        (["1", "2", "3", "2"], {"kind": "categorical"}),
        (["2024-01-31", "2024-01-01", "", "2024-01-21"], {"kind": "numeric"}),
        (["Ulm", "Bonn", "-", "Ulm"], {"missing": ["-"]}),
        (["Ulm", "Bonn", "-", "Ulm"], {"kind": "ignored"}),
        (["1.234,5 €", "12,0 €", "x", "1,0 €"], {"kind": "numeric", "missing": ["x"]}),
    ],
)
def test_a_declaration_with_the_upload_equals_a_later_one(sampled, name, cells, declared):
    table = "id,it\n" + "".join(f'{n},"{cell}"\n' for n, cell in enumerate(cells))
    body = {"content": table.encode(), "headers": {"Content-Type": CSV}}
    schema = json.dumps({"columns": {"it": declared}})
    at_once = sampled.put(f"/v1/datasets/{name}", params={"schema": schema}, **body).json()
    stored = customers_of(sampled, name)
    put_csv(sampled, name, table)
    later = change(sampled, name, it=declared).json()
    assert (later["columns"], customers_of(sampled, name)) == (at_once["columns"], stored)


@pytest.mark.parametrize(
    "schema",
    [
        "",
        "{",
        "[]",
        '{"columns": 1}',
        '{"columns": {"age": {"kind": "text"}}}',
        '{"columns": {"x": {}}}',
    ],
)
def test_a_schema_that_cannot_be_read_or_used_is_refused(sampled, shop, schema):
    body = {"content": TABLE.encode(), "headers": {"Content-Type": CSV}}
    assert sampled.put(f"/v1/datasets/{shop}", params={"schema": schema}, **body).status_code == 422


# Lists


def pages(client, name, size, between=lambda: None):
    """Follow the pages to the end."""
    found, token = [], None
    while True:
        answer = listed(
            client, name, page_size=size, **({"page_token": token} if token else {})
        ).json()
        found.append([row["customer_id"] for row in answer["customers"]])
        token = answer.get("next_page_token")
        if token is None:
            return found
        between()


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 1000])
def test_pages_list_each_customer_once_in_order_within_the_page_size(sampled, name, size):
    ids = [f"c{n * 7 % 6}" for n in range(6)]
    put_csv(
        sampled, name, "customer_id,age\n" + "".join(f"{key},{n}\n" for n, key in enumerate(ids))
    )
    found = pages(sampled, name, size)
    assert [key for page in found for key in page] == ids
    assert {len(page) for page in found[:-1]} <= {size}
    assert found[-1]


def test_pages_stay_on_the_version_that_the_first_one_showed(sampled, shop):
    found = pages(
        sampled, shop, 1, between=lambda: put_csv(sampled, shop, "customer_id,age\nz9,1\nz8,2\n")
    )
    assert found == [["c1"], ["c2"], ["c3"]]


def test_a_page_of_a_version_with_an_erased_customer_is_not_found(sampled, shop):
    token = listed(sampled, shop, page_size=1).json()["next_page_token"]
    erase(sampled, shop, "c2")
    assert listed(sampled, shop, page_token=token).status_code == 404


@pytest.mark.parametrize("token", ["", "x", "MQ==", "MS4=", "MS5h", "LjE=", "LTEuMA==", "é"])
def test_a_token_that_is_not_ours_is_refused(sampled, shop, token):
    assert listed(sampled, shop, page_token=token).status_code == 422


READERS = {
    "application/json": lambda body: json.loads(body)["customers"],
    NDJSON: lambda body: [json.loads(line) for line in body.decode().splitlines()],
    PARQUET: lambda body: pq.read_table(io.BytesIO(body)).to_pylist(),
    ARROW: lambda body: pa.ipc.open_stream(body).read_all().to_pylist(),
}
FORMATS = {"json": JSON, "ndjson": NDJSON, "csv": CSV, "parquet": PARQUET, "arrow": ARROW}


@pytest.mark.parametrize("fmt", READERS)
@pytest.mark.parametrize("asked", ["Accept", "format"])
def test_customers_are_listed_in_the_requested_format(sampled, shop, fmt, asked):
    names = {media_type: name for name, media_type in FORMATS.items()}
    how = {"headers": {"Accept": fmt}} if asked == "Accept" else {"params": {"format": names[fmt]}}
    answer = sampled.get(f"/v1/datasets/{shop}/customers", **how)
    assert answer.headers["Content-Type"].partition(";")[0] == fmt
    assert READERS[fmt](answer.content) == customers_of(sampled, shop)


def test_a_csv_of_the_customers_put_again_is_the_same_dataset(sampled, shop, name):
    body = listed(sampled, shop, format="csv").text
    copy = put_csv(sampled, f"{name}-copy", body)
    assert (copy["columns"], customers_of(sampled, f"{name}-copy")) == (
        sampled.get(f"/v1/datasets/{shop}").json()["columns"],
        customers_of(sampled, shop),
    )


@pytest.mark.parametrize(
    "how", [{"headers": {"Accept": "application/xml"}}, {"params": {"format": "xml"}}]
)
def test_another_format_is_not_acceptable(sampled, shop, how):
    assert sampled.get(f"/v1/datasets/{shop}/customers", **how).status_code == 406


# One customer


@pytest.mark.parametrize("customer_id", ODD_IDS)
def test_a_customer_with_an_unusual_id_is_found_changed_and_erased(sampled, shop, customer_id):
    upsert(sampled, shop, {"customer_id": customer_id, "age": 9})
    assert cells(sampled, shop, customer_id) == {"customer_id": customer_id, "age": 9, "town": None}
    erase(sampled, shop, customer_id)
    assert (one(sampled, shop, customer_id).status_code, len(customers_of(sampled, shop))) == (
        404,
        3,
    )


def test_a_customer_is_returned_with_its_dataset_version(sampled, shop):
    found = one(sampled, shop, "c1").json()
    assert found == {"dataset": shop, "dataset_version": 1, "customer_id": "c1", "customer": FIRST}


@pytest.mark.parametrize("customer_id", ["c9", "C1", "c1 ", "1", "c1/"])
def test_an_unknown_customer_is_not_found(sampled, shop, customer_id):
    assert one(sampled, shop, customer_id).status_code == 404


def test_the_last_customer_can_be_erased_and_others_inserted(sampled, name):
    put_csv(sampled, name, "customer_id,age\nc1,30\n")
    erase(sampled, name, "c1")
    assert (
        customers_of(sampled, name),
        sampled.get(f"/v1/datasets/{name}").json()["n_customers"],
    ) == ([], 0)
    assert upsert(sampled, name, {"customer_id": "c2", "age": 31})["n_customers"] == 1


def test_a_customer_with_a_generated_id_can_be_erased(sampled, name):
    put_csv(sampled, name, "age\n30\n41\n")
    erase(sampled, name, "row-1")
    assert customers_of(sampled, name) == [{"customer_id": "row-2", "age": 41}]
