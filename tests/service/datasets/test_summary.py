"""The summary of a dataset over HTTP."""

import pytest

from tests.support.steps import INCOME, SCORE, put_csv

CANARY = "Zanzibar-77"
UNNAMED = "age,town\n" + "".join(f"{20 + n % 13},{'Ulm' if n % 3 else 'Bonn'}\n" for n in range(40))
TABLE = "customer_id,town,age\n" + "".join(
    f"c{n},{'Ulm' if n % 3 else 'Bonn'},{20 + n % 13}\n" for n in range(40)
)


def summary(client, name, **query):
    answer = client.get(f"/v1/datasets/{name}/summary", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def column(found, name):
    return next(column for column in found["columns"] if column["name"] == name)


def test_the_sample_has_a_summary(sampled):
    found = summary(sampled, "sample")
    assert (found["dataset"], found["n_customers"], found["sampled"]) == ("sample", 400, None)
    assert column(found, INCOME)["numeric"]["quantiles"]["p50"] > 0
    assert {top["value"] for top in column(found, "Gender")["categorical"]["top"]} == {
        "Female",
        "Male",
    }
    assert {INCOME, SCORE} in [{pair["a"], pair["b"]} for pair in found["correlations"]]


def test_a_summary_has_the_columns_of_the_dataset(sampled):
    shown, found = sampled.get("/v1/datasets/sample").json(), summary(sampled, "sample")
    fields = ("name", "kind", "missing", "distinct", "reason")
    assert [[c[f] for f in fields] for c in found["columns"]] == [
        [c[f] for f in fields] for c in shown["columns"]
    ]


def test_each_version_keeps_its_summary(sampled, name):
    put_csv(sampled, name, TABLE)
    first = summary(sampled, name)
    put_csv(sampled, name, TABLE.replace("Ulm", "Bonn"))
    assert summary(sampled, name, dataset_version=1) == first
    assert summary(sampled, name)["dataset_version"] == 2


@pytest.mark.parametrize(("version", "status"), [(2, 404), (0, 422), (2**31, 422), ("new", 422)])
def test_there_is_no_summary_of_a_version_that_is_not_there(sampled, name, version, status):
    put_csv(sampled, name, TABLE)
    answer = sampled.get(f"/v1/datasets/{name}/summary", params={"dataset_version": version})
    assert answer.status_code == status


def test_there_is_no_summary_of_a_dataset_that_is_not_there(sampled, name):
    assert sampled.get(f"/v1/datasets/{name}/summary").status_code == 404


def test_customers_without_ids_of_their_own_are_summarized_too(sampled, name):
    put_csv(sampled, name, UNNAMED)
    assert [column["name"] for column in summary(sampled, name)["columns"]] == ["age", "town"]


def test_a_warning_names_columns_and_no_values(sampled, name):
    rows = "".join(f"c{n * 7 % 400},{CANARY if n else 'Ulm'}\n" for n in range(400))
    put_csv(sampled, name, "customer_id,town\n" + rows)
    said = " ".join(summary(sampled, name)["warnings"])
    assert "'town' (the same for all but 1 of 400 customers) hardly distinguishes customers" in said
    assert CANARY not in said


def test_every_field_of_a_summary_is_in_the_documentation(sampled):
    documented = sampled.get("/openapi.json").json()["components"]["schemas"]
    assert documented["DatasetSummary"]["properties"].keys() == summary(sampled, "sample").keys()
    numeric = column(summary(sampled, "sample"), INCOME)["numeric"]
    assert documented["NumericSummary"]["properties"].keys() == numeric.keys()
