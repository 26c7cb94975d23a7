"""What is asked about columns over HTTP.

By PUT, the summary and a fit in the same words, and overruled as proposed.
"""

import json
import re
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.steps import fit, place, put_csv, recommend, upsert

pytestmark = pytest.mark.slow

N = 60
ARROW, PARQUET, CSV = (
    "application/vnd.apache.arrow.stream",
    "application/vnd.apache.parquet",
    "text/csv",
)
COLUMNS = {
    "id": [f"c{n}" for n in range(N)],
    "orders": [5 + n % 2 * 20 + n % 5 for n in range(N)],
    "spent": [50 + n % 2 * 400 + n % 7 for n in range(N)],
}
DOUBTED = {
    "RowNumber": list(range(1, N + 1)),
    "zip": [f"{501 + n % 4 * 1000:05}" for n in range(N)],
    "plan": [f"{n % 3 + 1}E1" for n in range(N)],
    "joined": [20150101 + n % 28 for n in range(N)],
    "seen": [1_500_000_000_000 + n * 86_400_000 for n in range(N)],
    "Cluster": [n % 3 for n in range(N)],
    "Churn": ["yes", "no"] * (N // 2),
    "age": [20 + n % 40 if n % 6 else 118 for n in range(N)],
    "gender": ["Female", "female", "male"] * (N // 3),
    "Unnamed: 0": list(range(N)),
}
LEFT_OUT = {"RowNumber", "joined", "seen", "Cluster", "Unnamed: 0"}


def csv_of(**columns):
    columns = {**COLUMNS, **columns}
    rows = zip(*columns.values(), strict=True)
    return "\n".join(",".join(map(str, row)) for row in [columns, *rows]) + "\n"


def json_of(**columns):
    columns = {**COLUMNS, **columns}
    return json.dumps(
        {
            "customers": [
                dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
            ]
        }
    )


def parquet_of(**columns):
    file = BytesIO()
    pq.write_table(pa.table({**COLUMNS, **columns}), file)
    return file.getvalue()


def arrow_of(**columns):
    file, table = BytesIO(), pa.table({**COLUMNS, **columns})
    with pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)
    return file.getvalue()


FORMATS = [(CSV, csv_of), ("application/json", json_of), (PARQUET, parquet_of), (ARROW, arrow_of)]


def put(client, name, body, media_type=CSV, **query):
    answer = client.put(
        f"/v1/datasets/{name}", content=body, headers={"Content-Type": media_type}, params=query
    )
    assert answer.is_success, answer.text
    return answer.json()


def doubts(said, column):
    return [warning for warning in said["warnings"] if warning.startswith(f"'{column}' ")]


def column(dataset, name):
    return next(column for column in dataset["columns"] if column["name"] == name)


def proposed(doubt):
    return re.findall(r'\{"columns": \{.*?\}\}\}', doubt)


@pytest.mark.parametrize(
    ("media_type", "written"), FORMATS, ids=["csv", "json", "parquet", "arrow"]
)
@pytest.mark.parametrize("doubted", DOUBTED)
def test_each_warning_is_the_same_in_every_format(sampled, name, media_type, written, doubted):
    body = written(**{doubted: DOUBTED[doubted]})
    as_csv = put(sampled, f"{name}-csv", csv_of(**{doubted: DOUBTED[doubted]}))
    assert doubts(put(sampled, name, body, media_type), doubted) == doubts(as_csv, doubted) != []


@pytest.mark.parametrize("doubted", DOUBTED)
def test_the_upload_the_summary_and_a_fit_have_the_same_warning(sampled, name, doubted):
    shown = put(sampled, name, csv_of(**{doubted: DOUBTED[doubted]}))
    summary = sampled.get(f"/v1/datasets/{name}/summary").json()
    version = fit(sampled, name, dataset=name, k=2, features=None)
    assert [
        set(doubts(shown, doubted)) <= set(said["warnings"]) for said in (summary, version)
    ] == [True, True]


def test_a_recommendation_repeats_the_doubts_about_its_columns(sampled, name):
    shown = put(sampled, name, csv_of(RowNumber=DOUBTED["RowNumber"], age=DOUBTED["age"]))
    answer = recommend(sampled, name, features=["orders", "age"], k_max=2)
    assert doubts(answer, "age") == doubts(shown, "age") != []
    assert doubts(answer, "RowNumber") == []


def test_an_upsert_has_warnings_of_the_columns_that_it_adds(sampled, name):
    put(sampled, name, csv_of(age=DOUBTED["age"]))
    rows = [
        {"customer_id": customer_id, "joined": joined}
        for customer_id, joined in zip(COLUMNS["id"], DOUBTED["joined"], strict=True)
    ]
    added = upsert(sampled, name, *rows)
    assert doubts(added, "joined") == doubts(sampled.get(f"/v1/datasets/{name}").json(), "joined")
    assert [len(doubts(added, "joined")), len(doubts(added, "age"))] == [1, 0]


@pytest.mark.parametrize("path", ["datasets/{}/customers", "models/{}/assignments"])
def test_a_batch_in_a_detected_charset_has_a_warning(sampled, name, path):
    put(sampled, name, csv_of(town=["Köln", "Ulm"] * (N // 2)))
    fit(sampled, name, dataset=name, k=2, features=["spent", "town"])
    body = "customer_id,spent,town\nc1,12,Köln\nc2,15,Düren\n".encode("cp1252")
    answer = sampled.post(
        f"/v1/{path.format(name)}", content=body, headers={"Content-Type": "text/csv"}
    )
    assert answer.json()["warnings"][0].startswith("The text is not UTF-8")


@pytest.mark.parametrize("doubted", sorted(LEFT_OUT))
def test_a_column_that_is_left_out_is_no_feature(sampled, name, doubted):
    put(sampled, name, csv_of(**{doubted: DOUBTED[doubted]}))
    version = fit(sampled, name, dataset=name, k=2, features=None)
    assert [feature["name"] for feature in version["features"]] == ["orders", "spent"]


def test_a_fit_with_named_features_has_no_warnings_of_other_columns(sampled, name):
    put(sampled, name, csv_of(RowNumber=DOUBTED["RowNumber"], age=DOUBTED["age"]))
    version = fit(sampled, name, dataset=name, k=2, features=["orders", "spent"])
    assert doubts(version, "RowNumber") + doubts(version, "age") == []


@pytest.mark.parametrize("by", ["schema", "patch"])
@pytest.mark.parametrize("doubted", DOUBTED)
def test_every_proposed_override_is_accepted_and_removes_the_warning(sampled, name, doubted, by):
    body = csv_of(**{doubted: DOUBTED[doubted]})
    [doubt] = doubts(put(sampled, name, body), doubted)
    for proposal in proposed(doubt):
        put(sampled, name, body)
        if by == "schema":
            read = put(sampled, name, body, schema=proposal)
        else:
            read = sampled.patch(f"/v1/datasets/{name}", json=json.loads(proposal)).json()
        assert doubt not in read["warnings"]
        declared = json.loads(proposal)["columns"][doubted].get(
            "kind", column(read, doubted)["kind"]
        )
        assert column(read, doubted)["kind"] == declared


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_codes_go_out_with_their_zeros(sampled, name, form):
    put(sampled, name, csv_of(zip=DOUBTED["zip"]))
    answer = sampled.get(f"/v1/datasets/{name}/customers", params={"format": form})
    if form == "parquet":
        assert pq.read_table(BytesIO(answer.content))["zip"].to_pylist() == DOUBTED["zip"]
    else:
        assert all(code in answer.text for code in set(DOUBTED["zip"]))


def test_a_nameless_column_of_whole_numbers_is_an_index(sampled, name):
    body = "\n".join(f"{n - 1 if n else ''},{line}" for n, line in enumerate(csv_of().splitlines()))
    assert column(put(sampled, name, body), "Unnamed: 0")["kind"] == "identifier"


def test_another_nameless_column_is_refused(sampled, name):
    body = "\n".join(
        f"{'north' if n else ''},{line}" for n, line in enumerate(csv_of().splitlines())
    )
    assert (
        sampled.put(f"/v1/datasets/{name}", content=body, headers={"Content-Type": CSV}).status_code
        == 422
    )


def test_stored_numbers_cannot_be_parsed_in_another_format(sampled, name):
    put_csv(sampled, name, csv_of(amount=[f"{n}.250" for n in range(N)]))
    answer = sampled.patch(
        f"/v1/datasets/{name}", json={"columns": {"amount": {"numerals": "1.234,56"}}}
    )
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (
        422,
        "/columns/amount/numerals",
    )


@pytest.mark.parametrize(
    "change", [{"numerals": "many"}, {"kind": "categorical", "numerals": "1.234,56"}]
)
def test_invalid_number_formats_are_refused(sampled, name, change):
    put_csv(sampled, name, csv_of())
    assert (
        sampled.patch(f"/v1/datasets/{name}", json={"columns": {"spent": change}}).status_code
        == 422
    )


def test_a_newcomer_is_folded_as_the_dataset_is(sampled, name):
    schema = json.dumps({"columns": {"gender": {"fold_case": True}}})
    put(sampled, name, csv_of(gender=DOUBTED["gender"]), schema=schema)
    fit(sampled, name, dataset=name, k=2, features=None)
    [placed] = place(sampled, name, {"orders": 5, "spent": 50, "gender": "FEMALE"})["assignments"]
    assert "unknown" not in placed


@pytest.mark.parametrize("cell", [20150101, "20150101"])
def test_a_newcomers_day_is_read_as_the_datasets_are(sampled, name, cell):
    schema = json.dumps({"columns": {"joined": {"numerals": "yyyymmdd"}}})
    put(sampled, name, csv_of(joined=DOUBTED["joined"]), schema=schema)
    fit(sampled, name, dataset=name, k=2, features=["joined", "orders"])
    [placed] = sampled.post(
        f"/v1/models/{name}/assignments",
        json={"customers": [{"joined": cell, "orders": 5}]},
        params={"explain": True},
    ).json()["assignments"]
    assert (
        next(reason["value"] for reason in placed["reasons"] if reason["feature"] == "joined") == 27
    )
