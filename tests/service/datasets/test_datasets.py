"""Datasets over HTTP."""

import pytest

from service.datasets import operations, repository
from tests.support.steps import fit, put_csv

CSV, JSON = "text/csv", "application/json"
CANARY = "Zanzibar-77"
TABLE = "customer_id,age,town\nc1,30,Ulm\nc2,41.5,Bonn\nc3,,Ulm\n"
SAME = (
    '{"customers": [{"customer_id": "c1", "age": 30, "town": "Ulm"},'
    ' {"customer_id": "c2", "age": "41.5", "town": "Bonn"}, {"customer_id": "c3", "age": null, '
    '"town": "Ulm"}]}'
)
FAULTY = [
    pytest.param(
        JSON, f'{{"customers": [{{"age": 1, "town": "{CANARY}"}}, {{"age": NaN}}]}}', 2, id="nan"
    ),
    pytest.param(JSON, f'{{"customers": [{{"age": {{"{CANARY}": 1}}}}]}}', 1, id="nested"),
    pytest.param(JSON, f'{{"customers": [{{"age": 1}}, "{CANARY}"]}}', 2, id="no-object"),
    pytest.param(JSON, f'{{"customers": [{{"age": 1, "age": "{CANARY}"}}]}}', 1, id="field-twice"),
    pytest.param(CSV, f"age,town\n1,Ulm\n{CANARY},2,3\n", 2, id="ragged"),
    pytest.param(CSV, f'age,town\n1,"{CANARY}\n', 1, id="open-quote"),
    pytest.param(CSV, f"key,age\n{CANARY},2\n{CANARY},3\n", 2, id="duplicate-id"),
    pytest.param(CSV, f"key,town\nc1,{CANARY}\n,{CANARY}\n", 2, id="missing-id"),
    pytest.param(JSON, f'{{"customers": [{{"key": 1.5, "town": "{CANARY}"}}]}}', 1, id="no-id"),
]
EMPTY = [
    (JSON, ""),
    (JSON, "{}"),
    (JSON, '{"customers": []}'),
    (JSON, "[]"),
    (CSV, ""),
    (CSV, "age,town\n"),
]


def put(client, name, body, media_type=CSV, **query):
    content = body if isinstance(body, bytes) else body.encode()
    return client.put(
        f"/v1/datasets/{name}", content=content, headers={"Content-Type": media_type}, params=query
    )


def stored(client, name):
    stores = client.app.state.services.stores
    with stores.database.reading() as session:
        row = repository.get_dataset(session, "default", name)
        version = repository.get_version(session, row, row.version)
    return stores.tables.read(operations.table_path("default", row.id), version.table_version)


def faulty(client, name, media_type, body):
    return put(client, name, body, media_type, **({"customer_id": "key"} if "key" in body else {}))


def test_a_new_dataset_is_created_and_an_old_one_replaced(sampled, name):
    assert [put(sampled, name, TABLE).status_code for _ in range(2)] == [201, 200]


def test_each_write_counts_one_version(sampled, name):
    assert [put_csv(sampled, name, TABLE)["dataset_version"] for _ in range(3)] == [1, 2, 3]


def test_a_dataset_is_retrieved_as_its_upload_returned_it(sampled, name):
    assert sampled.get(f"/v1/datasets/{name}").status_code == 404
    assert put_csv(sampled, name, TABLE) == sampled.get(f"/v1/datasets/{name}").json()


def test_a_dataset_is_listed_under_its_name(sampled, name):
    dataset = put_csv(sampled, name, TABLE)
    assert dataset in sampled.get("/v1/datasets", params={"page_size": 1000}).json()["datasets"]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2", "3.5"], "numeric"),
        (["0", "1", "0"], "categorical"),
        (["Ulm", "Bonn", "Ulm"], "categorical"),
        (["same", "same", "same"], "ignored"),
        (["2024-01-02", "2024-02-03", "2024-03-04"], "ignored"),
    ],
)
def test_the_kind_of_a_column_is_inferred_from_its_cells(sampled, name, cells, kind):
    column = put_csv(
        sampled, name, "id,it\n" + "".join(f"{n},{cell}\n" for n, cell in enumerate(cells))
    )["columns"][1]
    assert column["kind"] == kind


def test_an_ignored_column_has_a_reason(sampled, name):
    dataset = put_csv(sampled, name, "id,plan\n1,gold\n2,gold\n")
    assert dataset["warnings"] == ["'plan' is ignored: it has the same value in every row."]


def test_missing_and_distinct_cells_are_counted(sampled, name):
    age = put_csv(sampled, name, TABLE)["columns"][1]
    assert (age["missing"], age["distinct"]) == (1, 2)


@pytest.mark.parametrize(
    "body",
    [
        TABLE.replace(",", ";"),
        TABLE.replace(",", "\t"),
        TABLE.replace("\n", "\r\n"),
        "\ufeff" + TABLE,
        TABLE.replace("Ulm", '"Ulm"'),
        TABLE.encode("utf-16"),
    ],
)
def test_however_a_csv_was_saved_it_is_the_same_dataset(sampled, name, body):
    put(sampled, name, TABLE)
    plain = stored(sampled, name)
    put(sampled, name, body)
    assert stored(sampled, name).equals(plain)


def test_the_same_table_as_json_and_csv_is_the_same_dataset(sampled, name):
    put(sampled, name, TABLE)
    as_csv = stored(sampled, name)
    put(sampled, name, SAME, JSON)
    assert stored(sampled, name).equals(as_csv)


def test_latin_1_is_decoded(sampled, name):
    put(sampled, name, "id,town\n1,Köln\n2,Zoë\n".encode("latin-1"))
    assert stored(sampled, name)["town"].to_pylist() == ["Köln", "Zoë"]


def test_customers_without_an_id_are_numbered(sampled, name):
    put(sampled, name, "age\n30\n41\n")
    assert stored(sampled, name)["customer_id"].to_pylist() == ["row-1", "row-2"]


def test_generated_ids_have_a_warning(sampled, name):
    assert "row-1" in put_csv(sampled, name, "age\n30\n41\n")["warnings"][0]


def test_the_named_column_names_the_customers(sampled, name):
    put(sampled, name, "code,age\nx,30\ny,41\n", customer_id="code")
    assert stored(sampled, name)["code"].to_pylist() == ["x", "y"]


@pytest.mark.parametrize(("media_type", "body", "row"), FAULTY)
def test_a_faulty_table_is_refused_by_its_row(sampled, name, media_type, body, row):
    answer = faulty(sampled, name, media_type, body)
    assert (answer.status_code, answer.json()["errors"][0]["row"]) == (422, row)


@pytest.mark.parametrize(("media_type", "body", "row"), FAULTY)
def test_a_refusal_repeats_no_value(sampled, name, media_type, body, row):  # noqa: ARG001 - the same cases as above
    assert CANARY not in faulty(sampled, name, media_type, body).text


@pytest.mark.parametrize(
    ("body", "column"),
    [('{"customers": [{"age": NaN}]}', "age"), ('{"customers": [{"a/b": []}]}', "a~1b")],
)
def test_a_faulty_cell_is_pointed_at(sampled, name, body, column):
    [fault] = put(sampled, name, body, JSON).json()["errors"]
    assert fault["pointer"] == f"/customers/0/{column}"


def test_headers_that_differ_only_in_case_are_both_named(sampled, name):
    [fault] = put(sampled, name, "Age,AGE\n1,2\n").json()["errors"]
    assert "'Age' and 'AGE'" in fault["detail"]


@pytest.mark.parametrize(("media_type", "body"), EMPTY)
def test_a_table_without_customers_is_refused(sampled, name, media_type, body):
    assert put(sampled, name, body, media_type).status_code == 422


def test_a_refused_table_leaves_no_dataset(sampled, name):
    put(sampled, name, "")
    assert sampled.get(f"/v1/datasets/{name}").status_code == 404


def test_a_refused_table_leaves_the_dataset_as_it_was(sampled, name):
    before = put_csv(sampled, name, TABLE)
    put(sampled, name, "age,town\n1\n")
    assert sampled.get(f"/v1/datasets/{name}").json() == before


@pytest.mark.parametrize("media_type", ["application/xml", "text/plain", ""])
def test_another_format_is_answered_with_those_that_are_read(sampled, name, media_type):
    answer = put(sampled, name, TABLE, media_type)
    assert (answer.status_code, JSON in answer.text, CSV in answer.text) == (415, True, True)


@pytest.mark.parametrize("bad", ["Shop", "1shop", "shop!", "a" * 64, "shop%0A"])
def test_a_name_that_breaks_the_rule_is_refused(sampled, bad):
    assert put(sampled, bad, TABLE).status_code == 422


def test_a_column_of_ids_that_is_not_there_is_refused(sampled, name):
    assert put(sampled, name, TABLE, customer_id="nope").status_code == 422


def test_a_deleted_dataset_is_gone(sampled, name):
    put_csv(sampled, name, TABLE)
    deleted = sampled.delete(f"/v1/datasets/{name}").status_code
    assert (deleted, sampled.get(f"/v1/datasets/{name}").status_code) == (204, 404)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_dataset_is_not_found(sampled, name, method):
    assert sampled.request(method, f"/v1/datasets/{name}").status_code == 404


def test_a_deleted_dataset_can_be_created_again(sampled, name):
    put_csv(sampled, name, TABLE)
    sampled.delete(f"/v1/datasets/{name}")
    assert put(sampled, name, TABLE).status_code == 201


@pytest.fixture
def used(sampled, name, sample_csv):
    """The name of a dataset and of the model that learned from it."""
    put_csv(sampled, name, sample_csv)
    fit(sampled, name, dataset=name, k=2)
    return name


def test_a_dataset_in_use_by_a_model_cannot_be_deleted(sampled, used):
    assert sampled.delete(f"/v1/datasets/{used}").status_code == 409


def test_a_forced_delete_is_a_delete(sampled, used):
    assert sampled.delete(f"/v1/datasets/{used}", params={"force": True}).status_code == 204


@pytest.mark.parametrize("force", [False, True])
def test_a_version_shows_whether_its_dataset_version_is_available(sampled, used, force):
    sampled.delete(f"/v1/datasets/{used}", params={"force": force})
    version = sampled.get(f"/v1/models/{used}/versions/1").json()
    assert version["dataset_version_available"] is not force


def test_a_fit_of_a_dataset_that_was_deleted_is_refused(sampled, used):
    sampled.delete(f"/v1/datasets/{used}", params={"force": True})
    assert sampled.post(f"/v1/models/{used}/versions", json={}).status_code == 404
